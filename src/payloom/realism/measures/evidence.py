"""A data set with what follows from its columns, and the small tables that several measures read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import polars as pl

from payloom.realism.data import DataSet
from payloom.reference import load_currencies

PRESENT: Final = ("in_store", "atm")
"""Channels in which the card is present."""

SAMPLE_ROWS: Final = 2_000_000
"""Rows on which habits of cards and accounts are measured; of more, a hash chooses the entities."""

FULL_YEAR_DAYS: Final = 300
"""Days that data must span before seasons are measured."""

FULL_SHARE: Final = 0.82
"""A card is steady if its payments span this share of the data: 300 days of a year."""


@dataclass(frozen=True)
class Evidence:
    """What measures look at."""

    data: DataSet

    def has(self, *columns: str) -> bool:
        """Whether the payments have all of these columns."""
        return self.data.has(*columns)

    def has_table(self, name: str) -> bool:
        """Whether a table besides the payments is there."""
        return self.data.labels is not None if name == "fraud_labels" else name in self.data.entities

    @cached_property
    def rows(self) -> pl.LazyFrame:
        """Payments by card, with local time and what follows from the columns that are there."""
        return derived(self.data, self.data.without_transfers)

    @cached_property
    def genuine(self) -> pl.LazyFrame:
        """Payments by card that are not fraud."""
        return self.rows.filter(~pl.col("is_fraud"))

    @cached_property
    def purchases(self) -> pl.LazyFrame:
        """Genuine purchases; all genuine payments, where types are not told apart."""
        if not self.has("transaction_type"):
            return self.genuine
        return self.genuine.filter(pl.col("transaction_type") == "purchase")

    @cached_property
    def fraud(self) -> pl.DataFrame:
        """Fraud by card, with its labels."""
        return self._labelled(self.rows)

    @cached_property
    def transfer_fraud(self) -> pl.DataFrame:
        """Fraudulent transfers, with their labels."""
        return self._labelled(derived(self.data, self.data.transfers))

    def _labelled(self, rows: pl.LazyFrame) -> pl.DataFrame:
        found = rows.filter(pl.col("is_fraud"))
        if self.data.labels is not None and self.has("transaction_id"):
            kept = [name for name in self.data.labels.collect_schema() if name not in ("event_time", "is_fraud")]
            found = found.join(self.data.labels.select(kept), on="transaction_id", how="left")
        return found.collect(engine="streaming")

    @cached_property
    def labels(self) -> pl.DataFrame:
        """All labels, those of disputed genuine payments included."""
        assert self.data.labels is not None, "a measure of labels names their table"
        return self.data.labels.collect()

    @cached_property
    def span_days(self) -> float:
        """Days from the first payment to the last."""
        return (self.data.last_time - self.data.first_time).total_seconds() / 86_400

    @property
    def spans_a_year(self) -> bool:
        """Whether seasons can be seen."""
        return self.span_days >= FULL_YEAR_DAYS

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Calendar years that the data covers for the most part."""
        counts = self.days.group_by(pl.col("day").dt.year().alias("year")).agg(pl.col("rows").sum()).sort("year")
        enough = counts.filter(pl.col("rows") > counts["rows"].sum() / 20)
        return tuple(enough["year"].to_list())

    @cached_property
    def days(self) -> pl.DataFrame:
        """Rows and frauds by card, by local day and country of the issuer (where known)."""
        keys = ["day", "issuer_country"] if self.has("issuer_country") else ["day"]
        return (
            self.rows.group_by(keys)
            .agg(rows=pl.len(), frauds=pl.col("is_fraud").sum())
            .with_columns(genuine=pl.col("rows") - pl.col("frauds"))
            .collect(engine="streaming")
            .sort("day")
        )

    def sampled(self, rows: pl.LazyFrame, entity: str) -> pl.LazyFrame:
        """Return all rows of as many cards, customers or accounts as a sample of `SAMPLE_ROWS` rows has."""
        parts = -(-self.data.rows // SAMPLE_ROWS)
        return rows.filter(pl.col(entity).hash(seed=0) % parts == 0) if parts > 1 else rows


def derived(data: DataSet, rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add local time, and whether a payment is with the card present, abroad, approved, in a currency with cents."""
    offset = pl.duration(minutes=pl.col("local_offset_min")) if data.has("local_offset_min") else pl.duration(minutes=0)
    local = pl.col("event_time").dt.replace_time_zone(None) + offset
    new = {"local": local, "day": local.dt.date(), "hour": local.dt.hour(), "weekday": local.dt.weekday()}
    if data.has("channel"):
        new["present"] = pl.col("channel").is_in(PRESENT)
    if data.has("issuer_country", "merchant_country"):
        # Two columns of codes may count in different dictionaries: only text compares.
        new["abroad"] = pl.col("issuer_country").cast(pl.String) != pl.col("merchant_country").cast(pl.String)
    if data.has("response_code"):
        new["approved"] = pl.col("response_code") == "00"
    whole = [code for code, currency in load_currencies().items() if currency.exponent != 2]
    new["has_cents"] = ~pl.col("currency").is_in(whole) if data.has("currency") else pl.lit(value=True)
    return rows.with_columns(**new)
