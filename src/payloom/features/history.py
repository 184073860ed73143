"""What happened before each payment: counts, sums, maxima and last values of earlier rows with the same key.

Rows are ordered by (key, time), so that the rows of one key in a window of time are neighbours: two binary searches
find them, and a difference of running sums adds them up. Sums are those of integers, so that what other keys hold
changes no digit. Only rows with an earlier time count, by whole milliseconds: two payments in one millisecond don't see
each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int32]
Places = NDArray[np.int32]

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
WEEK_MS: Final = 7 * DAY_MS
MONTH_MS: Final = 30 * DAY_MS

FOREVER_MS: Final = None
"""Window of everything so far."""

FAR_MS: Final = np.iinfo(np.int64).max
"""Later than anything."""


def by_key(codes: Codes) -> Ints:
    """Numbers of the rows that have a key, ordered by key; rows of one key stay in their order."""
    numbers = np.flatnonzero(codes >= 0)
    bits = len(codes).bit_length()
    packed = (codes[numbers].astype(np.int64) << bits) | numbers
    packed.sort()
    packed &= (1 << bits) - 1
    return packed


@dataclass(frozen=True)
class History:
    """Earlier events with the same key, seen from the rows that ask.

    Parameters
    ----------
    codes, time_ms
        Key and time of each event, in the order of time; milliseconds since any start, 0 or more. Keys are numbered
        from 0; -1 where there is none.
    asking, asking_ms
        Key and time of each row that asks, in the order of time; keys are numbered as those of the events.
    """

    codes: Codes
    time_ms: Ints
    asking: Codes
    asking_ms: Ints
    _begins: dict[int, Places] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def order(self) -> Places:
        """Numbers of the events that have a key by (key, time)."""
        return by_key(self.codes).astype(np.int32)

    @cached_property
    def _span(self) -> int:
        return max(int(self.time_ms.max(initial=0)), int(self.asking_ms.max(initial=0))) + 1

    @cached_property
    def _moments(self) -> Ints:
        """Key and time of each event in one number, in order."""
        return self.codes[self.order] * np.int64(self._span) + self.time_ms[self.order]

    @cached_property
    def _queue(self) -> Places:
        """Numbers of the rows that ask by (key, time): searches that follow each other find what they need in cache."""
        return by_key(self.asking).astype(np.int32)

    @cached_property
    def _now(self) -> Ints:
        return self.asking[self._queue] * np.int64(self._span) + self.asking_ms[self._queue]

    @cached_property
    def _first(self) -> Places:
        return self._search(self.asking[self._queue] * np.int64(self._span))

    @cached_property
    def _end(self) -> Places:
        return self._search(self._now)

    def _search(self, moments: Ints) -> Places:
        return np.searchsorted(self._moments, moments, side="left").astype(np.int32)

    def _begin(self, window_ms: int | None) -> Places:
        if window_ms is None:
            return self._first
        if window_ms not in self._begins:
            self._begins[window_ms] = np.maximum(self._search(self._now - window_ms), self._first)
        return self._begins[window_ms]

    def _window(self, window_ms: int | None, delay_ms: int) -> tuple[Places, Places]:
        """First event of each window, and the first after it; the window ends a delay before the row that asks."""
        if not delay_ms:
            return self._begin(window_ms), self._end
        return self._begin(None if window_ms is None else window_ms + delay_ms), self._begin(delay_ms)

    def _answer(self, queued: NDArray[np.generic]) -> Floats:
        """Put answers back into the order of the rows that ask; NaN where there is no key."""
        answers = np.full(len(self.asking), np.nan)
        answers[self._queue] = queued
        return answers

    def count(self, window_ms: int | None = FOREVER_MS, *, delay_ms: int = 0) -> Floats:
        """Count earlier events of the key within the window; NaN without a key."""
        begin, end = self._window(window_ms, delay_ms)
        return self._answer(end - begin)

    def total(self, values: Ints | Floats, window_ms: int | None = FOREVER_MS, *, delay_ms: int = 0) -> Floats:
        """Sum a value over earlier events of the key within the window; NaN without a key."""
        begin, end = self._window(window_ms, delay_ms)
        running = np.zeros(len(self.order) + 1, dtype=values.dtype)
        np.cumsum(values[self.order], out=running[1:])
        return self._answer(running[end] - running[begin])

    def maximum(self, values: Ints | Floats, window_ms: int | None = FOREVER_MS) -> Floats:
        """Largest value of earlier events of the key within the window; NaN if there are none.

        Of every place the largest of the next 1, 2, 4, … values is known in turn; two such stretches cover a window.
        """
        begin, end = self._begin(window_ms), self._end
        doublings = np.frexp((end - begin).astype(np.float64))[1].astype(np.int8) - 1
        turns = np.argsort(doublings, kind="stable")
        edges = np.searchsorted(doublings[turns], np.arange(int(doublings.max(initial=-1)) + 2))
        found = np.full(len(end), np.nan)
        largest = values[self.order].astype(np.float64)
        for doubling, (start, stop) in enumerate(pairwise(edges)):
            length = 1 << doubling
            rows = turns[start:stop]
            found[rows] = np.maximum(largest[begin[rows]], largest[end[rows] - length])
            largest = np.maximum(largest[:-length], largest[length:])
        return self._answer(found)

    def standing(self, chosen: Bools, until_ms: Ints) -> Floats:
        """Count chosen events of the key that are earlier and stand; NaN without a key.

        An event stands for rows that ask later than its own time and not later than `until_ms`.
        """
        rows = self.order[chosen[self.order]]
        ends = self.codes[rows] * np.int64(self._span) + np.minimum(until_ms[rows], self._span - 1)
        ends.sort()
        # Every event of another key has begun and ended, or neither: the difference is that of the own key.
        begun = np.searchsorted(self._moments[chosen[self.order]], self._now, side="left")
        return self._answer(begun - np.searchsorted(ends, self._now, side="left"))

    def next_ms(self) -> Ints:
        """Time of the next event with the same key, of each event; `FAR_MS` if there is none."""
        following = np.full(len(self.codes), FAR_MS)
        same = np.flatnonzero(self.codes[self.order[1:]] == self.codes[self.order[:-1]])
        following[self.order[same]] = self.time_ms[self.order[same + 1]]
        return following

    def milliseconds_since_last(self) -> Floats:
        """Time since the last earlier event of the key; NaN if there is none."""
        return self.asking_ms - self.last(self.time_ms)

    def milliseconds_since_first(self) -> Floats:
        """Time since the first event of the key; NaN if none is earlier."""
        return self.asking_ms - self._at(self._first, self.time_ms)

    def last(self, values: Ints | Floats) -> Floats:
        """Value of the last earlier event of the key; NaN if there is none."""
        return self._at(self._end - 1, values)

    def _at(self, place: Places, values: Ints | Floats) -> Floats:
        has = self._end > self._first
        found = np.full(len(place), np.nan)
        found[has] = values[self.order[place[has]]]
        return self._answer(found)


def first_times(codes: Codes) -> Bools:
    """Say which rows are the first of their key, rows being in the order of their times."""
    order = by_key(codes)
    first = np.zeros(len(codes), dtype=np.bool_)
    first[order[np.flatnonzero(np.diff(codes[order], prepend=-1))]] = True
    return first
