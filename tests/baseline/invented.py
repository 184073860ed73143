"""Payments that tests make up: small, with fraud that the amount, a device and the channel give away in part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl

from payloom.baseline.rows import BaselineRows, make_rows
from payloom.baseline.train import Trained, train

DAY = timedelta(days=1)
START = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Invented:
    payments: pl.DataFrame
    labels: pl.DataFrame


@cache
def invented(rows: int = 8_000, days: int = 100, signal: float = 2.0, fraud_share: float = 0.04) -> Invented:
    """Fraud has amounts `signal` SDs higher; each tenth is reported never, others after 1 to 20 days."""
    rng = np.random.default_rng(8)
    fraud = rng.random(rows) < fraud_share
    seconds = np.sort(rng.integers(0, days * 86_400, rows))
    customer = rng.integers(1, 400, rows)
    payments = pl.DataFrame(
        {
            "transaction_id": np.arange(rows),
            "event_time": pl.Series(seconds * 1_000_000).cast(pl.Duration("us")) + START,
            "amount_usd": np.exp(rng.normal(3, 1, rows) + signal * fraud),
            "customer_id": customer,
            "card_id": customer + 1_000,
            "device_id": np.where(fraud & (rng.random(rows) < 0.5), 900_000 + seconds // (7 * 86_400), customer),
            "channel": pl.Series(np.where(rng.random(rows) < 0.4 + 0.5 * fraud, "online", "in_store")),
            "is_fraud": fraud,
        }
    )
    reported = pl.col("event_time") + pl.duration(seconds=pl.col("transaction_id") * 7_919 % (19 * 86_400) + 86_400)
    labels = payments.filter("is_fraud").select(
        "transaction_id",
        reported_at=pl.when(pl.col("transaction_id") % 10 != 0).then(reported),
        typology=pl.when(pl.col("channel") == "online").then(pl.lit("remote")).otherwise(pl.lit("in person")),
    )
    return Invented(payments, labels)


@cache
def invented_rows() -> BaselineRows:
    data = invented()
    return make_rows(data.payments, data.labels)


@cache
def invented_training() -> Trained:
    return train(invented_rows(), review_cost_usd=2.0, alerts_per_day=3)
