"""Intervals by resampling whole days (UTC), so that a burst of fraud stays together."""

from __future__ import annotations

from typing import Final

import numpy as np

from payloom.baseline.results import Estimate
from payloom.features.history import Floats
from payloom.streams.hashing import Keys, draw, high

RESAMPLES: Final = 200

ENDS: Final = (0.025, 0.975)
"""Of the 95 % interval."""


def day_weights(days: int, resamples: int = RESAMPLES) -> Floats:
    """Return how often each day counts: once in the first row, as often as it was drawn in the others.

    Returns
    -------
    Floats
        Shape (1 + resamples, days); always the same for the same number of days.
    """
    draws = np.arange(resamples * days, dtype=np.int64)
    chosen = (high(draw(Keys(0)["baseline days"], draws)).astype(np.int64) * days) >> 32
    counts = np.bincount(draws // days * days + chosen, minlength=resamples * days).reshape(resamples, days)
    return np.vstack([np.ones(days), counts])


def estimate(values: Floats) -> Estimate:
    """Turn a value, followed by those of its resamples, into an estimate; a resample without a value is left out."""
    value, drawn = float(values[0]), values[1:][np.isfinite(values[1:])]
    if not np.isfinite(value) or not len(drawn):
        return Estimate(value if np.isfinite(value) else np.nan, np.nan, np.nan)
    low, high_end = np.quantile(drawn, ENDS)
    return Estimate(value, min(float(low), value), max(float(high_end), value))


def divided(above: Floats, below: Floats) -> Floats:
    """Divide; NaN where the divisor is 0."""
    return np.divide(above, below, out=np.full(np.broadcast_shapes(above.shape, below.shape), np.nan), where=below > 0)
