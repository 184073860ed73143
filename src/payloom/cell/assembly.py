"""Rows of a chunk: spending in tiles that fit the cache, the other streams merged in by time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.account_life import AccountLife
from payloom.behaviour.choice import Choice
from payloom.behaviour.identity import TILE
from payloom.behaviour.refunds import Refunds
from payloom.behaviour.rows import Rows
from payloom.behaviour.settlement import Settlement
from payloom.behaviour.spending import Spending
from payloom.behaviour.subscriptions import Subscriptions
from payloom.behaviour.transfers import Transfers
from payloom.cell.bounds import Chunk
from payloom.config import Config
from payloom.fraud.cases import CaseTable
from payloom.fraud.reporting import Labels
from payloom.fraud.stream import FraudStream, Plot
from payloom.plan.daytables import DayTables
from payloom.world.model import Model, build_model

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Others:
    """Rows of a cell that are not everyday spending.

    Attributes
    ----------
    charges
        Subscriptions, not yet settled.
    finished
        Refunds, transfers, fraud and planted payments.
    time_us
        Times of all of them, sorted.
    order
        Which row each is: a charge, or, from their number on, a finished row.
    """

    charges: Choice
    finished: Rows
    time_us: I64
    order: NDArray[np.intp]


@dataclass(frozen=True)
class Streams:
    """All streams of a world.

    Laying one out takes half a second, whatever its rows. What knows all cases of fraud is built when it is used, so
    that a run that only hands out work never lists them.
    """

    model: Model
    spending: Spending
    plot: Plot

    @classmethod
    def of(cls, config: Config, cases: CaseTable | None = None) -> Streams:
        """Lay out a world, with a table of its cases where another process has listed them."""
        model = build_model(config)
        spending = Spending.of(model)
        return cls(model, spending, Plot.of(model, spending, cases))

    def given(self, cases: CaseTable) -> Streams:
        """Return the same world with a table of its cases."""
        return Streams(self.model, self.spending, replace(self.plot, table=cases))

    @cached_property
    def settlement(self) -> Settlement:
        """What completes rows: it knows which cards are blocked."""
        return Settlement.of(self.model, self.plot.cases.table.reissues)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Charges that come again and again."""
        return Subscriptions.of(self.model, self.spending.identity, self.spending.shopping, self.spending.pricing)

    @cached_property
    def refunds(self) -> Refunds:
        """Refunds of spending."""
        return Refunds.of(self.model, self.spending, self.settlement)

    @cached_property
    def account_life(self) -> AccountLife:
        """Transfers that are genuine."""
        return AccountLife.of(self.model, self.spending.identity, self._transfers)

    @cached_property
    def fraud(self) -> FraudStream:
        """Fraud and planted payments."""
        return FraudStream.of(self.plot, self.settlement, self._transfers)

    @cached_property
    def _transfers(self) -> Transfers:
        return Transfers.of(self.model)

    def rows_by_day(self) -> I64:
        """All payments of each day of the period; they sum to the config's rows, exactly."""
        return self.model.plan.quotas.genuine + self.plot.fraud_by_day()

    def others(self, tables: DayTables, start_us: int, end_us: int) -> tuple[Others, Labels]:
        """All streams but spending in [start_us, end_us), by time, stream and position; labels too."""
        charges = self.subscriptions.between(start_us, end_us)
        refunds = self.refunds.between(tables, start_us, end_us)
        fraud, labels = self.fraud.between(tables, start_us, end_us)
        transfers = self.account_life.between(tables, start_us, end_us)
        finished = Rows.concatenate([refunds, transfers, fraud])
        time_us = np.concatenate([charges.time_us, finished.time_us])
        order = np.lexsort((np.concatenate([charges.index, finished.index]), time_us))
        others = Others(charges, finished, time_us[order], order)
        return others, labels.take(np.lexsort((labels.index, labels.time_us)))

    def make(self, tables: DayTables, chunk: Chunk, others: Others) -> Iterator[Rows]:
        """Make a chunk's rows in order of time, a tile at a time.

        Parameters
        ----------
        tables, chunk
            Spending positions to make.
        others
            The other streams' rows of the chunk's cell; those in the chunk's window are merged in.
        """
        first, end = np.searchsorted(others.time_us, (chunk.start_us, chunk.end_us)).tolist()
        row, ordinal, time_us = self.spending.strata(tables, chunk.row, chunk.stratum)
        # Of payments in the same microsecond spending comes first, then the other streams in their order.
        before = np.searchsorted(time_us, others.time_us[first:end], side="right")
        payers = self.spending.identity.payers(tables, row, ordinal, time_us)
        starts = list(range(0, len(time_us), TILE)) or [0]
        splits = [0, *np.searchsorted(before, starts[1:]).tolist(), end - first]
        for start, low, high in zip(starts, splits[:-1], splits[1:], strict=True):
            tile = slice(start, start + TILE)
            choice = self.spending.buy(tables, time_us[tile], payers.part(tile))
            places = before[low:high] - start + np.arange(high - low)
            yield self._merge(tables, choice, others, others.order[first + low : first + high], places)

    def _merge(
        self, tables: DayTables, choice: Choice, others: Others, which: NDArray[np.intp], places: NDArray[np.intp]
    ) -> Rows:
        """Settle spending together with the other rows at their places."""
        charges = len(others.charges)
        charged, done = which < charges, which >= charges
        total = len(choice) + len(which)
        own = np.ones(total, dtype=np.bool_)
        own[places] = False
        finished = others.finished.take(which[done] - charges)
        parts = [(np.flatnonzero(own), choice), (places[charged], others.charges.take(which[charged]))]
        if not len(choice):
            return Rows.merge(
                [
                    (places[charged], self.settlement.settle(tables, parts[1][1])),
                    (places[done], finished),
                ],
                total,
            )
        # Finished rows are settled like the first row, for want of a choice, and then overwritten.
        parts.append((places[done], choice.take(np.zeros(int(done.sum()), dtype=np.intp))))
        rows = self.settlement.settle(tables, Choice.interleave(parts, total))
        rows.put(places[done], finished)
        return rows
