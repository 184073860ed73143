"""Features of the payment itself, without any history."""

from __future__ import annotations

from typing import Final

import polars as pl

from payloom.features.feature import Feature, of_row
from payloom.features.habits import LOCAL
from payloom.schema import PAYMENTS

CODES: Final = tuple(
    c.name for c in PAYMENTS.columns if c.kind == "enum" and c.role == "feature" and c.known == "before"
)
"""Every code that the schema says is known before the answer."""

_CLOCK: Final = ("event_time", "local_offset_min")

AMOUNT: Final = (
    of_row(
        "amount_usd", "amount in US dollars", ("amount_usd",), pl.col("amount_usd").cast(pl.Float64), "USD", "amount"
    ),
)


def _differs(name: str, meaning: str, first: str, second: str) -> Feature:
    differs = pl.col(first).cast(pl.String) != pl.col(second).cast(pl.String)
    return of_row(name, meaning, (first, second), differs.cast(pl.Float64), "flag")


def _missing(column: str) -> Feature:
    missing = pl.col(column).is_null().cast(pl.Float64)
    return of_row(f"{column}_missing", f"whether {column} is missing", (column,), missing, "flag")


def _local(name: str, meaning: str, part: pl.Expr, unit: str) -> Feature:
    return of_row(name, meaning, _CLOCK, part.cast(pl.Float64), unit)


ROW: Final = (
    *(of_row(name, PAYMENTS.column(name).description.lower(), (name,), pl.col(name), "code") for name in CODES),
    of_row(
        "is_recurring",
        "subscription, standing order or batch",
        ("is_recurring",),
        pl.col("is_recurring").cast(pl.Float64),
        "flag",
    ),
    of_row(
        "amount_last_two_digits",
        "amount in minor units modulo 100",
        ("amount_minor",),
        (pl.col("amount_minor") % 100).cast(pl.Float64),
        "minor units",
    ),
    _local("hour_local", "local hour, 0 to 23", LOCAL.dt.hour(), "h"),
    _local("weekday_local", "local weekday, 1 is Monday", LOCAL.dt.weekday(), "weekday"),
    _local("day_of_month_local", "local day of the month", LOCAL.dt.day(), "day"),
    _differs("merchant_abroad", "merchant outside the issuer's country", "merchant_country", "issuer_country"),
    _differs("ip_abroad", "address outside the issuer's country", "ip_country", "issuer_country"),
    _differs("ip_not_merchant", "address outside the merchant's country", "ip_country", "merchant_country"),
    _missing("device_id"),
    _missing("mcc"),
)
