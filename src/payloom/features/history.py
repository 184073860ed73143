"""What happened before each payment: counts, sums and last values of earlier rows with the same key.

Rows are ordered by (key, time), so that the rows of one key in a window of time are neighbours: two binary searches
find them, and a difference of running sums adds them up. Only rows with an earlier time count, by whole milliseconds:
two payments in one millisecond don't see each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS

FOREVER_MS: Final = None
"""Window of everything so far."""


@dataclass(frozen=True)
class History:
    """Earlier events with the same key, seen from the rows that ask.

    Parameters
    ----------
    codes, time_ms
        Key and time of each event, in the order of time; milliseconds since any start, 0 or more. Keys are numbered
        from 0; -1 where there is none.
    asking, asking_ms
        Key and time of each row that asks; keys are numbered as those of the events.
    """

    codes: Ints
    time_ms: Ints
    asking: Ints
    asking_ms: Ints

    @cached_property
    def order(self) -> Ints:
        """Numbers of the events by (key, time)."""
        return np.argsort(self.codes, kind="stable")

    @cached_property
    def _span(self) -> int:
        return max(int(self.time_ms.max(initial=0)), int(self.asking_ms.max(initial=0))) + 1

    @cached_property
    def _sorted(self) -> Ints:
        return (self.codes * self._span + self.time_ms)[self.order]

    @cached_property
    def _queue(self) -> Ints:
        """Numbers of the rows that ask by (key, time): searches that follow each other find what they need in cache."""
        return np.argsort(self.asking * self._span + self.asking_ms, kind="stable")

    @cached_property
    def _now(self) -> Ints:
        return (self.asking * self._span + self.asking_ms)[self._queue]

    @cached_property
    def _first(self) -> Ints:
        return np.searchsorted(self._sorted, (self.asking * self._span)[self._queue])

    @cached_property
    def _end(self) -> Ints:
        return np.searchsorted(self._sorted, self._now, side="left")

    def _begin(self, window_ms: int | None) -> Ints:
        if window_ms is None:
            return self._first
        return np.maximum(np.searchsorted(self._sorted, self._now - window_ms, side="left"), self._first)

    def _answer(self, queued: Floats, has: Bools) -> Floats:
        """Put answers back into the order of the rows that ask; NaN where there is nothing to say."""
        answers = np.empty(len(self.asking))
        answers[self._queue] = np.where(has, queued, np.nan)
        return answers

    @cached_property
    def _known(self) -> Bools:
        return (self.asking >= 0)[self._queue]

    def count(self, window_ms: int | None = FOREVER_MS) -> Floats:
        """Count earlier events of the key within the window; NaN without a key."""
        return self._answer((self._end - self._begin(window_ms)).astype(np.float64), self._known)

    def total(self, values: Floats, window_ms: int | None = FOREVER_MS) -> Floats:
        """Sum a value over earlier events of the key within the window; NaN without a key."""
        running = np.concatenate([[0.0], np.cumsum(values[self.order])])
        return self._answer(running[self._end] - running[self._begin(window_ms)], self._known)

    def milliseconds_since_last(self) -> Floats:
        """Time since the last earlier event of the key; NaN if there is none."""
        return self.asking_ms - self.last(self.time_ms.astype(np.float64))

    def milliseconds_since_first(self) -> Floats:
        """Time since the first event of the key; NaN if none is earlier."""
        return self.asking_ms - self._at(self._first, self.time_ms.astype(np.float64))

    def last(self, values: Floats) -> Floats:
        """Value of the last earlier event of the key; NaN if there is none."""
        return self._at(self._end - 1, values)

    def _at(self, place: Ints, values: Floats) -> Floats:
        has = self._known & (self._end > self._first)
        found = np.full(len(place), np.nan)
        found[has] = values[self.order[place[has]]]
        return self._answer(found, has)


def first_times(codes: Ints) -> Bools:
    """Say which rows are the first of their key, rows being in the order of their times."""
    first = np.zeros(len(codes), dtype=np.bool_)
    first[np.unique(codes, return_index=True)[1]] = True
    return first & (codes >= 0)
