"""Cards that were blocked after a report of fraud and replaced before their time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]

_SECOND_BITS = 30
"""Seconds since the beginning of the period: 20 years are fewer than 2**30."""

FEWEST_FILTER_BITS, FILTER_ROOM_BITS = 20, 3
"""log2 of the places of the filter: at least so many, and 8 to 16 for each block. Twice as many find little more."""

_AT_ONCE = 1 << 16

MAX_BLOCKS = 40
"""Blocks of one card slot in a world; after that the card stays (only worlds made of fraud get there)."""


@dataclass(frozen=True)
class Reissues:
    """Blocks of cards, each the first moment of the card that follows.

    Attributes
    ----------
    keys
        Holder and second, packed, sorted. A holder is a customer's card slot.
    present
        Whether any holder with these lower bits was ever blocked: most rows are done with one look-up. Its length is a
        power of two.
    origin_us
        Beginning of the period; what was before it counts as then.
    """

    keys: I64
    present: NDArray[np.bool_]
    origin_us: int

    @classmethod
    def of(cls, keys: I64, origin_us: int) -> Reissues:
        """Sort packed blocks, in place, by holder and time; two blocks of a holder in the same second are one."""
        keys.sort()
        keys = keys[_differ(keys, 1)]
        keys = keys[_differ(keys >> _SECOND_BITS, MAX_BLOCKS)]
        bits = max(len(keys).bit_length() + FILTER_ROOM_BITS, FEWEST_FILTER_BITS)
        present = np.zeros(1 << bits, dtype=np.bool_)
        for start in range(0, len(keys), _AT_ONCE):
            present[(keys[start : start + _AT_ONCE] >> _SECOND_BITS) & ((1 << bits) - 1)] = True
        return cls(keys, present, origin_us)

    def candidates(self, holder: I64) -> NDArray[np.intp]:
        """Rows whose holder may have been blocked at some time."""
        if not len(self.keys):
            return np.zeros(0, dtype=np.intp)
        return np.flatnonzero(self.present.take(holder & (len(self.present) - 1)))

    def before(self, holder: I64, time_us: I64) -> tuple[I64, I64]:
        """Count the blocks of holders up to times, and give the time of the last one (only where there is one)."""
        if not len(self.keys):
            return np.zeros(len(holder), dtype=np.int64), time_us
        seconds = np.clip((time_us - self.origin_us) // 1_000_000, 0, (1 << _SECOND_BITS) - 1)
        latest = np.searchsorted(self.keys, holder << _SECOND_BITS | seconds, side="right") - 1
        blocks = np.zeros(len(holder), dtype=np.int64)
        # Few have one, and fewer two: going back from it is cheaper than another search.
        some, place = np.arange(len(holder)), latest
        while some.size:
            more = (place >= 0) & (self.keys.take(place, mode="clip") >> _SECOND_BITS == holder.take(some))
            some, place = some[more], place[more] - 1
            blocks[some] += 1
        since = self.keys.take(latest, mode="clip") & ((1 << _SECOND_BITS) - 1)
        return blocks, since * 1_000_000 + self.origin_us

    def of_holders(self, holder: I64) -> tuple[NDArray[np.intp], I64]:
        """List all blocks of some holders: which holder, and when."""
        first = np.searchsorted(self.keys, holder << _SECOND_BITS)
        count = np.searchsorted(self.keys, (holder + 1) << _SECOND_BITS) - first
        row = np.repeat(np.arange(len(holder)), count)
        place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + first[row]
        return row, (self.keys[place] & ((1 << _SECOND_BITS) - 1)) * 1_000_000 + self.origin_us


def pack_blocks(holder: I64, time_us: I64, origin_us: int) -> I64:
    """Pack blocks as `Reissues` keeps them; what was before the period counts as its beginning."""
    seconds = time_us - origin_us
    seconds //= 1_000_000
    np.clip(seconds, 0, (1 << _SECOND_BITS) - 1, out=seconds)
    seconds |= holder << _SECOND_BITS
    return seconds


def _differ(values: I64, distance: int) -> NDArray[np.bool_]:
    """Whether each of some sorted values is not that of so many places before."""
    differs = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[distance:], values[:-distance], out=differs[distance:])
    return differs
