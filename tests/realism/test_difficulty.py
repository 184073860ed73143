"""The difficulty tells easy fraud from hopeless fraud, on later data and with the labels of the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from payloom.realism.data import DataSet
from payloom.realism.difficulty import measure_difficulty
from payloom.realism.leaks import audit
from payloom.realism.results import Difficulty

ROWS, FRAUD_SHARE = 24_000, 0.04
DAY = timedelta(days=1)


def invented(signal: float, history: bool, rows: int = ROWS) -> DataSet:
    """Payments over 160 days: the amount of fraud is `signal` SDs higher; with `history`, fraud shares devices."""
    rng = np.random.default_rng(8)
    fraud = rng.random(rows) < FRAUD_SHARE
    start = datetime(2025, 1, 1, tzinfo=UTC)
    seconds = np.sort(rng.integers(0, 160 * 86_400, rows))
    customer = rng.integers(1, 800, rows)
    device = np.where(fraud & history, 900_000 + seconds // (7 * 86_400), customer)
    payments = pl.DataFrame(
        {
            "transaction_id": np.arange(rows),
            "event_time": pl.Series(seconds * 1_000_000).cast(pl.Duration("us")) + start,
            "amount_usd": np.exp(rng.normal(3, 1, rows) + signal * fraud),
            "customer_id": customer,
            "card_id": customer,
            "device_id": device,
            "is_fraud": fraud,
        }
    )
    labels = payments.filter("is_fraud").select(
        "transaction_id", reported_at=pl.col("event_time") + 5 * DAY, typology=pl.lit("invented")
    )
    return DataSet.of_frames(payments, labels)


def area(found: Difficulty, features: str) -> float:
    return next(s.auc for s in found.scores if s.features == features and s.model == "gradient boosting")


@pytest.mark.statistical
def test_noise_is_chance_and_outside_the_band() -> None:
    """Fraud that nothing tells is found by no model: what looks ahead, or at the label, would show here."""
    found = measure_difficulty(invented(signal=0, history=False))
    # Some 240 frauds to test on: the SD of an AUC is .019.
    assert all(0.4 < score.auc < 0.6 for score in found.scores)
    assert {band.id: band.status for band in found.bands}["difficulty-auc"] == "outside"


@pytest.mark.statistical
def test_fraud_that_shares_devices_needs_linkage() -> None:
    """What only shared devices tell is found with linkage and not without; typologies follow."""
    found = measure_difficulty(invented(signal=0.3, history=True))
    assert area(found, "RFM + linkage") > 0.9
    assert area(found, "no history") < 0.75
    assert found.typologies[0].typology == "invented"
    assert found.typologies[0].auc == pytest.approx(area(found, "RFM + linkage"))
    assert all(len(points) <= 200 for points in found.roc.values())


def test_the_same_data_gives_the_same_numbers() -> None:
    """Seeds and settings are fixed."""
    data = invented(signal=1.0, history=False, rows=8_000)
    assert measure_difficulty(data) == measure_difficulty(data)


def test_too_few_frauds_are_said_so() -> None:
    """Without frauds to train or test on, the bands are not measurable and say why."""
    payments = invented(signal=1, history=False).payments.with_columns(is_fraud=pl.int_range(pl.len()) < 5)
    found = measure_difficulty(DataSet.of_frames(payments))
    assert found.scores == ()
    assert {band.status for band in found.bands} == {"not measurable"}
    assert all(band.note for band in found.bands)


@pytest.mark.parametrize("columns", [["amount_usd"], ["amount_usd", "customer_id", "site"]])
def test_any_table_is_measured_with_what_it_has(columns) -> None:
    """Without labels, cards and ids there are still scores and an audit; unknown columns are audited too."""
    payments = invented(signal=1.0, history=False, rows=8_000).payments.collect()
    payments = payments.with_columns(site="fraud_" + (pl.col("transaction_id") % 50).cast(pl.String))
    data = DataSet.of_frames(payments.select("event_time", "is_fraud", *columns))
    assert {score.features for score in measure_difficulty(data).scores} >= {"amount only", "no history"}
    assert {*columns, "event_time", "row"} <= {leak.column for leak in audit(data)}


@pytest.mark.parametrize("fraud", [True, False])
def test_one_class_alone_is_no_error(fraud) -> None:
    """All fraud or none: nothing to measure, and no crash."""
    data = DataSet.of_frames(invented(signal=0, history=False, rows=500).payments.with_columns(is_fraud=pl.lit(fraud)))
    assert audit(data) == ()
    assert measure_difficulty(data).scores == ()
