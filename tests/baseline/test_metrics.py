"""Cards, savings and calibration equal plain computations."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from payloom.baseline.evaluate import evaluate
from payloom.baseline.metrics import calibration_error, card_precision, recall_at, reliability_bins
from payloom.baseline.period import Period
from payloom.baseline.rows import DAY_US
from tests.baseline.invented import invented_rows, invented_training


def test_recall_counts_ties_in_part() -> None:
    """Of four rows with the score at the limit and room for two, each is caught by half."""
    score = np.array([9.0, 5, 5, 5, 5, 1, 1, 1, 1, 1])
    fraud = np.array([True, True, False, False, False, True, False, False, False, False])
    assert recall_at(score, fraud, 0.3).tolist() == [1.0, 0.5, 0.0]


def test_card_precision_takes_each_card_once_a_day() -> None:
    """Two rows of one card are one card; a day with fewer cards takes what there is."""
    day = np.array([1, 1, 1, 2])
    card = pl.Series(["a", "a", "b", "a"])
    precision = card_precision(np.array([3.0, 2, 1, 1]), np.array([False, True, False, False]), card, day, cards=2)
    assert precision == pytest.approx((0.5 + 0.0) / 2)


def test_cards_known_to_be_compromised_are_left_out() -> None:
    """A card counts until the day after its first report, by a plain loop over all rows."""
    rows, trained = invented_rows(), invented_training()
    result = trained.evaluation.models[0]
    score = trained.scores[result.kind]
    first_report: dict[str, int] = {}
    for card, at in zip(rows.card, rows.reported_us.tolist(), strict=True):
        first_report[card] = min(at, first_report.get(card, at))
    days: dict[int, dict[str, tuple[float, bool]]] = {}
    for place, own in zip(rows.test.tolist(), score.tolist(), strict=True):
        card, day = rows.card[place], int(rows.time_us[place]) // DAY_US
        if first_report[card] < day * DAY_US:
            continue
        best, bad = days.setdefault(day, {}).get(card, (-1.0, False))
        days[day][card] = (max(best, own), bad or bool(rows.fraud[place]))
    means = [np.mean([bad for _, bad in sorted(cards.values(), reverse=True)[:100]]) for cards in days.values()]
    assert result.metrics.card_precision_at_100.value == pytest.approx(np.mean(means))
    assert len(set(first_report.values())) > 50


def test_calibration_error_is_the_mean_distance_over_bins() -> None:
    """The error equals a loop over bins, and that of a resample the same with days repeated."""
    rng = np.random.default_rng(4)
    chance = rng.beta(1, 30, 5_000)
    fraud, day = rng.random(5_000) < chance * 1.5, rng.integers(0, 5, 5_000)
    bins = reliability_bins(chance)
    weights = np.array([[1.0, 1, 1, 1, 1], [2, 0, 1, 1, 1]])
    found = calibration_error(chance, fraud, bins, day, weights)
    for place, row in enumerate(weights):
        own = np.repeat(np.arange(5_000), row[day].astype(int))
        loop = sum(
            abs(chance[own][bins[own] == b].mean() - fraud[own][bins[own] == b].mean()) * (bins[own] == b).mean()
            for b in np.unique(bins[own])
        )
        assert found[place] == pytest.approx(loop)


def test_reliability_bins_rise_and_share_out_rows_and_frauds() -> None:
    """A bin of high probabilities has few rows and many expected frauds; none holds most of either."""
    chance = np.random.default_rng(5).beta(0.3, 60, 20_000)
    bins = reliability_bins(chance)
    rows, frauds = np.bincount(bins), np.bincount(bins, weights=chance)
    means = frauds / rows
    assert (np.diff(means) > 0).all()
    np.testing.assert_allclose(rows / rows.sum() + frauds / frauds.sum(), 2 / 20, atol=0.01)
    assert rows[-1] < rows[0] / 5
    assert (reliability_bins(np.zeros(10)) <= 19).all()


def test_savings_are_stopped_money_less_reviews() -> None:
    """At the threshold by cost, savings equal a plain sum over the test rows, and so do the threshold's numbers."""
    rows, trained = invented_rows(), invented_training()
    for result in trained.evaluation.models:
        score, fraud = trained.scores[result.kind], rows.fraud[rows.test]
        money = rows.at_risk_usd[rows.test]
        by_rule = {threshold.rule: threshold for threshold in result.thresholds}
        for threshold in by_rule.values():
            alert = score >= threshold.probability
            assert threshold.alerts_per_day == pytest.approx(alert.sum() / 25, rel=0.05)
            assert threshold.stopped_usd == pytest.approx(money[alert & fraud].sum())
            assert threshold.review_usd == pytest.approx(2.0 * alert.sum())
            assert threshold.recall == pytest.approx((alert & fraud).sum() / fraud.sum())
            assert threshold.precision == pytest.approx((alert & fraud).sum() / alert.sum())
        saved = by_rule["cost"].stopped_usd - by_rule["cost"].review_usd
        assert result.metrics.savings_share.value == pytest.approx(saved / money[fraud].sum())


def test_slices_add_up() -> None:
    """Kinds, channels and months each hold every fraud once, and all rows."""
    rows, trained = invented_rows(), invented_training()
    for result in trained.evaluation.models:
        for by in ("typology", "channel", "month"):
            parts = [part for part in result.slices if part.by == by]
            assert sum(part.frauds for part in parts) == rows.fraud[rows.test].sum()
            if by != "typology":
                assert sum(part.rows for part in parts) == len(rows.test)
            money = sum(part.fraud_usd for part in parts)
            assert money == pytest.approx(rows.at_risk_usd[rows.test][rows.fraud[rows.test]].sum())
        recall = sum(part.recall_at_1pct.value * part.frauds for part in result.slices if part.by == "channel")
        whole = result.metrics.recall_at_1pct.value
        assert recall / rows.fraud[rows.test].sum() == pytest.approx(whole)


def test_a_model_without_a_threshold_by_cost_has_no_savings() -> None:
    """What can't be measured is NaN with its interval, and the rest is measured."""
    rows, trained = invented_rows(), invented_training()
    kind = "gradient boosting"
    period = Period.of(rows)
    blind = dataclasses.replace(period, at_risk_usd=np.full(len(period.fraud), np.nan))
    result = evaluate(trained.scorers[kind], trained.scores[kind], blind, review_cost_usd=1.0)
    assert np.isnan([result.metrics.savings_share.value, result.metrics.savings_share.low]).all()
    assert result.curves.alerts_saved_usd == ()
    assert result.metrics.auc.value > 0.5
