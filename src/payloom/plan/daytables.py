"""Tables of each day that turn a position among its payments into a time and a group, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.plan.groups import offset_minutes
from payloom.plan.intensity import Intensity
from payloom.plan.periods import DAY_US, Period
from payloom.plan.profiles import SLOTS
from payloom.streams.hashing import U32
from payloom.streams.tables import CategoricalTable

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

TIME_KNOTS = 1024
"""Intervals of equal mass in which time is linear: about 85 seconds of a day each."""

GROUP_SLICES = 32
"""Slices of equal mass of a day within which the mix of groups is constant."""

GROUP_CELL_BITS = 8
"""Cells of the table of groups, which has a context for each slice of each day."""

_SLOT_US = DAY_US // SLOTS


@dataclass(frozen=True, slots=True)
class DayTables:
    """Tables for the days [first_day, end_day).

    Attributes
    ----------
    time_knots
        Array (days, 1025): microsecond of the day at each 1/1024 of its mass, whole numbers.
    mass
        Array (days, 97): share of the day's mass before each quarter hour.
    groups
        Group by (day, slice of mass).
    offsets
        Array (days, 96, time zones): local time minus UTC, minutes.
    """

    first_day: int
    end_day: int
    time_knots: F64
    mass: F64
    groups: CategoricalTable
    offsets: NDArray[np.int16]

    def time_us(self, day_row: NDArray[np.intp], mass: F64) -> I64:
        """Microsecond since 1970 at which a share `mass` of the day's payments has passed; rises with `mass`."""
        position = mass * float(TIME_KNOTS)
        knot = position.astype(np.intp)
        position -= knot
        knot += day_row * (TIME_KNOTS + 1)
        knots = self.time_knots.reshape(-1)
        start = knots.take(knot)
        knot += 1
        position *= knots.take(knot) - start
        position += start
        time = position.astype(np.int64)
        time += (day_row + self.first_day) * DAY_US
        return time

    def mass_before(self, time_us: I64) -> tuple[NDArray[np.intp], F64]:
        """Row of the day that holds each time, and the share of its mass before it."""
        day = time_us // DAY_US
        within = time_us - day * DAY_US
        slot = within // _SLOT_US
        fraction = (within - slot * _SLOT_US) / float(_SLOT_US)
        row = day - self.first_day
        place = row * (SLOTS + 1) + slot
        mass = self.mass.reshape(-1)
        before = mass.take(place)
        return row, before + (mass.take(place + 1) - before) * fraction

    def group(self, day_row: NDArray[np.intp], mass: F64, bits: U32) -> NDArray[np.integer]:
        """Draw the group of payments that stand at these shares of their day's mass."""
        place = (mass * float(GROUP_SLICES)).astype(np.intp)
        place += day_row * GROUP_SLICES
        return self.groups(bits, place)

    def offset_min(self, time_us: I64, timezone: NDArray[np.integer]) -> NDArray[np.int16]:
        """Local time minus UTC in minutes, by time and index of the time zone."""
        place = time_us // _SLOT_US
        place -= self.first_day * SLOTS
        place *= self.offsets.shape[2]
        place += timezone
        return self.offsets.reshape(-1).take(place)


class DayTableCache:
    """Builds the tables of a month together with the days before it that its rows look back to.

    Parameters
    ----------
    period, intensity
        The world's frame.
    timezones
        All time zones in which acceptors may be, by index.
    look_back_days
        How many days before a month its tables begin.
    """

    def __init__(self, period: Period, intensity: Intensity, timezones: tuple[str, ...], look_back_days: int) -> None:
        self._period, self._intensity, self._timezones = period, intensity, timezones
        self._look_back_days = look_back_days
        self._own: dict[int, DayTables] = {}
        self._whole: tuple[int, DayTables] | None = None

    def month(self, index: int) -> DayTables:
        """Give the tables of a month of the period with its look-back."""
        if self._whole is None or self._whole[0] != index:
            first = max(self._period.months[index].first_day - self._look_back_days, self._period.first_day)
            earliest = self._period.month_index(first)
            parts = [self._own_month(number) for number in range(earliest, index + 1)]
            self._own = {number: self._own[number] for number in range(earliest, index + 1)}
            self._whole = (index, join_day_tables(parts, first))
        return self._whole[1]

    def _own_month(self, index: int) -> DayTables:
        if index not in self._own:
            month = self._period.months[index]
            days = np.arange(month.first_day, month.end_day)
            self._own[index] = build_day_tables(days, self._intensity, self._timezones)
        return self._own[index]


def join_day_tables(parts: list[DayTables], first_day: int) -> DayTables:
    """Join the tables of consecutive days, from `first_day` on."""
    skipped = first_day - parts[0].first_day
    end_day = parts[-1].end_day
    groups = CategoricalTable.joined([part.groups for part in parts])
    return DayTables(
        first_day=first_day,
        end_day=end_day,
        time_knots=np.concatenate([part.time_knots for part in parts])[skipped:],
        mass=np.concatenate([part.mass for part in parts])[skipped:],
        groups=groups.contexts(skipped * GROUP_SLICES, (end_day - parts[0].first_day) * GROUP_SLICES),
        offsets=np.concatenate([part.offsets for part in parts])[skipped:],
    )


def build_day_tables(days: I64, intensity: Intensity, timezones: tuple[str, ...]) -> DayTables:
    """Build the tables of consecutive days."""
    weights = intensity.weights(days)
    by_slot = np.zeros((len(days), SLOTS + 1), dtype=np.int64)
    np.cumsum(weights.sum(axis=2), axis=1, out=by_slot[:, 1:])
    total = by_slot[:, -1:]
    mass = by_slot / total
    time_knots = _time_knots(by_slot)
    return DayTables(
        first_day=int(days[0]),
        end_day=int(days[-1]) + 1,
        time_knots=time_knots,
        mass=mass,
        groups=CategoricalTable(_slice_weights(weights, time_knots), GROUP_CELL_BITS),
        offsets=offset_minutes(timezones, days),
    )


def _time_knots(by_slot: I64) -> F64:
    """Invert the cumulative weight at 1,025 even shares; whole microseconds keep times in order."""
    knots = np.empty((len(by_slot), TIME_KNOTS + 1))
    for row, cumulative in enumerate(by_slot):
        target = np.arange(TIME_KNOTS + 1) * (cumulative[-1] / TIME_KNOTS)
        slot = np.searchsorted(cumulative, target, side="right") - 1
        np.minimum(slot, SLOTS - 1, out=slot)
        start = cumulative[slot]
        fraction = (target - start) / (cumulative[slot + 1] - start)
        knots[row] = np.floor((slot + fraction) * float(_SLOT_US))
    knots[:, 0], knots[:, -1] = 0.0, float(DAY_US)
    return knots


def _slice_weights(weights: I64, time_knots: F64) -> F64:
    """Sum each group's weight over slices of equal mass, array (days x slices, groups)."""
    days, _, groups = weights.shape
    cumulative = np.zeros((days, SLOTS + 1, groups), dtype=np.int64)
    np.cumsum(weights, axis=1, out=cumulative[:, 1:])
    border = time_knots[:, :: TIME_KNOTS // GROUP_SLICES] / float(_SLOT_US)
    slot = np.minimum(border.astype(np.intp), SLOTS - 1)
    row = np.arange(days)[:, None]
    at = cumulative[row, slot] + weights[row, slot] * (border - slot)[:, :, None]
    return np.maximum(np.diff(at, axis=1), 0.0).reshape(-1, groups) + 1e-9
