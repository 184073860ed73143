"""Features of the payment itself, without any history."""

from __future__ import annotations

from typing import Final

import polars as pl

from payloom.features.feature import Feature, of_row
from payloom.schema import PAYMENTS

CODES: Final = tuple(
    c.name for c in PAYMENTS.columns if c.kind == "enum" and c.role == "feature" and c.known == "before"
)
"""Every code that the schema says is known before the answer."""

_OFFSET_NEEDS: Final = ("event_time", "local_offset_min")
_LOCAL: Final = pl.col("event_time") + pl.duration(minutes=pl.col("local_offset_min"))

AMOUNT: Final = (
    of_row("amount_usd", "amount", "amount in US dollars", ("amount_usd",), pl.col("amount_usd").cast(pl.Float64)),
)


def _differs(name: str, meaning: str, first: str, second: str) -> Feature:
    differs = pl.col(first).cast(pl.String) != pl.col(second).cast(pl.String)
    return of_row(name, "row", meaning, (first, second), differs.cast(pl.Float64))


def _missing(column: str) -> Feature:
    return of_row(
        f"{column}_missing", "row", f"whether {column} is missing", (column,), pl.col(column).is_null().cast(pl.Float64)
    )


ROW: Final = (
    *(of_row(name, "row", PAYMENTS.column(name).description.lower(), (name,), pl.col(name)) for name in CODES),
    of_row(
        "is_recurring",
        "row",
        "subscription, standing order or batch",
        ("is_recurring",),
        pl.col("is_recurring").cast(pl.Float64),
    ),
    of_row(
        "amount_last_two_digits",
        "row",
        "amount in minor units modulo 100",
        ("amount_minor",),
        (pl.col("amount_minor") % 100).cast(pl.Float64),
    ),
    of_row("hour_local", "row", "local hour, 0 to 23", _OFFSET_NEEDS, _LOCAL.dt.hour().cast(pl.Float64)),
    of_row("weekday_local", "row", "local weekday, 1 is Monday", _OFFSET_NEEDS, _LOCAL.dt.weekday().cast(pl.Float64)),
    of_row("day_of_month_local", "row", "local day of the month", _OFFSET_NEEDS, _LOCAL.dt.day().cast(pl.Float64)),
    _differs("merchant_abroad", "merchant outside the issuer's country", "merchant_country", "issuer_country"),
    _differs("ip_abroad", "address outside the issuer's country", "ip_country", "issuer_country"),
    _differs("ip_not_merchant", "address outside the merchant's country", "ip_country", "merchant_country"),
    _missing("device_id"),
    _missing("mcc"),
)
