"""A payment against the habits of who pays: the usual amount, hour and weekday."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from payloom.features.activity import ratio
from payloom.features.feature import Feature
from payloom.features.history import Floats, History, Ints
from payloom.features.past import Past

LOCAL: Final = pl.col("event_time") + pl.duration(minutes=pl.col("local_offset_min"))
"""Time of the payment on the payer's clock, or on that of the terminal."""

PAYMENTS_AT_LEAST: Final = 3
"""Fewer earlier payments have no spread worth the name."""

SPREAD_AT_LEAST: Final = 0.1
"""Least standard deviation of log amounts: who always paid the same is not beyond measure with a cent more."""

_LOG_STEPS: Final = 10_000
"""Log amounts are counted in these, as sums of integers are exact."""


def _log_amount_z(past: Past, key: str) -> Floats:
    """Deviations of log(1 + amount) from its mean over the earlier payments of a key."""
    logs = np.rint(np.log1p(np.nan_to_num(past.number("amount_usd"))) * _LOG_STEPS).astype(np.int64)
    count = past.count(key)
    mean = ratio(past.total(key, logs), count)
    variance = (ratio(past.total(key, logs * logs), count) - mean**2) * ratio(count, count - 1)
    spread = np.maximum(np.sqrt(np.maximum(variance, 0)), SPREAD_AT_LEAST * _LOG_STEPS)
    return np.where(count >= PAYMENTS_AT_LEAST, (logs[past.rows] - mean) / spread, np.nan)


def amount_z(key: str, who: str) -> Feature:
    """Return how unusual the amount is for a payer or card."""
    return Feature(
        name=f"{who}_log_amount_z",
        group="rfm",
        entity=who,
        meaning=f"deviations of log(1 + amount) from the mean of the {who}'s earlier payments, if there are "
        f"{PAYMENTS_AT_LEAST} or more",
        unit="standard deviations",
        window="ever",
        needs=(key, "amount_usd"),
        make=lambda past: _log_amount_z(past, key),
    )


def _share(past: Past, part: Ints, parts: int, near: int) -> Floats:
    """Share of the customer's earlier payments within `near` parts of this one on the clock or in the week."""
    customer = past.codes("customer_id")
    # Without a customer this is below 0 as well.
    codes = (customer * np.int32(parts) + part).astype(np.int32)
    found = np.zeros(len(past.rows))
    for shift in range(-near, near + 1):
        asking = (customer * np.int32(parts) + (part + shift) % parts).astype(np.int32)[past.rows]
        found += History(codes, past.time_ms, asking, past.time_ms[past.rows]).count()
    return ratio(found, past.count("customer_id"))


def _part(past: Past, local: pl.Expr) -> Ints:
    frame = pl.DataFrame([past.column("event_time"), past.column("local_offset_min")])
    return frame.select(local.cast(pl.Int32)).to_series().to_numpy()


def _habit(name: str, meaning: str, local: pl.Expr, parts: int, near: int) -> Feature:
    return Feature(
        name=name,
        group="rfm",
        entity="customer",
        meaning=meaning,
        unit="share",
        window="ever",
        needs=("customer_id", "event_time", "local_offset_min"),
        make=lambda past: _share(past, _part(past, local), parts, near),
    )


HABITS: Final = (
    amount_z("customer_id", "customer"),
    amount_z("card_id", "card"),
    _habit(
        "customer_hour_share",
        "share of the customer's earlier payments within an hour of this time of day, on the local clock",
        LOCAL.dt.hour(),
        parts=24,
        near=1,
    ),
    _habit(
        "customer_weekday_share",
        "share of the customer's earlier payments on this local weekday",
        LOCAL.dt.weekday() - 1,
        parts=7,
        near=0,
    ),
)
