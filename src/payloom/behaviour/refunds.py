"""The refund stream: each refund recomputes the earlier payment that it gives back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.authorisation import APPROVED
from payloom.behaviour.choice import Choice
from payloom.behaviour.identity import Payers
from payloom.behaviour.positions import Stream, position_index
from payloom.behaviour.present import NO_CVM
from payloom.behaviour.pricing import COUNTRY_CURRENCY, amount_usd
from payloom.behaviour.rows import NULL, Rows
from payloom.behaviour.settlement import NO_THREE_DS, Settlement
from payloom.behaviour.spending import PURCHASE, Spending
from payloom.codes import TRANSACTION_TYPE
from payloom.plan.daytables import DayTables
from payloom.plan.periods import DAY_US
from payloom.plan.quotas import REFUND_TRIES, refund_acceptance
from payloom.streams.hashing import derive, draw, draw_int, high, low, threshold32, unit
from payloom.world.model import Model

I64 = NDArray[np.int64]

REFUND = np.int8(TRANSACTION_TYPE.index("refund"))

_STEPS = (1_000_003, 1_000_033)
"""Primes: multiples of one that does not divide n, modulo n, visit every number below n once."""


MANY = 3_000
"""As long as so many refunds are looking, they look at one candidate at a time; the last few at all that are left.

It changes only the cost: a round has its own, and so has a candidate that nobody needed.
"""


@dataclass(slots=True)
class Slots:
    """Refunds in a window: their index and time, and where their candidates begin.

    Attributes
    ----------
    index, time_us
        Position in the world, and time.
    source_row, first_candidate
        Row of the day refunded from, and the first of `REFUND_TRIES` steps through its payments.
    """

    index: I64
    time_us: I64
    source_row: I64
    first_candidate: I64


@dataclass(frozen=True)
class Refunds:
    """Functions of the refund stream."""

    model: Model
    spending: Spending
    settlement: Settlement
    accepts: NDArray[np.uint32]

    @classmethod
    def of(cls, model: Model, spending: Spending, settlement: Settlement) -> Refunds:
        """Prepare the tables."""
        accepts = [threshold32(share) for share in refund_acceptance()]
        return cls(model, spending, settlement, np.array(accepts, dtype=np.uint32))

    def between(self, tables: DayTables, start_us: int, end_us: int) -> Rows:
        """Finished refunds in [start_us, end_us), not sorted."""
        slots = self._slots(tables, start_us, end_us)
        source, found = self._find(tables, slots)
        settled = self.settlement.settle(tables, source)
        good = np.flatnonzero(found & (settled.response == APPROVED))
        refunds = self._give_back(tables, slots, good, source.take(good))
        others = np.setdiff1d(np.arange(len(slots.index)), good, assume_unique=True)
        return Rows.concatenate([refunds, self._buy_instead(tables, slots, others)])

    def _slots(self, tables: DayTables, start_us: int, end_us: int) -> Slots:
        """List the refunds of the window's days, and keep those in the window."""
        plan, period = self.model.plan, self.model.plan.period
        parts: list[tuple[I64, I64, I64, I64]] = []
        for day in range(start_us // DAY_US, (end_us - 1) // DAY_US + 1):
            by_lag = plan.quotas.refund_by_lag[day - period.first_day]
            total = int(plan.quotas.refund[day - period.first_day])
            if not total:
                continue
            number = np.arange(total)
            index = position_index(day, Stream.REFUND, number)
            mass = (number + unit(high(draw(plan.keys["refund.time"], index)))) / total
            time_us = tables.time_us(np.full(total, day - tables.first_day), mass)
            # The lags of neighbours in time must not be in order.
            place = (number * _step(total) + day) % total
            before = np.cumsum(by_lag) - by_lag
            lag = np.searchsorted(before, place, side="right") - 1
            first = plan.quotas.refund_start[day - period.first_day][lag] + (place - before[lag]) * REFUND_TRIES
            inside = (time_us >= start_us) & (time_us < end_us)
            row = day - tables.first_day - lag - 1
            parts.append((index[inside], time_us[inside], row[inside], first[inside]))
        if not parts:
            empty = np.zeros(0, dtype=np.int64)
            return Slots(empty, empty, empty, empty)
        return Slots(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _find(self, tables: DayTables, slots: Slots) -> tuple[Choice, NDArray[np.bool_]]:
        """Look at the candidates of each refund in turn; the first that its trade takes back is found."""
        sizes = self.spending.identity.day_sizes(tables)
        found = np.zeros(len(slots.index), dtype=np.bool_)
        chosen: Choice | None = None
        searching = np.arange(len(slots.index))
        first = 0
        while first < REFUND_TRIES and (first == 0 or searching.size):
            end = first + 1 if searching.size > MANY else REFUND_TRIES
            tried = end - first
            row = np.repeat(slots.source_row[searching], tried)
            size = sizes[row]
            shift = self._day_shift(tables)[row] % size
            step = np.repeat(slots.first_candidate[searching], tried) + np.tile(np.arange(first, end), len(searching))
            ordinal = (step * _steps(size) + shift) % size
            choice = self.spending.choose(tables, row, ordinal, self.spending.times(tables, row, ordinal))
            taken = high(derive(choice.bits, self.model.plan.keys["refund.accept"])) < self.accepts[choice.trade]
            taken &= choice.kind == PURCHASE
            taken = taken.reshape(len(searching), tried)
            best = choice.take(np.arange(len(searching)) * tried + taken.argmax(axis=1))
            if chosen is None:
                chosen = best
            else:
                chosen.put(searching, best)
            success = taken.any(axis=1)
            found[searching[success]] = True
            searching, first = searching[~success], end
        assert chosen is not None
        return chosen, found

    def _day_shift(self, tables: DayTables) -> I64:
        """Where the walk through a day's payments begins, by day."""
        key = self.model.plan.keys["refund.walk"]
        days = range(tables.first_day, tables.end_day)
        return np.array([draw_int(key, day) >> 12 for day in days], dtype=np.int64)

    def _give_back(self, tables: DayTables, slots: Slots, good: NDArray[np.intp], source: Choice) -> Rows:
        """Settle the source anew at the time of the refund: a reissued card is updated."""
        keys = self.model.plan.keys
        original, index = source.index, slots.index[good]
        draws = draw(keys["refund.part"], index)
        partial = high(draws) < threshold32(self.model.config.refunds.partial_share)
        amount = source.amount_minor.copy()
        part = (amount[partial] * (unit(low(draws[partial])) * 0.85 + 0.1)).astype(np.int64)
        amount[partial] = np.maximum(part, 1)
        currency = COUNTRY_CURRENCY[self.model.merchants.site_country[source.site]]
        later = replace(
            source,
            time_us=slots.time_us[good],
            index=index,
            amount_minor=amount,
            amount_usd=amount_usd(amount, currency),
            kind=np.full(len(good), REFUND),
        )
        rows = self.settlement.settle(tables, later, updated=True)
        rows.original = original
        strip_refunds(rows, np.arange(len(rows)))
        return rows

    def _buy_instead(self, tables: DayTables, slots: Slots, others: NDArray[np.intp]) -> Rows:
        """Make purchases of the refunds that found nothing to give back."""
        keys, index, time_us = self.model.plan.keys, slots.index[others], slots.time_us[others]
        bits = draw(keys["row"], index)
        who = derive(bits, keys["spending.who"])
        draws = derive(who, keys["spending.customer"])
        row, mass = tables.mass_before(time_us)
        group = tables.group(row, mass, high(draws))
        customer, group = self.spending.identity.customer(group, row + tables.first_day, low(draws), high(who))
        choice = self.spending.buy(tables, time_us, Payers(index, bits, customer, group))
        return self.settlement.settle(tables, choice)


def strip_refunds(rows: Rows, places: NDArray[np.intp]) -> None:
    """Take from refunds what only a payment has: device, checks, verification; all are approved."""
    remote = rows.cvm[places] == NULL
    rows.response[places] = APPROVED
    rows.cvm[places] = np.where(remote, np.int8(NULL), NO_CVM)
    rows.three_ds[places[remote]] = NO_THREE_DS
    for column in (rows.device, rows.device_type, rows.network, rows.ip_country, rows.avs, rows.cvv, rows.wallet):
        column[places] = NULL


def _step(size: int) -> int:
    return _STEPS[1] if size % _STEPS[0] == 0 else _STEPS[0]


def _steps(size: I64) -> I64:
    return np.where(size % _STEPS[0] == 0, _STEPS[1], _STEPS[0])
