"""Tables that turn random bits into values with + - * / and look-ups only."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from payloom.streams.hashing import U32

F64 = NDArray[np.float64]
Codes = NDArray[np.signedinteger]

_KNOT_BITS = 12
_FRACTION_BITS = np.uint32(32 - _KNOT_BITS)
_FRACTION_MASK = np.uint32((1 << 32 - _KNOT_BITS) - 1)
_INTERVAL = np.uint32(1 << 32 - _KNOT_BITS)
INTERVALS = 1 << _KNOT_BITS
"""A uniform table has this many intervals and one knot more."""


class UniformTable:
    """A function of a uniform 32-bit draw, linear between 4,097 evenly spaced knots.

    Parameters
    ----------
    knots
        Values at p = k / 4096, k = 0..4096.
    low_tail, high_tail
        Values at 4,097 knots within the first and the last interval, where the function bends too much for a line.
    """

    def __init__(self, knots: F64, low_tail: F64 | None = None, high_tail: F64 | None = None) -> None:
        self._knots = np.ascontiguousarray(knots[:-1])
        self._slopes = (knots[1:] - knots[:-1]) / float(1 << 20)
        self._steps = self._knots + self._slopes * float(1 << 19)
        for edge, tail in ((0, low_tail), (-1, high_tail)):
            if tail is not None:
                self._steps[edge] = tail[INTERVALS // 2]
        tails = [None if tail is None else UniformTable(tail) for tail in (low_tail, high_tail)]
        self._tails = tails if any(tails) else []

    def __call__(self, bits: U32) -> F64:
        """Look up the value at p = bits / 2**32."""
        interval = (bits >> _FRACTION_BITS).astype(np.intp)
        value = self._slopes.take(interval)
        value *= bits & _FRACTION_MASK
        value += self._knots.take(interval)
        if self._tails:
            # Wraps round: the first and the last interval become neighbours.
            rare = np.flatnonzero(bits + _INTERVAL < _INTERVAL + _INTERVAL)
            for edge, tail in zip((0, INTERVALS - 1), self._tails, strict=True):
                here = rare[interval[rare] == edge]
                if here.size and tail is not None:
                    # The 20 bits within the interval become the tail's position.
                    value[here] = tail((bits[here] & _FRACTION_MASK) << np.uint32(_KNOT_BITS))
        return value

    def step(self, bits: U32) -> F64:
        """Look up the middle of the interval instead: one of 4,096 values, for traits that last."""
        return self._steps.take((bits >> _FRACTION_BITS).astype(np.intp))


class ExpTable:
    """exp(x) for x in [-16, 16], linear between knots 1/128 apart (relative error below 8e-6).

    Parameters
    ----------
    knots
        exp(-16 + k / 128), k = 0..4096.
    """

    def __init__(self, knots: F64) -> None:
        self._knots = np.ascontiguousarray(knots[:-1])
        self._slopes = knots[1:] - knots[:-1]

    def __call__(self, x: F64) -> F64:
        """Exponential of x; x is clipped to the table."""
        position = x + 16.0
        position *= 128.0
        np.maximum(position, 0.0, out=position)
        np.minimum(position, 4095.999, out=position)
        interval = position.astype(np.intp)
        position -= interval
        position *= self._slopes.take(interval)
        position += self._knots.take(interval)
        return position

    def one(self, x: float) -> float:
        """Exponential of one number."""
        return float(self(np.array([x]))[0])


class CategoricalTable:
    """Draws categories with given weights in a given context.

    The first bits of a draw find a cell; a cell that lies within one category is answered at once, the few that hold
    a border are searched with all 32 bits.

    Parameters
    ----------
    weights
        Array (contexts, categories) of weights, not negative, no row all zero; need not sum to one.
    cell_bits
        log2 of the number of cells of a context: fewer for many contexts, so that the table stays small.

    Notes
    -----
    A probability is kept to 2**-32: rates far below 1 in 10,000 come out right.
    """

    def __init__(self, weights: ArrayLike, cell_bits: int = 12) -> None:
        matrix = np.atleast_2d(np.asarray(weights, dtype=np.float64))
        contexts, categories = matrix.shape
        self._cell_bits, self._shift = cell_bits, np.uint32(32 - cell_bits)
        self._categories = categories
        ends = np.cumsum(_integer_parts(matrix, 1 << 32), axis=1)
        self._ends = (ends + (np.arange(contexts) << 32)[:, None]).reshape(-1)
        unit = 1 << 32 - cell_bits
        first = _ends_up_to((ends + unit - 1) // unit, 1 << cell_bits)
        last = _ends_up_to(ends // unit, 1 << cell_bits)
        cells: Codes = np.where(first == last, first, -1).reshape(-1)
        self._cells: Codes = cells.astype(np.int8) if categories < 128 else cells.astype(np.int16)

    def __call__(self, bits: U32, context: NDArray[np.integer] | None = None) -> Codes:
        """Draw a category for each 32-bit number, in each row's context; without contexts, in the first."""
        cell = (bits >> self._shift).astype(np.intp)
        if context is not None:
            cell += context.astype(np.intp, copy=False) << self._cell_bits
        category = self._cells.take(cell)
        unclear = np.flatnonzero(category < 0)
        if unclear.size:
            target = bits[unclear].astype(np.int64)
            if context is not None:
                where = context[unclear].astype(np.int64)
                found = np.searchsorted(self._ends, target + (where << 32), side="right")
                found -= where * self._categories
            else:
                found = np.searchsorted(self._ends, target, side="right")
            category[unclear] = found
        return category

    @classmethod
    def joined(cls, parts: list[CategoricalTable]) -> CategoricalTable:
        """Put the contexts of tables with the same categories and cells one after the other."""
        whole = cls.__new__(cls)
        first = parts[0]
        whole._cell_bits, whole._shift, whole._categories = first._cell_bits, first._shift, first._categories
        whole._cells = np.concatenate([part._cells for part in parts])
        contexts = np.cumsum([0] + [len(part._ends) // first._categories for part in parts])
        shifted = [part._ends + (int(before) << 32) for part, before in zip(parts, contexts[:-1], strict=True)]
        whole._ends = np.concatenate(shifted)
        return whole

    def contexts(self, first: int, end: int) -> CategoricalTable:
        """Keep the contexts [first, end)."""
        part = CategoricalTable.__new__(CategoricalTable)
        part._cell_bits, part._shift, part._categories = self._cell_bits, self._shift, self._categories
        part._cells = self._cells[first << self._cell_bits : end << self._cell_bits]
        part._ends = self._ends[first * self._categories : end * self._categories] - (first << 32)
        return part


def _integer_parts(weights: F64, total: int) -> NDArray[np.int64]:
    """Scale each row of weights to integers that sum to `total`; the heaviest takes the rounding."""
    # Sums are taken over integers: float sums differ with the CPU's vector width.
    scaled = (weights / weights.max(axis=1, keepdims=True) * 2.0**44).astype(np.int64)
    parts = (scaled / scaled.sum(axis=1, keepdims=True) * float(total)).astype(np.int64)
    rows = np.arange(len(parts))
    parts[rows, scaled.argmax(axis=1)] += total - parts.sum(axis=1)
    return parts


def _ends_up_to(cell: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    """Count, for each row and cell, the entries of `cell` that are not above it."""
    rows = np.arange(len(cell))[:, None] * (cells + 1)
    counts = np.bincount((cell + rows).reshape(-1), minlength=len(cell) * (cells + 1))
    return np.cumsum(counts.reshape(len(cell), cells + 1), axis=1)[:, :-1]


def proportional_split(total: int, weights: list[float] | list[int]) -> list[int]:
    """Split an integer by weights: largest remainders, ties to the earlier; sums to `total` exactly.

    Parameters
    ----------
    total
        What to split, not negative.
    weights
        Finite, not negative; with no positive weight the split is even.
    """
    if not weights:
        return []
    numerators = [_exact(w) for w in weights]
    whole = sum(numerators)
    if whole == 0:
        numerators, whole = [1] * len(weights), len(weights)
    shares = [divmod(total * n, whole) for n in numerators]
    counts = [quotient for quotient, _ in shares]
    missing = total - sum(counts)
    by_remainder = sorted(range(len(shares)), key=lambda i: (-shares[i][1], i))
    for i in by_remainder[:missing]:
        counts[i] += 1
    return counts


_EXACT_SCALE = 1 << 60


def _exact(weight: float) -> int:
    """Turn a weight into an integer, so that sums do not depend on the order."""
    return weight * _EXACT_SCALE if isinstance(weight, int) else int(weight * float(_EXACT_SCALE))


def sequential_sum(values: F64) -> float:
    """Sum in order: NumPy's own sum depends on the CPU's vector width in the last bit."""
    return float(np.cumsum(values)[-1])
