"""Tables that turn random bits into values with + - * / and look-ups only."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from payloom.streams.hashing import U32

F64 = NDArray[np.float64]

_KNOT_BITS = 12
_FRACTION_BITS = np.uint32(32 - _KNOT_BITS)
_FRACTION_MASK = np.uint32((1 << 32 - _KNOT_BITS) - 1)
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
        self._tails = tuple(
            (edge, UniformTable(tail))
            for edge, tail in ((0, low_tail), (INTERVALS - 1, high_tail))
            if tail is not None
        )

    def __call__(self, bits: U32) -> F64:
        """Look up the value at p = bits / 2**32."""
        interval = (bits >> _FRACTION_BITS).astype(np.intp)
        value = self._slopes.take(interval)
        value *= bits & _FRACTION_MASK
        value += self._knots.take(interval)
        for edge, tail in self._tails:
            rare = np.flatnonzero(interval == edge)
            if rare.size:
                # The 20 bits within the interval become the tail's position.
                value[rare] = tail((bits[rare] & _FRACTION_MASK) << np.uint32(_KNOT_BITS))
        return value


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
    """Draws categories with given weights in a given context (Vose's alias method, in integers).

    Parameters
    ----------
    weights
        Array (contexts, categories) of weights, not negative, no row all zero; need not sum to one.

    Notes
    -----
    A probability is kept to 2**-(32 - b) of a category's share, b = bits of the number of categories: rates far
    below 1 in 10,000 come out right.
    """

    def __init__(self, weights: ArrayLike) -> None:
        matrix = np.atleast_2d(np.asarray(weights, dtype=np.float64))
        self.contexts, self.categories = matrix.shape
        self._bits = max(1, (self.categories - 1).bit_length())
        padded = np.zeros((self.contexts, 1 << self._bits))
        padded[:, : self.categories] = matrix
        unit = 1 << 32 - self._bits
        keep, alias = _alias_slots(_integer_parts(padded, unit << self._bits), unit)
        self._keep, self._alias = keep.ravel(), alias.ravel()
        self._shift, self._mask = np.uint32(32 - self._bits), np.uint32(unit - 1)

    def __call__(self, bits: U32, context: NDArray[np.integer] | int = 0) -> NDArray[np.int16]:
        """Draw a category for each 32-bit number, in each row's context."""
        slot = (bits >> self._shift).astype(np.intp)
        if isinstance(context, int):
            place = slot + (context << self._bits) if context else slot
        else:
            place = context.astype(np.intp)
            place <<= self._bits
            place += slot
        stays = (bits & self._mask) < self._keep.take(place)
        return np.where(stays, slot.astype(np.int16), self._alias.take(place))


def _integer_parts(weights: F64, total: int) -> NDArray[np.int64]:
    """Scale each row of weights to integers that sum to `total`; the heaviest takes the rounding."""
    # Sums are taken over integers: float sums differ with the CPU's vector width.
    scaled = (weights / weights.max(axis=1, keepdims=True) * 2.0**44).astype(np.int64)
    parts = (scaled / scaled.sum(axis=1, keepdims=True) * float(total)).astype(np.int64)
    rows = np.arange(len(parts))
    parts[rows, scaled.argmax(axis=1)] += total - parts.sum(axis=1)
    return parts


def _alias_slots(parts: NDArray[np.int64], unit: int) -> tuple[NDArray[np.uint32], NDArray[np.int16]]:
    """Split each row's parts into slots of `unit`: what stays in a slot, and which category has the rest."""
    rows = np.arange(len(parts))
    slots = parts.shape[1]
    keep = np.full(parts.shape, unit, dtype=np.int64)
    alias = np.broadcast_to(np.arange(slots, dtype=np.int16), parts.shape).copy()
    done = 1 << 62
    for _ in range(slots):
        poor, rich = parts.argmin(axis=1), np.where(parts == done, -1, parts).argmax(axis=1)
        short = unit - parts[rows, poor]
        filled = short > 0
        keep[rows, poor] -= np.where(filled, short, 0)
        alias[rows, poor] = np.where(filled, rich, poor)
        parts[rows, rich] -= np.where(filled, short, 0)
        parts[rows, poor] = done
    return keep.astype(np.uint32), alias


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
