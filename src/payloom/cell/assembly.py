"""Rows of a chunk: spending in tiles that fit the cache, the other streams merged in by time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.refunds import Refunds
from payloom.behaviour.rows import ROW_FIELDS, Rows
from payloom.behaviour.settlement import Settlement
from payloom.behaviour.spending import Spending
from payloom.behaviour.subscriptions import Subscriptions
from payloom.cell.bounds import Chunk
from payloom.config import Config
from payloom.fraud.reporting import Labels
from payloom.fraud.stream import FraudStream
from payloom.plan.daytables import DayTables
from payloom.world.model import Model, build_model

I64 = NDArray[np.int64]

TILE = 8_192
"""Spending rows decided together: the arrays of a tile stay in the processor's cache."""


@dataclass(frozen=True)
class Streams:
    """All streams of a world."""

    model: Model
    spending: Spending
    settlement: Settlement
    subscriptions: Subscriptions
    refunds: Refunds
    fraud: FraudStream

    @classmethod
    def of(cls, config: Config) -> Streams:
        """Build a world and its streams."""
        model = build_model(config)
        spending, settlement = Spending.of(model), Settlement.of(model)
        return cls(
            model=model,
            spending=spending,
            settlement=settlement,
            subscriptions=Subscriptions.of(model, spending.identity, spending.pricing),
            refunds=Refunds.of(model, spending, settlement),
            fraud=FraudStream.of(model, spending, settlement),
        )

    def rows_by_day(self) -> I64:
        """All payments of each day of the period; they sum to the config's rows, exactly."""
        return self.model.plan.quotas.genuine + self.fraud.by_day()

    def make(self, tables: DayTables, chunk: Chunk) -> tuple[Rows, Labels]:
        """Make a chunk's rows and labels, in order of time."""
        others, labels = self._others(tables, chunk)
        row, ordinal, time_us = self.spending.strata(tables, chunk.row, chunk.stratum)
        # Of payments in the same microsecond spending comes first, then the other streams in their order.
        before = np.searchsorted(time_us, others.time_us, side="right")
        merged = _empty_like(others, len(time_us) + len(others))
        places = np.arange(len(time_us))
        places += np.searchsorted(before, places, side="right")
        merged.put(before + np.arange(len(others)), others)
        for start in range(0, len(time_us), TILE):
            tile = slice(start, start + TILE)
            choice = self.spending.choose(tables, row[tile], ordinal[tile], time_us[tile])
            merged.put(places[tile], self.settlement.settle(tables, choice))
        return merged, labels

    def _others(self, tables: DayTables, chunk: Chunk) -> tuple[Rows, Labels]:
        """Finished rows of the other streams in the chunk's window, in order of time, stream and position."""
        charges = self.settlement.settle(tables, self.subscriptions.between(chunk.start_us, chunk.end_us))
        refunds = self.refunds.between(tables, chunk.start_us, chunk.end_us)
        fraud, labels = self.fraud.between(tables, chunk.start_us, chunk.end_us)
        rows = Rows.concatenate([charges, refunds, fraud])
        return rows.take(np.lexsort((rows.index, rows.time_us))), labels.take(
            np.lexsort((labels.index, labels.time_us))
        )


def _empty_like(rows: Rows, total: int) -> Rows:
    return Rows(*(np.empty(total, dtype=getattr(rows, name).dtype) for name in ROW_FIELDS))
