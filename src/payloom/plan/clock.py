"""Local time at any moment: by month from tables, or for a few scattered moments from the zones' transitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from payloom.reference import offset_transitions

I64 = NDArray[np.int64]


class LocalTime(Protocol):
    """Whoever knows local time."""

    def offset_min(self, time_us: I64, timezone: NDArray[np.integer]) -> NDArray[np.int16]:
        """Local time minus UTC in minutes, by time and index of the time zone."""
        ...


@dataclass(frozen=True)
class Clock:
    """Local time of a few moments anywhere in the period.

    Attributes
    ----------
    timezones
        IANA names by index.
    """

    timezones: tuple[str, ...]

    def offset_min(self, time_us: I64, timezone: NDArray[np.integer]) -> NDArray[np.int16]:
        """Local time minus UTC in minutes, by time and index of the time zone."""
        offset = np.empty(len(time_us), dtype=np.int16)
        for index in np.unique(timezone).tolist():
            here = np.flatnonzero(timezone == index)
            utc_seconds, minutes = offset_transitions(self.timezones[index])
            place = np.searchsorted(utc_seconds, time_us[here] // 1_000_000, side="right") - 1
            offset[here] = minutes[np.maximum(place, 0)]
        return offset
