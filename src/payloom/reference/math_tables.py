"""Correctly rounded function tables, so that no kernel calls ``exp`` or ``log``.

The last bit of ``numpy.exp`` and friends differs between CPUs and NumPy versions; these tables were computed
with ``decimal`` by ``scripts/build_math_tables.py`` and are the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from payloom.reference.tables import DATA_FOLDER, damaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MATH_TABLES_NAME = "math_tables.f64le"

UNIFORM_KNOTS = 4097
"""Knots of a uniform table: both ends of 4,096 equal intervals."""

MATH_TABLE_LAYOUT: tuple[tuple[str, int], ...] = (
    ("normal_quantile", UNIFORM_KNOTS),
    ("normal_quantile_low_tail", UNIFORM_KNOTS),
    ("exp", UNIFORM_KNOTS),
    ("log_integer", 4096),
    ("log_power_of_two", 65),
    ("normal_cdf", UNIFORM_KNOTS),
)
"""Sections of the file in order, with their lengths in float64 little-endian values; there is no header."""


@dataclass(frozen=True, slots=True)
class MathTables:
    """Read-only float64 arrays, every value correctly rounded.

    Attributes
    ----------
    normal_quantile
        Standard normal quantile at p = k / 4096, k = 0..4096. The ends hold the quantile of 2**-40 and its
        mirror image; read the two end intervals from the tail table instead.
    normal_quantile_low_tail
        The same at p = j / 2**24, j = 0..4096, that is over [0, 1/4096]; j = 0 holds the quantile of 2**-40. The
        high tail is its mirror image: quantile(1 - p) = -quantile(p).
    exp
        exp(x) at x = -16 + k / 128, k = 0..4096.
    log_integer
        Natural logarithm of n = 1..4096, at index n - 1.
    log_power_of_two
        Natural logarithm of 2**k, k = 0..64, at index k.
    normal_cdf
        Standard normal cumulative probability at x = -8 + k / 256, k = 0..4096.
    """

    normal_quantile: NDArray[np.float64]
    normal_quantile_low_tail: NDArray[np.float64]
    exp: NDArray[np.float64]
    log_integer: NDArray[np.float64]
    log_power_of_two: NDArray[np.float64]
    normal_cdf: NDArray[np.float64]


@cache
def load_math_tables() -> MathTables:
    """Read the tables once per process.

    Returns
    -------
    MathTables
        Views into one read-only buffer.

    Raises
    ------
    CorruptionError
        If the file does not have the length of `MATH_TABLE_LAYOUT`.
    """
    import numpy as np  # noqa: PLC0415 - slow to import, and the code lists do without

    content = (DATA_FOLDER / MATH_TABLES_NAME).read_bytes()
    expected = 8 * sum(length for _, length in MATH_TABLE_LAYOUT)
    if len(content) != expected:
        raise damaged(MATH_TABLES_NAME, f"{len(content)} bytes", f"{expected} bytes")
    # frombuffer over bytes is read-only, so no caller can spoil the shared tables.
    values = np.frombuffer(content, dtype="<f8")
    sections: dict[str, NDArray[np.float64]] = {}
    start = 0
    for name, length in MATH_TABLE_LAYOUT:
        sections[name] = values[start : start + length]
        start += length
    return MathTables(**sections)
