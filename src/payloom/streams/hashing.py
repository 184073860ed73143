"""The only source of randomness: a 64-bit finaliser over a key of (seed, purpose) and integers.

A value depends on what it is for and on whom it is about, never on the order of calls, so that any shard, machine and
number of workers draws the same. The finaliser is SplitMix64's (Steele, Lea and Flood, OOPSLA 2014).
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32 = (np.uint64(s) for s in (27, 30, 31, 32))
_MASK64 = (1 << 64) - 1


def mix(x: U64) -> U64:
    """Finalise 64-bit integers in place: every output bit depends on every input bit; a bijection."""
    y = x >> _S30
    x ^= y
    x *= _MULTIPLIER_1
    np.right_shift(x, _S27, out=y)
    x ^= y
    x *= _MULTIPLIER_2
    np.right_shift(x, _S31, out=y)
    x ^= y
    return x


def unsigned(a: NDArray[np.integer]) -> U64:
    """See integers as unsigned 64-bit ones, without a copy where that is possible."""
    return a.view(np.uint64) if a.dtype == np.int64 else a.astype(np.uint64)


def mix_int(x: int) -> int:
    """Do what `mix` does, for one Python integer."""
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & _MASK64
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & _MASK64
    return x ^ x >> 31


class Keys:
    """The 64-bit key of each purpose in one world.

    Parameters
    ----------
    seed
        The world's seed, 0 to 2**63 - 1.

    Notes
    -----
    Two purposes share a key with probability 2**-64 per pair; a test counts those in use.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed.to_bytes(8, "little")
        self._keys: dict[str, np.uint64] = {}

    def __getitem__(self, purpose: str) -> np.uint64:
        key = self._keys.get(purpose)
        if key is None:
            digest = blake2b(purpose.encode(), key=self._seed, digest_size=8).digest()
            key = self._keys[purpose] = np.uint64(int.from_bytes(digest, "little"))
        return key

    @property
    def used(self) -> dict[str, int]:
        """Purposes asked for so far and their keys."""
        return {purpose: int(key) for purpose, key in self._keys.items()}


def draw(key: np.uint64, a: NDArray[np.integer]) -> U64:
    """Draw 64 fresh bits for each integer `a` under `key`."""
    x = unsigned(a) * _STEP
    x += key
    return mix(x)


def draw2(key: np.uint64, a: NDArray[np.integer], b: NDArray[np.integer] | int) -> U64:
    """Draw 64 fresh bits for each pair of integers (a, b) under `key`."""
    x = draw(key, a)
    if isinstance(b, int):
        x += np.uint64(b * int(_STEP) & _MASK64)
    else:
        x += unsigned(b) * _STEP
    return mix(x)


def draw_int(key: np.uint64, *integers: int) -> int:
    """Draw 64 fresh bits for one tuple of integers under `key`."""
    x = int(key)
    for integer in integers:
        x = mix_int((integer * int(_STEP) + x) & _MASK64)
    return x


def derive(base: U64, key: np.uint64) -> U64:
    """Draw 64 more bits for rows that already own 64 random bits, under another purpose's key."""
    return mix(base + key)


def high(bits: U64) -> U32:
    """Upper 32 bits."""
    return (bits >> _S32).astype(np.uint32)


def low(bits: U64) -> U32:
    """Lower 32 bits, independent of the upper ones."""
    return bits.astype(np.uint32)


def unit(bits: U32) -> NDArray[np.float64]:
    """Turn 32-bit draws into numbers in [0, 1)."""
    return np.multiply(bits, 2.0**-32)


def threshold32(probability: float) -> np.uint32:
    """Give the number below which a 32-bit draw falls with this probability, to 2.3e-10."""
    return np.uint32(min(int(probability * 2**32 + 0.5), 2**32 - 1))
