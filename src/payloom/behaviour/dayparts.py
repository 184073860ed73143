"""Opening hours: how willing a trade is to be visited in person at a local hour."""

from __future__ import annotations

import numpy as np

from payloom.plan.profiles import HOUR_SHARE_PERCENT
from payloom.streams.tables import F64
from payloom.world.merchants import TRADES

_NIGHT = (0.02,) * 6

DAYPARTS: dict[str, tuple[float, ...]] = {
    "allday": (0.35, 0.22, 0.16, 0.14, 0.16, 0.3, 0.6, 0.9, *[1.0] * 13, 0.9, 0.7, 0.5),
    "breakfast_lunch": (*_NIGHT, 0.5, 0.95, 1.0, 1.0, 0.9, 0.95, 1.0, 0.9, 0.7, 0.6, 0.5, 0.4, 0.25, 0.12, *[0.04] * 4),
    "meals": (
        0.10, 0.05, 0.03, 0.03, 0.03, 0.05, 0.15, 0.3, 0.35, 0.35, 0.4, 0.75,
        1.0, 0.95, 0.6, 0.4, 0.4, 0.6, 0.9, 1.0, 1.0, 0.85, 0.55, 0.25,
    ),
    "evening": (0.2, 0.1, *[0.03] * 6, 0.06, 0.15, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.65, 0.85, *[1.0] * 4, 0.75, 0.4),
    "night": (
        0.9, 0.75, 0.6, 0.45, 0.3, 0.2, 0.25, 0.35, 0.4, 0.35, 0.35, 0.35,
        0.4, 0.4, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0, 1.0,
    ),
    "shop_hours": (
        0.02, 0.01, 0.01, 0.01, 0.01, 0.02, 0.05, 0.15, 0.4, 0.8, 1.0, 1.0,
        1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.95, 0.75, 0.45, 0.2, 0.08, 0.04,
    ),
    "commute": (
        0.15, 0.08, 0.06, 0.08, 0.2, 0.5, 0.9, 1.0, 1.0, 0.8, *[0.7] * 5, 0.8, 0.95, 1.0, 1.0, 0.8, 0.6, 0.5, 0.4, 0.25,
    ),
    "office_hours": (*[0.01] * 6, 0.05, 0.3, 0.8, *[1.0] * 8, 0.85, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01),
    "flat": (1.0,) * 24,
}  # fmt: skip
"""Acceptance of a visit by local hour, 0 to 1, relative to the trade's best hour (estimates)."""


def acceptance() -> F64:
    """Acceptance by (trade, local hour)."""
    return np.array([DAYPARTS[trade.daypart] for trade in TRADES])


def mean_acceptance() -> F64:
    """Acceptance of each trade over the hours in which people pay."""
    share = np.array(HOUR_SHARE_PERCENT) / 100.0
    # A loop over hours keeps the order of the sum the same on every CPU.
    total = np.zeros(len(TRADES))
    for hour, column in enumerate(acceptance().T):
        total += column * share[hour]
    return total
