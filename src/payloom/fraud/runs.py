"""Runs: purchases of one sitting, one after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.fraud.events import Events
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import U32, unit
from payloom.streams.tables import F64

I64 = NDArray[np.int64]

SHOPS_OPEN_HOUR, SHOPPING_HOURS = 8.5, 13.0
"""When shops are open, and for how long: local hours."""


def shopping_hour(bits: U32) -> F64:
    """Local hour, with fraction, at which somebody goes shopping with what is not theirs: any while shops are open."""
    return SHOPS_OPEN_HOUR + SHOPPING_HOURS * unit(bits)


def run_times(events: Events, start_us: I64, gap_us: F64, step: I64, steps: I64 | int, bits: U32) -> I64:
    """Times of runs: step after step from a start, earlier where a run would not end within its day.

    Parameters
    ----------
    start_us, gap_us
        When the run begins, and its mean gap; the same for all events of a run.
    step, steps
        Position of each event in its run, and how many steps the run has.
    bits
        Random bits of the events.
    """
    gap = np.minimum(gap_us, DAY_US / (np.asarray(steps) + 1.0))
    last = events.midnight_us + DAY_US - 1
    start = np.minimum(start_us, last - (gap * steps).astype(np.int64))
    return np.clip(start + (gap * (step + 0.8 * unit(bits))).astype(np.int64), events.midnight_us, last)
