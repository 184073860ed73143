"""Numbers that spread rows evenly, so that a share of them is taken from every stretch of time."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from payloom.features.history import Floats

GOLDEN: Final = 0x9E3779B97F4A7C15
"""2**64 over the golden ratio: its multiples are spread more evenly than any others (Weyl's sequence)."""


def even_spread(rows: int | NDArray[np.integer]) -> Floats:
    """Return a number from 0 to 1 for each row number, or for so many rows, spread evenly over any stretch of them."""
    numbers = np.arange(rows, dtype=np.uint64) if isinstance(rows, int) else rows.astype(np.uint64)
    return (numbers * np.uint64(GOLDEN)).astype(np.float64) / 2.0**64
