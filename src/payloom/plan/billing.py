"""When subscriptions bill: all of a cohort stand in line by local day of month and minute.

A month has an integer *phase* that rises with local time, faster on days and hours when much is billed. Subscription i
of a cohort with S of them bills at phase (i + o) / S of the month, so what bills in any window of time is one
contiguous range, countable without making a row. On a month's last day the days up to the 31st are made up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.plan.periods import DAY_US, day_date, day_number
from payloom.plan.profiles import SLOTS

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

DAY_OF_MONTH_WEIGHT = (6, 4, 4, 3, 5, *[3] * 9, 5, *[3] * 9, 4, 3, 3, 3, 2, 2, 1)
"""How much bills on the 1st to the 31st: the 1st, 5th, 15th and 25th stand out (estimate)."""

_HOUR_WEIGHT = (3, 2, 2, 2, 2, 3, 6, 9, 10, 10, 9, 8, 7, 6, 6, 5, 5, 5, 5, 4, 4, 4, 4, 3)
"""How much bills by local hour: batches run in the morning (estimate; ULB: 8.4 % of all payments from 0 to 6 h)."""

STANDING_DAY_WEIGHT = (10, 2, 2, 2, 5, *[2] * 4, 4, *[2] * 4, 9, *[2] * 4, 4, *[2] * 4, 9, 2, 2, 7, 2, 2, 5)
"""How many standing transfers are made on the 1st to the 31st: salaries and rents stand out (Berka: 85 % of salary-type
transfers on 8 days)."""

_SLOT_US = DAY_US // SLOTS
_SLOT_WEIGHT = np.repeat(np.array(_HOUR_WEIGHT, dtype=np.int64), 4)
_SLOT_PHASE = np.concatenate([[0], np.cumsum(_SLOT_WEIGHT * _SLOT_US)])
_DAY_PHASE = int(_SLOT_PHASE[-1])
_MONTH_WEIGHT = 99
"""Sum of the weights of every calendar's days."""
MONTH_PHASE = _MONTH_WEIGHT * _DAY_PHASE
"""Phase of a whole month; below 2**63."""


class BillingCalendar:
    """How payments that return every month spread over its days.

    Parameters
    ----------
    day_weights
        Weights of the 1st to the 31st, which sum to 99.
    """

    def __init__(self, day_weights: tuple[int, ...]) -> None:
        self.phase = np.concatenate([[0], np.cumsum(np.array(day_weights, dtype=np.int64))])
        if self.phase[-1] != _MONTH_WEIGHT:
            raise ValueError(f"day weights sum to {self.phase[-1]}, not to {_MONTH_WEIGHT}")

    def day_of_month(self, phase: I64) -> I64:
        """Day of a month of 31 days, 1 to 31, at phases."""
        return np.searchsorted(self.phase * _DAY_PHASE, phase, side="right")


SUBSCRIPTION_CALENDAR = BillingCalendar(DAY_OF_MONTH_WEIGHT)
STANDING_CALENDAR = BillingCalendar(STANDING_DAY_WEIGHT)


@dataclass(frozen=True, slots=True)
class LocalMonth:
    """A calendar month in a group's standard time.

    Attributes
    ----------
    calendar
        How its days share what returns every month.
    number
        Months since year 0: 12 * year + month - 1.
    first_day, days
        Day number of its 1st, and its length.
    """

    calendar: BillingCalendar
    number: int
    first_day: int
    days: int

    @classmethod
    def of(cls, calendar: BillingCalendar, local_us: int) -> LocalMonth:
        """Month that holds a local time in microseconds."""
        day = day_date(local_us // DAY_US)
        return cls.numbered(calendar, day.year * 12 + day.month - 1)

    @classmethod
    def numbered(cls, calendar: BillingCalendar, number: int) -> LocalMonth:
        """Month by its number."""
        year, month = divmod(number, 12)
        following_year, following = divmod(number + 1, 12)
        first = day_number(day_date(0).replace(year=year, month=month + 1))
        end = day_number(day_date(0).replace(year=following_year, month=following + 1))
        return cls(calendar, number, first, end - first)

    def _day_weights(self) -> I64:
        """Phase before each day of this month, in units of a day of weight 1; the last day reaches to the end."""
        return np.append(self.calendar.phase[: self.days], _MONTH_WEIGHT)

    def phase(self, local_us: I64) -> I64:
        """Phase of the month at local times; 0 before it and `MONTH_PHASE` after it."""
        day = local_us // DAY_US
        within = local_us - day * DAY_US
        index = np.clip(day - self.first_day, 0, self.days - 1)
        weights = self._day_weights()
        slot = within // _SLOT_US
        day_phase = _SLOT_PHASE[slot] + _SLOT_WEIGHT[slot] * (within - slot * _SLOT_US)
        phase = weights[index] * _DAY_PHASE + (weights[index + 1] - weights[index]) * day_phase
        before, after = day < self.first_day, day >= self.first_day + self.days
        return np.where(before, 0, np.where(after, MONTH_PHASE, phase))

    def local_us(self, phase: I64) -> I64:
        """Last local microsecond whose phase is at most `phase`: time < t means phase < phase(t)."""
        weights = self._day_weights()
        starts = weights * _DAY_PHASE
        index = np.searchsorted(starts, phase, side="right") - 1
        within = (phase - starts[index]) // (weights[index + 1] - weights[index])
        slot = np.searchsorted(_SLOT_PHASE, within, side="right") - 1
        time = (within - _SLOT_PHASE[slot]) // _SLOT_WEIGHT[slot]
        time += slot * _SLOT_US
        time += (self.first_day + index) * DAY_US
        return time


def line_phase(index: I64, offset: F64, size: I64) -> F64:
    """Phase at which each member of a line bills; rises with the index."""
    return (index + offset) / size * float(MONTH_PHASE)


def members_before(phase: I64, offset: F64, size: I64) -> I64:
    """How many members of lines bill before phases, array (phases, lines); exact, 0 for empty lines."""
    phase = phase[:, None]
    safe = np.maximum(size, 1)
    count = np.ceil(phase / float(MONTH_PHASE) * safe - offset).astype(np.int64)
    # One step either way makes up for the rounding of the estimate.
    count -= line_phase(count - 1, offset, safe) >= phase
    count += line_phase(count, offset, safe) < phase
    return np.minimum(np.maximum(count, 0), size)
