"""Genuine payments beside fraud, column by column: what the page draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from payloom.realism.measures.evidence import Evidence, derived
from payloom.realism.results import Histogram

BINS_PER_DECADE: Final = 5
AMOUNT_DECADES: Final = (0, 4)
"""Amounts from 1 to 10,000 dollars are drawn; smaller and larger ones are in the first and the last bin."""

MOST_VALUES: Final = 16
"""Values of a column that are drawn, the most frequent first."""

MISSING: Final = "(missing)"
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS: Final = 24

CODES: Final = {
    "channel": "Channel",
    "entry_mode": "Entry mode",
    "cvm": "Cardholder verification",
    "wallet": "Wallet",
    "three_ds": "3-D Secure",
    "response_code": "Issuer's answer",
    "device_type": "Device",
    "ip_type": "Network",
    "mcc": "Trade of the acceptor (MCC)",
    "merchant_country": "Country of the acceptor",
    "issuer_country": "Country of the issuer",
    "card_type": "Funding of the card",
    "card_brand": "Card scheme",
    "abroad": "Issuer and acceptor in different countries",
}
"""Columns whose values are compared, for payments by card."""


def draw_plots(evidence: Evidence) -> tuple[Histogram, ...]:
    """Return shares of genuine payments and of fraud by time, amount and every code that the data has."""
    found = [_by_hour(evidence), _by_weekday(evidence)]
    if evidence.has("amount_usd"):
        found.append(_by_amount(evidence))
    found.append(_by_month(evidence))
    columns = evidence.rows.collect_schema()
    found += [_by_code(evidence.rows, name, title) for name, title in CODES.items() if name in columns]
    if evidence.has("transaction_type"):
        found.append(_by_code(derived(evidence.data, evidence.data.payments), "transaction_type", "Type of payment"))
    return tuple(found)


def _by_hour(evidence: Evidence) -> Histogram:
    counts = _counts(evidence.rows, pl.col("hour").cast(pl.Int64))
    edges = tuple(float(hour) for hour in range(HOURS + 1))
    return Histogram("Local hour", "hour", edges, _shares(counts, range(HOURS)))


def _by_weekday(evidence: Evidence) -> Histogram:
    counts = _counts(evidence.rows, pl.col("weekday").cast(pl.Int64))
    return Histogram("Local weekday", "weekday", WEEKDAYS, _shares(counts, range(1, 8)))


def _by_amount(evidence: Evidence) -> Histogram:
    low, high = (decade * BINS_PER_DECADE for decade in AMOUNT_DECADES)
    bins = (pl.col("amount_usd").log(10) * BINS_PER_DECADE).floor().clip(low, high - 1).cast(pl.Int64)
    counts = _counts(evidence.rows.filter(pl.col("amount_usd") > 0), bins)
    edges = tuple(round(10 ** (step / BINS_PER_DECADE), 2) for step in range(low, high + 1))
    return Histogram("Amount", "US dollars", edges, _shares(counts, range(low, high)))


def _by_month(evidence: Evidence) -> Histogram:
    counts = _counts(evidence.rows, pl.col("event_time").dt.strftime("%Y-%m"))
    months = sorted({key for _, key in counts})
    return Histogram("Month", "month", tuple(months), _shares(counts, months))


def _by_code(rows: pl.LazyFrame, name: str, title: str) -> Histogram:
    counts = _counts(rows, pl.col(name).cast(pl.String).fill_null(MISSING))
    frauds = sum(count for (is_fraud, _), count in counts.items() if is_fraud)
    genuine = sum(counts.values()) - frauds
    weight: dict[str, float] = {}
    for (is_fraud, key), count in counts.items():
        # A value counts as much among the few frauds as among the many genuine payments.
        weight[key] = weight.get(key, 0.0) + count / max(frauds if is_fraud else genuine, 1)
    values = sorted(weight, key=lambda key: (-weight[key], key))[:MOST_VALUES]
    return Histogram(title, name, tuple(values), _shares(counts, values))


def _counts(rows: pl.LazyFrame, key: pl.Expr) -> dict[tuple[bool, Any], int]:
    found = rows.group_by("is_fraud", key.alias("key")).len().collect(engine="streaming")
    return {(is_fraud, value): count for is_fraud, value, count in found.iter_rows()}


def _shares(counts: dict[tuple[bool, Any], int], keys: Sequence[Any]) -> dict[str, tuple[float, ...]]:
    """Return the share of each key among genuine payments, and among fraud."""
    series = {}
    for name, label in (("genuine", False), ("fraud", True)):
        total = sum(count for (is_fraud, _), count in counts.items() if is_fraud == label)
        series[name] = tuple(counts.get((label, key), 0) / max(total, 1) for key in keys)
    return series
