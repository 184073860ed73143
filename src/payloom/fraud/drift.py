"""Drift: what fraudsters choose comes and goes over the months, each choice in waves of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.plan.world_plan import Plan
from payloom.streams.hashing import U32, draw2, high
from payloom.streams.tables import F64, CategoricalTable

I64 = NDArray[np.int64]

PERSISTENCE = 0.65
"""Correlation of a wave from month to month: after a quarter a quarter is left of what was in fashion (estimate)."""

TACTICS_SCALE, AMOUNTS_SCALE, MIX_SCALE = 1.5, 0.14, 0.26
"""Spread of the odds of a tactic, of amounts and of the mix of typologies, against that of targets (estimates)."""


@dataclass(frozen=True)
class Drift:
    """Waves of one typology.

    Attributes
    ----------
    plan
        The world's plan.
    sigma
        Standard deviation of ln(weight) of a target, over the months.
    """

    plan: Plan
    sigma: float

    def month(self, day: I64) -> I64:
        """Month of the period that holds each day; days before it count as its first."""
        firsts = np.array([month.first_day for month in self.plan.period.months])
        return np.maximum(np.searchsorted(firsts, day, side="right") - 1, 0)

    def share(self, purpose: str, base: float) -> F64:
        """A share by month, whose odds drift: tactics change faster than tastes."""
        odds = self.factors(purpose, 1, TACTICS_SCALE)[:, 0] * (base / (1.0 - base))
        return odds / (1.0 + odds)

    def factors(self, purpose: str, kinds: int, scale: float = 1.0) -> F64:
        """Factors by month and kind, array (months, kinds); 1 everywhere where there is no drift."""
        functions, months = self.plan.functions, len(self.plan.period.months)
        number = np.arange(kinds)
        month = np.arange(months)[:, None]
        key = self.plan.keys[f"drift.{purpose}"]
        draws = high(draw2(key, np.broadcast_to(month, (months, kinds)).copy(), number))
        wave = functions.normal(draws.reshape(-1)).reshape(months, kinds)
        fresh = np.sqrt(1.0 - PERSISTENCE * PERSISTENCE)
        for later in range(1, months):
            wave[later] = wave[later - 1] * PERSISTENCE + wave[later] * fresh
        return functions.exp((wave * (self.sigma * scale)).reshape(-1)).reshape(months, kinds)


@dataclass(frozen=True)
class MonthlyTable:
    """Draws codes with shares that drift from month to month."""

    drift: Drift
    table: CategoricalTable

    @classmethod
    def of(cls, drift: Drift, purpose: str, weights: F64) -> MonthlyTable:
        """Let weights drift."""
        return cls(drift, CategoricalTable(weights * drift.factors(purpose, len(weights))))

    def __call__(self, bits: U32, start_day: I64) -> I64:
        """Draw a code for each campaign, by the day on which it began."""
        return self.table(bits, self.drift.month(start_day)).astype(np.int64)
