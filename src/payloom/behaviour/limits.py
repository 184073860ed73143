"""Limits to which transfers are fitted: a bank asks, or reports, or refuses above them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.pricing import MINOR_PER_USD
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64, CategoricalTable

LIMITS: Final = np.array([1_000.0, 3_000.0, 10_000.0])
LIMIT_SHARES: Final = (0.50, 0.20, 0.30)
"""Limits in the local currency, times a power of ten where a dollar buys many units: 1,000 and 10,000 are those of laws
on identification and on reporting and of many banks' apps, 3,000 that of the US travel rule; the shares are estimates.
"""

BELOW_SHARE: Final = 0.7
"""Amounts just below the limit; the others are what is left over (estimate)."""

BAND: Final = 0.12
"""Just below means down to this share below; half of them within a quarter of it (estimate)."""

STEPS: Final = np.array([0.0, 1.0, 10.0, 50.0])
STEP_SHARES: Final = (0.15, 0.25, 0.35, 0.25)
"""Units of the local currency to which amounts are rounded (estimate)."""


def limit_units(bits: U64) -> F64:
    """Draw limits, in units of the local currency."""
    return LIMITS[CategoricalTable(LIMIT_SHARES)(high(bits))]


def fitted_dollars(limit: F64, currency: NDArray[np.integer], bits: U64, step_bits: U64) -> F64:
    """Amounts in dollars that stay below limits, most of them just below."""
    deep = unit(high(bits))
    share = np.where(low(bits) < threshold32(BELOW_SHARE), 1.0 - BAND * deep * deep, 0.25 + 0.6 * deep)
    steps = STEPS[CategoricalTable(STEP_SHARES)(high(step_bits))]
    # Rounded down, so that it stays below.
    rounded = np.floor(limit * share / np.maximum(steps, 1.0)) * steps
    units = np.where(steps > 0, rounded, limit * share)
    units = np.where(units >= limit, limit - np.maximum(steps, 0.01), units)
    return units * _UNIT_DOLLARS[currency]


def _unit_dollars() -> F64:
    """Dollars in the unit in which limits are set, by currency: the power of ten of the currency's next to a dollar."""
    per_dollar = MINOR_PER_USD / 100.0
    scale = np.ones(len(per_dollar))
    for _ in range(6):
        scale = np.where(scale * 3.16 < per_dollar, scale * 10.0, scale)
    return scale / per_dollar


_UNIT_DOLLARS = _unit_dollars()
