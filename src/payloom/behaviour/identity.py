"""When and by whom: times and payers of positions in the spending stream; rounds of shopping look back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.positions import Stream, position_index
from payloom.plan.daytables import DayTables
from payloom.streams.hashing import U64, derive, draw, high, low, threshold32
from payloom.streams.tables import F64, UniformTable
from payloom.world.activity import inverse_lorenz
from payloom.world.model import Model

I64 = NDArray[np.int64]

STRATUM = 64
"""Positions whose times are sorted together, within the share of the day's mass that they fill."""

MAX_HOPS = 6
"""A round of shopping looks back at most this often."""

MAX_GAP_US = 3 * 3600 * 1_000_000
"""No gap within a round of shopping is longer than three hours."""

GAP_SIGMA = 1.3
"""Standard deviation of ln(gap): heavy-tailed (estimate)."""

_LANES = np.arange(STRATUM)
_SCALE = 2.0**-32


@dataclass(frozen=True)
class Identity:
    """Times and payers of spending positions.

    Attributes
    ----------
    rank
        Rank by activity of the customer who makes a payment, from a uniform draw.
    """

    model: Model
    rank: UniformTable

    @classmethod
    def of(cls, model: Model) -> Identity:
        """Prepare the tables."""
        return cls(model, inverse_lorenz(model.config.spending.activity_sigma))

    def day_sizes(self, tables: DayTables) -> I64:
        """Spending payments of each day of the tables."""
        period = self.model.plan.period
        return self.model.plan.quotas.spending[tables.first_day - period.first_day : tables.end_day - period.first_day]

    def masses(self, tables: DayTables, row: I64, stratum: I64) -> tuple[F64, NDArray[np.bool_]]:
        """Sorted shares of the day's mass at which the payments of strata stand.

        Returns
        -------
        mass, valid
            Arrays (strata, 64); the last stratum of a day may be shorter.
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

    def payers(self, tables: DayTables, row: I64, ordinal: I64, bits: U64) -> tuple[I64, I64]:
        """Customer and group of spending positions.

        Parameters
        ----------
        tables, row, ordinal
            The positions, as rows of the day tables and ordinals of the day.
        bits
            Their random bits.
        """
        who = derive(bits, self.model.plan.keys["spending.who"])
        row, ordinal, who = self._first_of_round(tables, row, ordinal, who)
        draws = derive(who, self.model.plan.keys["spending.customer"])
        mass = (ordinal + 0.5) / self.day_sizes(tables).take(row)
        group = tables.group(row, mass, high(draws))
        return self.customer(group, row + tables.first_day, low(draws), high(who))

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

    def _first_of_round(self, tables: DayTables, row: I64, ordinal: I64, who: U64) -> tuple[I64, I64, U64]:
        """Follow positions that continue a round of shopping back to one that does not."""
        keys, config = self.model.plan.keys, self.model.config.spending
        continues = threshold32(config.session_share)
        sizes = self.day_sizes(tables)
        moved = np.flatnonzero(low(who) < continues)
        if not moved.size:
            return row, ordinal, who
        row, ordinal, who = row.copy(), ordinal.copy(), who.copy()
        here = moved
        for _ in range(MAX_HOPS):
            at_row, at_ordinal, own = row.take(here), ordinal.take(here), who.take(here)
            gap_us = self._gaps_us(high(derive(own, keys["spending.gap"])))
            middle = (at_ordinal + 0.5) / sizes.take(at_row)
            before = tables.time_us(at_row, middle) - gap_us
            there = np.flatnonzero(before >= tables.first_day * 86_400_000_000)
            here, at_row, at_ordinal = here[there], at_row[there], at_ordinal[there]
            new_row, mass = tables.mass_before(before[there])
            new_ordinal = (mass * sizes.take(new_row)).astype(np.int64)
            earlier = np.flatnonzero(
                (new_ordinal < sizes.take(new_row)) & ((new_row < at_row) | (new_ordinal < at_ordinal))
            )
            here = here[earlier]
            row[here], ordinal[here] = new_row[earlier], new_ordinal[earlier]
            index = position_index(row[here] + tables.first_day, Stream.SPENDING, ordinal[here])
            who[here] = derive(draw(keys["row"], index), keys["spending.who"])
            here = here[low(who[here]) < continues]
            if not here.size:
                break
        return row, ordinal, who

    def _gaps_us(self, bits: NDArray[np.uint32]) -> I64:
        functions = self.model.plan.functions
        gap = functions.exp(functions.normal(bits) * GAP_SIGMA)
        gap *= self.model.config.spending.session_gap_median_seconds * 1e6
        return np.minimum(gap, float(MAX_GAP_US)).astype(np.int64)
