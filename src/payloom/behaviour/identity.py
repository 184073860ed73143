"""When and by whom: times and payers of positions in the spending stream; rounds of shopping look back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.positions import Stream, position_index
from payloom.plan.daytables import DayTables
from payloom.plan.periods import DAY_US
from payloom.reference import load_math_tables
from payloom.streams.hashing import U64, derive, draw, high, low, threshold32
from payloom.streams.tables import F64, UniformTable
from payloom.world.activity import inverse_lorenz
from payloom.world.model import Model

I64 = NDArray[np.int64]

STRATUM = 16
"""Positions whose times are sorted together, within the share of the day's mass that they fill."""

MAX_STEPS = 6
"""How many positions a continuing one looks at for the beginning of its round."""

TILE = 32_768
"""Rows worked on together: the arrays of a tile stay in the processor's cache."""

MAX_GAP_US = 3 * 3600 * 1_000_000
"""No gap within a round of shopping is longer than three hours."""

GAP_SIGMA = 1.3
"""Standard deviation of ln(gap): heavy-tailed (estimate)."""

_LANES = np.arange(STRATUM)
_SCALE = 2.0**-32


@dataclass(slots=True)
class Payers:
    """Who pays at n positions.

    Attributes
    ----------
    index, bits
        Position in the world, and its random bits.
    customer, group
        Customer index, and group.
    """

    index: I64
    bits: U64
    customer: I64
    group: I64

    def part(self, rows: slice) -> Payers:
        """Share a run of them."""
        return Payers(self.index[rows], self.bits[rows], self.customer[rows], self.group[rows])


@dataclass(frozen=True)
class Identity:
    """Times and payers of spending positions.

    Attributes
    ----------
    rank
        Rank by activity of the customer who makes a payment, from a uniform draw.
    gap_us
        Time since the first payment of a round of shopping.
    """

    model: Model
    rank: UniformTable
    gap_us: UniformTable

    @classmethod
    def of(cls, model: Model) -> Identity:
        """Prepare the tables."""
        return cls(
            model,
            inverse_lorenz(model.config.spending.activity_sigma, model.config.spending.sleeping_share),
            _gap_table(model),
        )

    def day_sizes(self, tables: DayTables) -> I64:
        """Spending payments of each day of the tables."""
        period = self.model.plan.period
        return self.model.plan.quotas.spending[tables.first_day - period.first_day : tables.end_day - period.first_day]

    def masses(self, tables: DayTables, row: I64, stratum: I64) -> tuple[F64, NDArray[np.bool_]]:
        """Sorted shares of the day's mass at which the payments of strata stand.

        Returns
        -------
        mass, valid
            Arrays (strata, 16); the last stratum of a day may be shorter.
        """
        size = self.day_sizes(tables)[row]
        ordinal = stratum[:, None] * STRATUM + _LANES
        valid = ordinal < size[:, None]
        index = position_index((row + tables.first_day)[:, None], Stream.SPENDING, ordinal)
        bits = high(draw(self.model.plan.keys["spending.time"], index))
        bits[~valid] = np.uint32(0xFFFFFFFF)
        bits.sort(axis=1)
        width = np.minimum(size - stratum * STRATUM, STRATUM)
        mass = bits * (width * _SCALE)[:, None]
        mass += (stratum * STRATUM)[:, None]
        mass /= size[:, None]
        return mass, valid

    def payers(self, tables: DayTables, row: I64, ordinal: I64, time_us: I64) -> Payers:
        """Say who pays at spending positions.

        Parameters
        ----------
        tables, row, ordinal, time_us
            The positions, as rows of the day tables and ordinals of the day, and their times.
        """
        keys, total = self.model.plan.keys, len(row)
        index, customer, group = (np.empty(total, dtype=np.int64) for _ in range(3))
        payers = Payers(index, np.empty(total, dtype=np.uint64), customer, group)
        who = np.empty(total, dtype=np.uint64)
        tiles = [slice(start, start + TILE) for start in range(0, total, TILE)]
        for tile in tiles:
            position = position_index(row[tile] + tables.first_day, Stream.SPENDING, ordinal[tile])
            bits = draw(keys["row"], position)
            payers.index[tile], payers.bits[tile] = position, bits
            who[tile] = derive(bits, keys["spending.who"])
        row, ordinal, who = self._first_of_round(tables, row, ordinal, time_us, who)
        sizes = self.day_sizes(tables)
        for tile in tiles:
            here = row[tile]
            draws = derive(who[tile], keys["spending.customer"])
            mass = (ordinal[tile] + 0.5) / sizes.take(here)
            awake = tables.group(here, mass, high(draws))
            day = here + tables.first_day
            payers.customer[tile], payers.group[tile] = self.customer(awake, day, low(draws), high(who[tile]))
        return payers

    def customer(
        self, group: NDArray[np.integer], day: I64, cohort_bits: NDArray[np.uint32], rank_bits: NDArray[np.uint32]
    ) -> tuple[I64, I64]:
        """Draw customers of groups who are active on days; also gives the group of each."""
        period, cohorts = self.model.plan.period, self.model.plan.cohorts
        first = period.month_index(int(day.min())) if len(day) else 0
        last = period.month_index(int(day.max())) if len(day) else 0
        cohort = cohorts.draw(period.epoch_of_month(first), group, cohort_bits)
        for month in range(first + 1, last + 1):
            later = np.flatnonzero(day >= period.months[month].first_day)
            cohort[later] = cohorts.draw(period.epoch_of_month(month), group[later], cohort_bits[later])
        customer = self.rank(rank_bits)
        customer *= cohorts.size.take(cohort)
        index = customer.astype(np.int64)
        np.minimum(index, cohorts.size.take(cohort) - 1, out=index)
        index += cohorts.base.take(cohort)
        return index, cohorts.group.take(cohort)

    def _first_of_round(
        self, tables: DayTables, row: I64, ordinal: I64, time_us: I64, who: U64
    ) -> tuple[I64, I64, U64]:
        """Give positions that continue a round of shopping the identity of the payment that began it.

        A continuing position looks a heavy-tailed gap back, and from there for the nearest position that does not
        itself continue a round. Where there is none, it stays its own.
        """
        keys = self.model.plan.keys
        continues = threshold32(self.model.config.spending.session_share)
        sizes = self.day_sizes(tables)
        here = np.flatnonzero(low(who) < continues)
        at_row, at_ordinal, before = row.take(here), ordinal.take(here), time_us.take(here)
        before -= self.gap_us(high(derive(who.take(here), keys["spending.gap"]))).astype(np.int64)
        known = np.flatnonzero(before >= tables.first_day * DAY_US)
        here, at_row, at_ordinal = here[known], at_row[known], at_ordinal[known]
        new_row, mass = tables.mass_before(before[known])
        new_ordinal = (mass * sizes.take(new_row)).astype(np.int64)
        # The position before, where the gap is shorter than the distance to it.
        new_ordinal -= (new_row == at_row) & (new_ordinal >= at_ordinal)
        row, ordinal, who = row.copy(), ordinal.copy(), who.copy()
        for _ in range(MAX_STEPS):
            inside = np.flatnonzero((new_ordinal >= 0) & (new_ordinal < sizes.take(new_row)))
            here, new_row, new_ordinal = here[inside], new_row[inside], new_ordinal[inside]
            index = position_index(new_row + tables.first_day, Stream.SPENDING, new_ordinal)
            first = derive(draw(keys["row"], index), keys["spending.who"])
            begins = low(first) >= continues
            found = here[begins]
            row[found], ordinal[found], who[found] = new_row[begins], new_ordinal[begins], first[begins]
            rest = ~begins
            here, new_row, new_ordinal = here[rest], new_row[rest], new_ordinal[rest] - 1
            if not here.size:
                break
        return row, ordinal, who


def _gap_table(model: Model) -> UniformTable:
    """Gaps within a round of shopping, microseconds: lognormal, cut at `MAX_GAP_US`."""
    functions, tables = model.plan.functions, load_math_tables()
    median_us = model.config.spending.session_gap_median_seconds * 1e6
    low_tail = tables.normal_quantile_low_tail
    knots, low, high = (
        np.minimum(functions.exp(quantile * GAP_SIGMA) * median_us, float(MAX_GAP_US))
        for quantile in (tables.normal_quantile, low_tail, -low_tail[::-1])
    )
    return UniformTable(knots, low, high)
