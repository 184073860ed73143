"""Keyed bijections: opaque ids and permutations that need no memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.streams.hashing import U64, mix_int, unsigned

ID_BITS = 53
"""Ids stay below 2**53, so that JSON numbers and nullable pandas columns (float64) keep them exact."""

_ID_MASK = np.uint64((1 << ID_BITS) - 1)
_ID_SHIFTS = tuple(np.uint64(s) for s in (27, 25, 28))


class IdScrambler:
    """A bijection on [0, 2**53) that hides order and meaning of what it maps.

    Parameters
    ----------
    key
        64-bit key; other keys give unrelated bijections.
    """

    def __init__(self, key: np.uint64) -> None:
        state = int(key)
        rounds: list[np.uint64] = []
        for step in range(4):
            state = mix_int(state + step & (1 << 64) - 1)
            rounds.append(np.uint64(state & int(_ID_MASK)))
        self._add, self._add_late = rounds[0], rounds[1]
        self._multiply, self._multiply_late = rounds[2] | np.uint64(1), rounds[3] | np.uint64(1)

    def __call__(self, index: NDArray[np.integer]) -> NDArray[np.int64]:
        """Map indices in [0, 2**53) to ids in the same range."""
        x = unsigned(index) + self._add
        x &= _ID_MASK
        y = x >> _ID_SHIFTS[0]
        x ^= y
        x *= self._multiply
        x += self._add_late
        x &= _ID_MASK
        np.right_shift(x, _ID_SHIFTS[1], out=y)
        x ^= y
        x *= self._multiply_late
        x &= _ID_MASK
        np.right_shift(x, _ID_SHIFTS[2], out=y)
        x ^= y
        return x.view(np.int64)


class Permutation:
    """A keyed permutation of [0, size), by cycle walking over the next power of two.

    Parameters
    ----------
    key
        64-bit key.
    size
        Number of elements, at least 1.
    """

    def __init__(self, key: int, size: int) -> None:
        self.size = size
        bits = max(2, (size - 1).bit_length())
        mask = (1 << bits) - 1
        self._mask, self._shift = np.uint64(mask), np.uint64((bits + 1) // 2)
        state = key
        self._rounds: list[tuple[np.uint64, np.uint64]] = []
        for step in range(3):
            state = mix_int(state + step & (1 << 64) - 1)
            multiplier, offset = (state | 1) & mask, state >> 32 & mask
            self._rounds.append((np.uint64(multiplier), np.uint64(offset)))

    def __call__(self, index: NDArray[np.integer]) -> NDArray[np.int64]:
        """Map elements of [0, size) to elements of [0, size), each to another."""
        x = self._step(index.astype(np.uint64))
        outside = np.flatnonzero(x >= np.uint64(self.size))
        while outside.size:
            x[outside] = self._step(x[outside])
            outside = outside[x[outside] >= np.uint64(self.size)]
        return x.view(np.int64)

    def _step(self, x: U64) -> U64:
        for multiplier, offset in self._rounds:
            x = (x * multiplier + offset) & self._mask
            x ^= x >> self._shift
        return x
