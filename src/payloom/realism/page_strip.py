"""An accepted interval and a measured value on one line: the small picture beside each fact."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, isnan, log
from typing import Final

_MARGIN: Final = 0.8
"""Room beside an accepted interval, in its own widths."""

_LOG_FROM: Final = 20.0
"""Intervals that span more than such a factor are drawn on a logarithmic scale."""


@dataclass(frozen=True, slots=True)
class Strip:
    """An accepted interval and a measured value, in percent of the width; `beyond` is -1 or 1 off the scale."""

    low: float
    high: float
    dot: float | None
    beyond: int
    tip: str


def strip(low: float, high: float, value: float | None, tip: str) -> Strip:
    """Place a value beside its interval."""
    if 0 < low < high and isfinite(high) and high / low > _LOG_FROM:
        placed = None if value is None else log(value) if value > 0 else float("-inf")
        return strip(log(low), log(high), placed, tip)
    if not (isfinite(low) or isfinite(high)):
        return Strip(0, 100, None if value is None or isnan(value) else 50, 0, tip)
    left, right = _closed(low, high, value)
    if not left <= right:
        return Strip(0, 100, None, 0, tip)
    width = (right - left) or max(abs(left), 1.0) * 0.1
    start, whole = left - _MARGIN * width, width * (1 + 2 * _MARGIN) if right > left else 2 * _MARGIN * width
    ends = [0 if low < left else 100 * (left - start) / whole, 100 if high > right else 100 * (right - start) / whole]
    if value is None or isnan(value):
        return Strip(round(ends[0], 1), round(ends[1], 1), None, 0, tip)
    place = 100 * (value - start) / whole
    beyond = -1 if place < 2 else 1 if place > 98 else 0
    return Strip(round(ends[0], 1), round(ends[1], 1), round(min(max(place, 2), 98), 1), beyond, tip)


def _closed(low: float, high: float, value: float | None) -> tuple[float, float]:
    """Give an open end as much room as the value needs."""
    end = low if isfinite(low) else high
    room = max(abs(end), abs(value - end) if value is not None and isfinite(value) else 0.0) or 1.0
    return low if isfinite(low) else high - room, high if isfinite(high) else low + room
