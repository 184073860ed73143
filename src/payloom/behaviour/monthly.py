"""What returns every month, in a window: the members of monthly lines and their times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.plan.billing import line_phase
from payloom.plan.periods import DAY_US
from payloom.plan.quotas import MonthlyLines
from payloom.plan.world_plan import Plan

I64 = NDArray[np.int64]


@dataclass(slots=True)
class Dues:
    """Members of lines that are due in a window; arrays of the same length, not sorted.

    Attributes
    ----------
    cohort, member
        Whose line, and the place in it.
    month
        Months since year 0.
    phase
        Where in the month it stands.
    time_us
        When.
    """

    cohort: I64
    member: I64
    month: I64
    phase: I64
    time_us: I64


def dues_between(plan: Plan, lines: MonthlyLines, by_day: I64, start_us: int, end_us: int) -> Dues:
    """List what is due in [start_us, end_us); days without room for it, by `by_day`, have none."""
    parts: list[tuple[I64, ...]] = [(np.zeros(0, dtype=np.int64),) * 5]
    for group in range(len(plan.groups)):
        shift = int(lines.standard_offset_us[group])
        for line in lines.ranges(plan.cohorts, plan.period, group, start_us, end_us):
            cohort, member = _expand(line.cohort, line.low, line.high)
            phase = line_phase(member, lines.offset[cohort], lines.size[cohort]).astype(np.int64)
            month = np.full(len(cohort), line.month.number)
            parts.append((cohort, member, month, phase, line.month.local_us(phase) - shift))
    dues = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    room = by_day[dues[4] // DAY_US - plan.period.first_day] > 0
    return Dues(*(column[room] for column in dues))


def _expand(cohort: NDArray[np.intp], low_member: I64, high_member: I64) -> tuple[I64, I64]:
    """List the members [low, high) of each cohort's line."""
    count = high_member - low_member
    total = int(count.sum())
    start = np.repeat(np.cumsum(count) - count, count)
    member = np.arange(total) - start + np.repeat(low_member, count)
    return np.repeat(cohort, count).astype(np.int64), member
