"""No feature looks ahead: nothing that comes after a payment, or is learned after it, changes any value."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest

from payloom.features.catalogue import EVERYTHING, FEATURES, build_features
from payloom.features.feature import Feature
from payloom.schema import PAYMENTS
from tests.cell.worlds import make
from tests.counts import count

WORLD = {"world": {"rows": 5_000, "start": "2025-02-10", "end": "2025-04-10", "fraud_rate": "0.1", "customers": 60}}

ROUNDED = {"km_from_last", "km_per_hour"}
"""Made by sine and cosine, of which the last digit may depend on where in an array a number stands."""


@cache
def world() -> tuple[pl.DataFrame, pl.DataFrame]:
    """A world in which one payment in five falls into the millisecond of the one before, or a part of it later."""
    frames = make(WORLD).frames
    number = pl.int_range(pl.len())
    tied = pl.col("event_time").shift(1) + pl.when(number % 2 == 0).then(pl.duration(microseconds=0)).otherwise(
        pl.duration(microseconds=1)
    )
    payments = frames["payments"].with_columns(
        event_time=pl.when((number % 5 == 3) & (number > 0)).then(tied).otherwise("event_time").dt.truncate("1us")
    )
    labels = frames["fraud_labels"].select("transaction_id", "reported_at")
    assert payments["event_time"].is_sorted()
    assert payments["event_time"].dt.truncate("1ms").is_duplicated().sum() > 1_000
    return payments, labels


@cache
def everything(*, with_reports: bool) -> pl.DataFrame:
    payments, reports = world()
    return build_features(payments, reports if with_reports else None, groups=EVERYTHING)


def month_ends(payments: pl.DataFrame) -> list[int]:
    """Last row of a month and first of the next."""
    first = payments["event_time"].dt.month().diff().fill_null(0).to_numpy().nonzero()[0]
    return [int(row) for edge in first for row in (edge - 1, edge)]


def sampled_rows() -> list[int]:
    payments, _ = world()
    drawn = np.random.default_rng(6).integers(0, len(payments), count(6, 300))
    ties = payments["event_time"].dt.truncate("1ms").is_duplicated().arg_true().to_list()
    frauds = payments["is_fraud"].arg_true().to_list()
    return [0, len(payments) - 1, *month_ends(payments), *drawn.tolist(), *ties[-3:], *frauds[-3:]]


def as_known_at(row: int, *, with_reports: bool) -> tuple[pl.DataFrame, pl.DataFrame | None, pl.Series]:
    """What there was when a payment asked: earlier payments, itself without its answer, reports that had come."""
    payments, reports = world()
    now: datetime = payments["event_time"][row]
    numbered = payments.with_row_index("number").filter(
        (pl.col("event_time").dt.truncate("1ms") < now.replace(microsecond=now.microsecond // 1000 * 1000))
        | (pl.col("number") == row)
    )
    asks = numbered["number"] == row
    unknown = [column.name for column in PAYMENTS.columns if column.known == "after"]
    hidden = {name: pl.when(asks).then(None).otherwise(pl.col(name)) for name in unknown}
    early = numbered.drop("number").with_columns(**hidden)
    if with_reports:
        return early, reports.filter(pl.col("reported_at") <= now), asks
    told = pl.col("event_time") + timedelta(days=7) <= now
    return early.with_columns(is_fraud=pl.col("is_fraud").fill_null(value=False) & told), None, asks


def differences(full: pl.DataFrame, alone: pl.DataFrame, row: int) -> list[str]:
    """Features of which the value differs, bit for bit."""
    found = []
    for name in full.columns:
        before, after = full[name][row], alone[name][0]
        near = name in ROUNDED and before is not None and after is not None
        if before != (pytest.approx(after, rel=1e-6) if near else after):
            found.append(name)
    return found


@pytest.mark.parametrize("with_reports", [True, False])
def test_what_is_not_known_yet_changes_no_feature(with_reports) -> None:
    """Cut at a payment's time, without its answer and without later reports, the data gives the same features."""
    full = everything(with_reports=with_reports)
    assert full.columns == [feature.name for feature in FEATURES]
    for row in sampled_rows():
        payments, reports, asks = as_known_at(row, with_reports=with_reports)
        alone = build_features(payments, reports, rows=asks, groups=EVERYTHING)
        assert alone.height == 1
        assert differences(full, alone, row) == [], row


def test_the_proof_finds_a_feature_that_looks_ahead() -> None:
    """Counting later payments too, or those of the same millisecond, is noticed in most rows or in tied ones."""

    def all_payments(past):
        return np.bincount(past.codes("customer_id"))[past.codes("customer_id")[past.rows]].astype(np.float64)

    def own_answer(past):
        return past.column("response_code").is_null().to_numpy().astype(np.float64)[past.rows]

    planted = tuple(
        Feature(
            name=name,
            group="rfm",
            entity="customer",
            meaning=name,
            unit="payments",
            needs=("customer_id",),
            needs_past=("response_code",),
            make=ahead,
        )
        for name, ahead in (("all_payments", all_payments), ("own_answer", own_answer))
    )
    payments, reports = world()
    full = build_features(payments, reports, features=planted)
    early, known, asks = as_known_at(2_000, with_reports=True)
    assert differences(full, build_features(early, known, rows=asks, features=planted), 2_000) == [
        "all_payments",
        "own_answer",
    ]
