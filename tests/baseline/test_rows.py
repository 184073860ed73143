"""Rows are split by time, and know what a defender knew."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from payloom.baseline.rows import NEVER_US, BaselineRows, make_rows
from payloom.baseline.scoring import scoring_rows
from payloom.errors import ConfigError, TrainingDataError
from payloom.features.catalogue import build_features
from tests.baseline.invented import START, invented, invented_rows
from tests.cell.worlds import make

DAY_US = 86_400_000_000


def test_training_knows_what_was_reported_and_nothing_later() -> None:
    """Training rows end a week before the cut, labels are those reported by then, tests come after."""
    frames = make({"world": {"rows": 20_000, "fraud_rate": "0.05", "end": "2025-05-01"}}).frames
    rows = make_rows(frames["payments"], frames["fraud_labels"])
    chosen, known, weight = rows.main_training
    week = 7 * DAY_US
    assert rows.time_us[chosen].max() < rows.cut_us - week < rows.cut_us <= rows.time_us[rows.test].min()
    assert (rows.reported_us[chosen][known] <= rows.cut_us).all()
    unknown = rows.fraud[chosen] & ~known
    assert unknown.any()
    late, dismissed = rows.reported_us[chosen] > rows.cut_us, rows.dismissed_us[chosen] <= rows.cut_us
    assert (late | dismissed)[unknown].all()
    assert not (late | dismissed)[known].any()
    assert (rows.reported_us == NEVER_US).any()
    assert (weight >= 1).all()


def test_a_dispute_about_goods_is_no_fraud_from_its_chargeback_on() -> None:
    """A report is trained as fraud until a chargeback names a commercial reason; one for fraud changes nothing."""
    data = invented()
    plain = make_rows(data.payments, data.labels)
    reasons = pl.Series("chargeback_reason", ["not_received", "fraud_cnp"], dtype=pl.String)
    number = pl.int_range(pl.len())
    charged = data.labels.with_columns(
        reasons.gather([row % 2 for row in range(len(data.labels))]),
        # Every second one of these comes too late to be known.
        chargeback_at=pl.when(number % 4 < 2)
        .then(pl.col("reported_at"))
        .otherwise(pl.lit(START + timedelta(days=999))),
    )
    rows = make_rows(data.payments, charged)
    dismissed = charged.filter(number % 4 == 0).join(data.payments, on="transaction_id")["event_time"].dt.epoch("us")
    before, after = _known_times(plain), _known_times(rows)
    assert after == before - set(dismissed)
    assert 0 < len(after) < len(before)


def _known_times(rows: BaselineRows) -> set[int]:
    """Times of the frauds that are trained on."""
    chosen, known, _ = rows.main_training
    return set(rows.time_us[chosen[known]].tolist())


def test_no_row_is_in_two_parts_and_none_of_the_gap_in_any() -> None:
    """Training and test share no row; the seven days between belong to neither."""
    rows = invented_rows()
    chosen, _, _ = rows.main_training
    assert not set(chosen.tolist()) & set(rows.test.tolist())
    gap = np.flatnonzero((rows.time_us >= rows.cut_us - 7 * DAY_US) & (rows.time_us < rows.cut_us))
    assert len(gap) > 100
    assert not set(gap.tolist()) & (set(chosen.tolist()) | set(rows.test.tolist()))
    assert rows.cut_us % DAY_US == 0


def test_reports_after_the_cut_change_nothing_that_is_trained() -> None:
    """Whoever moves or drops a report that came after the cut gets the same labels and weights to train with."""
    data, rows = invented(), invented_rows()
    cut = START + timedelta(microseconds=rows.cut_us - int(START.timestamp()) * 1_000_000)
    late = pl.when(pl.col("reported_at") <= cut).then(pl.col("reported_at"))
    other = make_rows(data.payments, data.labels.with_columns(reported_at=late))
    for mine, theirs in zip(rows.main_training, other.main_training, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_genuine_rows_that_are_thinned_count_for_all(monkeypatch) -> None:
    """With a fifth of the genuine rows, their weights add up to all of them; the test period keeps every row."""
    monkeypatch.setattr("payloom.baseline.rows.GENUINE_AT_MOST", 1_500)
    data, whole = invented(), invented_rows()
    rows = make_rows(data.payments, data.labels)
    (_, known, weight), (_, all_known, all_weight) = rows.main_training, whole.main_training
    assert len(weight) < len(all_weight) / 3
    assert known.sum() == all_known.sum()
    assert weight[~known].sum() == pytest.approx(all_weight[~all_known].sum(), rel=0.02)
    assert len(rows.test) == len(whole.test)


def test_large_test_periods_are_thinned_by_whole_days(monkeypatch) -> None:
    """Each day of the test period is there as a whole or not at all."""
    monkeypatch.setattr("payloom.baseline.rows.TEST_ROWS_AT_MOST", 1_500)
    data, whole = invented(), invented_rows()
    rows = make_rows(data.payments, data.labels)
    per_day, all_days = (
        dict(zip(*np.unique(some.time_us[some.test] // DAY_US, return_counts=True), strict=True))
        for some in (rows, whole)
    )
    assert rows.every_days == 2
    assert len(per_day) in {len(all_days) // 2, len(all_days) // 2 + 1}
    assert all(all_days[day] == count for day, count in per_day.items())


def test_a_declined_fraud_takes_no_money() -> None:
    """Amounts at risk are those of approved payments; without answers, those of all."""
    data = invented()
    codes = pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("05")).otherwise(pl.lit("00"))
    rows = make_rows(data.payments.with_columns(response_code=codes), data.labels)
    lost = rows.at_risk_usd == 0
    assert 0.4 < lost.mean() < 0.6
    np.testing.assert_array_equal(rows.at_risk_usd[~lost], invented_rows().at_risk_usd[~lost])


@pytest.mark.parametrize("column", ["event_time", "is_fraud"])
def test_a_missing_required_column_is_named(column) -> None:
    """The error names the column, as a problem of the data with exit code 2."""
    with pytest.raises(TrainingDataError, match=f"payments.{column}: is missing") as caught:
        make_rows(invented().payments.drop(column))
    assert isinstance(caught.value, ConfigError)
    assert caught.value.exit_code == 2
    assert caught.value.hint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.clear(), "0 rows"),
        (lambda frame: frame.with_columns(is_fraud=pl.lit(None, pl.Boolean)), "is_fraud = null"),
        (lambda frame: frame.with_columns(is_fraud=pl.lit("no")), "is_fraud = String: must be a boolean"),
        (lambda frame: frame.with_columns(event_time=pl.lit("2025-01-01")), "event_time = String: must be a time"),
        (lambda frame: frame.with_columns(amount_usd=pl.lit("1")), "amount_usd = String: must be a number"),
    ],
    ids=["empty", "nulls", "text for a label", "text for a time", "text for an amount"],
)
def test_payments_that_are_none_are_refused(change, message) -> None:
    """One line says which column is wrong and how."""
    with pytest.raises(TrainingDataError, match=message) as caught:
        make_rows(change(invented().payments))
    assert "\n" not in str(caught.value)


def test_time_and_fraud_alone_make_no_feature() -> None:
    """Columns of which no feature can be made are refused in one line."""
    with pytest.raises(TrainingDataError, match="no feature can be made"):
        make_rows(invented().payments.select("event_time", "is_fraud"))


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), 1e300])
def test_what_is_no_amount_is_refused(amount) -> None:
    """A number that no payment has is named, with how many rows have it."""
    first = pl.int_range(pl.len()) < 7
    broken = invented().payments.with_columns(pl.when(first).then(amount).otherwise("amount_usd").alias("amount_usd"))
    with pytest.raises(TrainingDataError, match="7 rows"):
        make_rows(broken, invented().labels)


def test_labels_of_other_ids_are_refused() -> None:
    """Ids of another type than those of the payments are named, not joined."""
    data = invented()
    with pytest.raises(TrainingDataError, match=r"fraud_labels.transaction_id = String: must be Int64"):
        make_rows(data.payments, data.labels.with_columns(pl.col("transaction_id").cast(pl.String)))


@pytest.mark.parametrize("column", ["reported_at", "typology"])
def test_either_column_of_the_labels_may_lack(column) -> None:
    """Without report times every fraud is reported after a week; without kinds there are none."""
    data = invented()
    rows = make_rows(data.payments, data.labels.drop(column))
    if column == "typology":
        assert rows.typology.null_count() == len(rows.typology)
        np.testing.assert_array_equal(rows.reported_us, invented_rows().reported_us)
    else:
        assert not rows.has_reports
        assert set(rows.typology.drop_nulls()) == {"remote", "in person"}
        assert (rows.reported_us - rows.time_us)[rows.fraud].tolist() == [7 * DAY_US] * int(rows.fraud.sum())


def test_an_empty_month_is_named() -> None:
    """A month without payments between others is found."""
    data = invented()
    rows = make_rows(data.payments.filter(pl.col("event_time").dt.month() != 2), data.labels)
    assert rows.empty_months == ("2025-02",)
    assert invented_rows().empty_months == ()


def test_labels_as_numbers_are_taken() -> None:
    """A label of 0 and 1 gives the same rows as false and true."""
    data = invented()
    rows = make_rows(data.payments.with_columns(pl.col("is_fraud").cast(pl.Int8)), data.labels)
    np.testing.assert_array_equal(rows.fraud, invented_rows().fraud)


def test_days_to_score_see_the_history_before_them() -> None:
    """Features of some days equal those of the same rows among all, without any label column."""
    data = invented()
    first = (START + timedelta(days=90)).date()
    found = scoring_rows(data.payments.drop("is_fraud").lazy(), data.labels, first=first, end=first + timedelta(days=2))
    asked = data.payments["event_time"].dt.date().is_between(first, first + timedelta(days=1))
    assert found.payments["transaction_id"].to_list() == data.payments.filter(asked)["transaction_id"].to_list()
    every = build_features(data.payments, data.labels.select("transaction_id", "reported_at"))
    assert found.features.equals(every.filter(asked).select(found.features.columns))
