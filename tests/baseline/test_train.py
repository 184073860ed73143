"""A training is fair, the same every time, and says what data can't be trained on."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from payloom.baseline.models import BOOSTING, ISOLATION, KINDS, LOGISTIC, Scorer
from payloom.baseline.rows import make_rows
from payloom.baseline.train import calibrated, compare, held_out, reported_share, train
from payloom.errors import TrainingDataError
from tests.baseline.invented import START, invented, invented_rows, invented_training

DAY_US = 86_400_000_000


def test_every_kind_of_model_finds_what_amounts_give_away() -> None:
    """All three rank fraud well above chance, with the supervised ones first; areas are those of scikit-learn."""
    rows, trained = invented_rows(), invented_training()
    fraud = rows.fraud[rows.test]
    models = trained.evaluation.models
    assert {model.kind for model in models} == set(KINDS)
    assert models[-1].kind == ISOLATION
    for model in models:
        assert model.metrics.auc.value == pytest.approx(roc_auc_score(fraud, trained.scores[model.kind]))
        assert model.metrics.ap.value == pytest.approx(average_precision_score(fraud, trained.scores[model.kind]))
        assert model.metrics.auc.value > (0.7 if model.kind == ISOLATION else 0.85)
    values = [model.metrics.ap.value for model in models]
    assert values == sorted(values, reverse=True)


def test_the_scores_are_those_of_the_scorers() -> None:
    """Whoever scores the test rows with the trained model gets the scores that were measured."""
    rows, trained = invented_rows(), invented_training()
    for kind, scorer in trained.scorers.items():
        np.testing.assert_array_equal(scorer.score(rows.features[rows.test]), trained.scores[kind])
        assert set(scorer.thresholds) == {"cost", "budget"}


def test_the_split_is_told_as_it_was() -> None:
    """Times, rows and frauds of the split are those of the rows."""
    rows, split = invented_rows(), invented_training().evaluation.split
    assert split.test_from - split.train_to == timedelta(days=7) == timedelta(days=split.gap_days)
    assert split.train_from < split.train_to < split.test_from < split.test_to
    assert split.test_rows == len(rows.test)
    assert split.test_frauds == rows.fraud[rows.test].sum()
    assert split.train_frauds == rows.main_training[1].sum()


def test_probabilities_are_of_the_true_rate(monkeypatch) -> None:
    """With genuine rows thinned to a sixth, the probabilities of the test period still add up to its frauds."""
    monkeypatch.setattr("payloom.baseline.rows.GENUINE_AT_MOST", 1_300)
    data = invented()
    rows = make_rows(data.payments, data.labels)
    assert rows.share < 0.2
    observed = rows.fraud[rows.test].sum()
    for kind in (BOOSTING, LOGISTIC):
        expected = calibrated(rows, kind).score(rows.features[rows.test]).sum()
        # A tenth is never reported; 80 frauds to test on and 60 to calibrate have errors of 11 and 13 %.
        assert 0.6 * observed < expected < 1.3 * observed


def test_only_the_boosting_and_the_regression_tell_what_matters() -> None:
    """Shares add up to 1 and name the amount or the device; the forest has neither importance nor calibration."""
    for model in invented_training().evaluation.models:
        if model.kind == ISOLATION:
            assert model.importance == ()
            assert model.curves.reliability == ()
            assert np.isnan(model.metrics.calibration_error.value)
            continue
        assert sum(one.gain_share for one in model.importance) == pytest.approx(1)
        assert sum(one.shap_share for one in model.importance) == pytest.approx(1)
        assert {one.feature for one in model.importance[:8]} & {"amount_usd", "channel"}
        assert all(one.meaning for one in model.importance)
        assert sum(bin_.rows for bin_ in model.curves.reliability) == len(invented_rows().test)


def test_curves_rise_and_end_where_they_should() -> None:
    """At most 200 points each; recall never falls; the last point holds every fraud."""
    for model in invented_training().evaluation.models:
        curves = model.curves
        for points in (curves.roc, curves.precision_recall, curves.alerts_recall, curves.alerts_saved_usd):
            assert 2 < len(points) <= 200
            assert (np.diff([x for x, _ in points]) >= 0).all()
        assert (np.diff([recall for _, recall in curves.alerts_recall]) >= 0).all()
        assert curves.alerts_recall[-1] == (1.0, 1.0)
        assert curves.precision_recall[-1][0] == 1.0
        assert curves.alerts_saved_usd[0] == (0.0, 0.0)
        alerts, caught = np.array(curves.alerts_recall).T
        recall = np.interp(0.01, alerts, caught)
        assert recall == pytest.approx(model.metrics.recall_at_1pct.value, abs=0.03)


def test_the_same_rows_give_the_same_bytes(tmp_path) -> None:
    """Two trainings write the same model and the same description, bit by bit, and find the same numbers."""
    pytest.importorskip("skops")
    from payloom.baseline.files import write_scorer

    again = train(invented_rows(), review_cost_usd=2.0, alerts_per_day=3)
    for name, trained in (("first", invented_training()), ("again", again)):
        for kind, scorer in trained.scorers.items():
            write_scorer(scorer, tmp_path / name / kind)
    for kind in KINDS:
        first, second = (tmp_path / name / kind for name in ("first", "again"))
        # The file of skops has times and random names inside; what it holds is the same.
        if kind == BOOSTING:
            assert (first / "model.txt").read_bytes() == (second / "model.txt").read_bytes()
            assert (first / "scorer.json").read_bytes() == (second / "scorer.json").read_bytes()
        np.testing.assert_array_equal(again.scores[kind], invented_training().scores[kind])
    numbers = [
        [dataclasses.replace(model, train_seconds=0.0) for model in trained.evaluation.models]
        for trained in (again, invented_training())
    ]
    assert str(numbers[0]) == str(numbers[1])


def test_a_model_beats_noise_and_not_itself() -> None:
    """The difference to itself is nothing; to chance it is more than noise, and turned round when they are swapped."""
    rows, trained = invented_rows(), invented_training()
    best, noise = trained.scores[BOOSTING], np.random.default_rng(1).random(len(rows.test))
    same, better, worse = compare(best, best, rows), compare(best, noise, rows), compare(noise, best, rows)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert 0 < better.low < better.value < better.high
    assert (worse.value, worse.low, worse.high) == pytest.approx((-better.value, -better.high, -better.low))
    fraud = rows.fraud[rows.test]
    plain = average_precision_score(fraud, best) - average_precision_score(fraud, noise)
    assert better.value == pytest.approx(plain)


def test_the_part_that_is_held_out_is_the_last() -> None:
    """It begins at a midnight, holds some quarter of the known frauds, and all of them where that would be too few."""
    time_us = np.arange(100) * DAY_US // 4 + 5
    known = np.arange(100) % 2 == 0
    late = held_out(time_us, known)
    assert time_us[late].min() > time_us[~late].max()
    assert time_us[late].min() % DAY_US == 5
    assert 0.2 <= (known & late).sum() / known.sum() <= 0.32
    assert held_out(time_us, np.arange(100) % 25 == 0).all()


def test_frauds_that_are_not_reported_yet_are_thought_of() -> None:
    """Of reports that take 1 to 20 days, half have come after 10.5 days; nothing is thought to have hardly any."""
    rows = invented_rows()
    chosen, known, _ = rows.main_training
    share = reported_share(rows, chosen[known], np.array([0, 10.5, 30]) * DAY_US)
    assert share[0] == pytest.approx(0.2)
    assert share[1] == pytest.approx(0.5, abs=0.2)
    assert share[2] == 1.0
    assert (reported_share(rows, chosen[known][:0], np.array([5])) == 1).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.with_columns(is_fraud=pl.lit(value=False)), "frauds to train on = 0: must be 20 or more"),
        (lambda p: p.with_columns(is_fraud=pl.lit(value=True)), "genuine payments to train on = 0: must be 20 or more"),
        (
            lambda p: p.with_columns(pl.col("is_fraud") & (pl.col("event_time") > START + timedelta(days=70))),
            "frauds to train on = 0: .*before 2025-03-09, reports until 2025-03-16",
        ),
        (
            lambda p: p.with_columns(pl.col("is_fraud") & (pl.col("event_time") < START + timedelta(days=70))),
            "frauds to test on = 0",
        ),
        (lambda p: p.filter(pl.col("event_time") < START + timedelta(days=6)), "6 days: must span 20 days or more"),
    ],
    ids=["no fraud", "nothing but fraud", "fraud too late", "fraud too early", "too few days"],
)
def test_data_that_teach_nothing_are_refused(change, message) -> None:
    """One class, no fraud in time, no time for the gap: one line that says so, and a way out."""
    with pytest.raises(TrainingDataError, match=message) as caught:
        train(make_rows(change(invented().payments)))
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_columns_that_say_nothing_are_refused() -> None:
    """Payments that are all alike but for their time and label have no feature to learn from."""
    payments = invented().payments.select("event_time", "is_fraud", amount_usd=pl.lit(1.0))
    with pytest.raises(TrainingDataError, match="features"):
        train(make_rows(payments))


def test_what_is_odd_about_the_data_is_noted() -> None:
    """An empty month, unknown report times, few frauds and unknown amounts are said, and the rest is measured."""
    payments = invented().payments.filter(pl.col("event_time").dt.month() != 2).drop("amount_usd")
    found = train(make_rows(payments), kinds=[LOGISTIC], with_ageing=False).evaluation
    said = " ".join(found.notes)
    for part in ("no payments in 2025-02", "after 7 days", "frauds to test on", "Amounts in US dollars"):
        assert part in said
    assert {threshold.rule for threshold in found.models[0].thresholds} == {"budget"}
    assert np.isnan(found.models[0].metrics.savings_share.value)
    assert found.models[0].metrics.auc.value > 0.5
    assert found.ageing_note == "not asked for"
    assert invented_training().evaluation.ageing_note == "needs 8 whole months"


def test_a_feature_that_is_missing_when_scoring_is_named() -> None:
    """Data without a column of the training are refused, not filled."""
    scorer: Scorer = invented_training().scorers[BOOSTING]
    features = invented_rows().features.drop("amount_usd")
    with pytest.raises(TrainingDataError, match="feature amount_usd: is missing"):
        scorer.score(features)


def test_codes_that_were_never_seen_are_scored() -> None:
    """A channel that the training did not have gives a number."""
    rows = invented_rows()
    features = rows.features[rows.test[:50]].with_columns(channel=pl.lit("by pigeon", pl.String))
    for scorer in invented_training().scorers.values():
        assert np.isfinite(scorer.score(features)).all()


def test_a_part_of_the_rows_gets_the_same_scores(monkeypatch) -> None:
    """Rows are scored on their own: in small steps, few or none, the scores are those of all."""
    rows, trained = invented_rows(), invented_training()
    features = rows.features[rows.test]
    monkeypatch.setattr("payloom.baseline.models.ROWS_AT_ONCE", 100)
    for kind, scorer in trained.scorers.items():
        np.testing.assert_allclose(scorer.score(features), trained.scores[kind], rtol=1e-6)
        np.testing.assert_allclose(scorer.score(features[:7]), trained.scores[kind][:7], rtol=1e-6)
        assert len(scorer.score(features[:0])) == 0


def test_ageing_of_few_frauds_is_noted() -> None:
    """With fewer than 500 frauds a month the months are shown, and a note says how sure they are."""
    data = invented(6_000, 250, fraud_share=0.2)
    found = train(make_rows(data.payments, data.labels), kinds=[LOGISTIC]).evaluation
    assert [month.months_later for month in found.ageing] == [1, 2, 3, 4]
    assert found.ageing_note == ""
    assert any(note.startswith("Ageing rests on some 132 frauds a month") for note in found.notes)
