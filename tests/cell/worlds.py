"""Worlds that tests look at: made in this process, each once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from payloom.cell.source import PaymentsSource
from payloom.config import Config, DayRange, make_config
from payloom.schema import TABLES
from payloom.write.contract import Job, Producer
from tests.counts import count

DEFAULT_ROWS = count(100_000, 1_000_000)

ODD_WORLD: dict[str, Any] = {
    "world": {"rows": 20_000, "start": "2023-11-20", "end": "2024-03-12", "fraud_rate": 0.05, "seed": 2**40 + 1},
    "regions": [
        {"country": "AU", "share": 0.35},
        {"country": "CA", "share": 0.25},
        {"country": "IN", "share": 0.20},
        {"country": "BR", "share": 0.15},
        {"country": "JP", "share": 0.05},
    ],
    "refunds": {"share": 0.08, "max_lag_days": 45},
}
"""Other regions on both hemispheres, a leap day, the turn of a year, much fraud and many refunds."""


@dataclass(frozen=True)
class World:
    """Everything a config makes, or its days."""

    config: Config
    tables: dict[str, pa.Table]

    @cached_property
    def frames(self) -> dict[str, pl.DataFrame]:
        """The tables with codes as text, so that columns of two tables compare."""
        return {name: as_text(table) for name, table in self.tables.items()}

    @property
    def payments(self) -> pl.DataFrame:
        return self.frames["payments"]

    @property
    def by_card(self) -> pl.DataFrame:
        return self.payments.filter(pl.col("transaction_type") != "transfer")

    @property
    def genuine(self) -> pl.DataFrame:
        """Genuine payments by card."""
        return self.by_card.filter(~pl.col("is_fraud"))


def as_text(table: pa.Table) -> pl.DataFrame:
    coded = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    frame = pl.DataFrame(pl.from_arrow(table))
    return frame.with_columns(pl.col(coded).cast(pl.String))


def produce(producer: Producer, jobs: Iterable[Job]) -> dict[str, pa.Table]:
    """Tables of some jobs, in the order of the jobs; empty ones where none has rows."""
    batches: dict[str, list[pa.RecordBatch]] = {name: [] for name in TABLES}
    for job in jobs:
        producer.produce(job, lambda table, batch: batches[table].append(batch))
    return {name: pa.Table.from_batches(found, TABLES[name].arrow_schema()) for name, found in batches.items()}


def payment_jobs(source: PaymentsSource) -> list[Job]:
    return [job for job in source.jobs() if job.outputs[0].table == "payments"]


def day_range(first: str, end: str) -> DayRange:
    return DayRange(date.fromisoformat(first), date.fromisoformat(end))


def make(values: Mapping[str, Any], first: str | None = None, end: str | None = None) -> World:
    """Make all tables of a config; with days, those of the slice."""
    return _make(json.dumps(values, sort_keys=True), first, end)


@cache
def _make(text: str, first: str | None, end: str | None) -> World:
    return build(json.loads(text), first, end)


def build(values: Mapping[str, Any], first: str | None = None, end: str | None = None) -> World:
    """Do what `make` does, and keep nothing."""
    config = make_config(values)
    source = PaymentsSource(config, day_range(first, end) if first and end else None)
    return World(config, produce(source.open(), source.jobs()))


def default_world() -> World:
    """Make the world without a config, in the size of this run."""
    return make({"world": {"rows": DEFAULT_ROWS}})


def odd_world() -> World:
    return make(ODD_WORLD)


def between(table: pa.Table, first: str, end: str) -> pa.Table:
    """Rows of a table, sorted by time, on the days [first, end)."""
    times = table["event_time"].cast(pa.int64()).to_numpy()
    edges = [int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000 for day in (first, end)]
    low, high = np.searchsorted(times, edges)
    return table.slice(int(low), int(high - low))
