"""Structuring: a large sum is sent in amounts that stay below a threshold above which a bank would ask or report."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.pricing import COUNTRY_CURRENCY, MINOR_PER_USD
from payloom.behaviour.shapes import Legs
from payloom.behaviour.transfers import Orders
from payloom.fraud.events import Events
from payloom.fraud.mules import DISPERSE, MuleShape
from payloom.streams.hashing import high, low, threshold32, unit
from payloom.streams.tables import CategoricalTable

I64 = NDArray[np.int64]

THRESHOLDS, THRESHOLD_SHARES = np.array([1_000.0, 3_000.0, 10_000.0]), (0.50, 0.20, 0.30)
"""Thresholds in the local currency, times a power of ten where a dollar buys many units: 1,000 and 10,000 are those of
laws on identification and on reporting, 3,000 that of the US travel rule; the shares are estimates."""

BELOW_SHARE = 0.7
"""Amounts just below the threshold; the others are what is left over, or meant to look ordinary (estimate)."""

BAND = 0.12
"""Just below means down to this far below; half of them within a quarter of it (estimate)."""

PAYEES = 3
"""Accounts that receive the sum: one to so many (estimate)."""

STEPS, STEP_SHARES = np.array([0.0, 1.0, 10.0, 50.0]), (0.15, 0.25, 0.35, 0.25)
"""Units of the local currency to which amounts are rounded (estimate)."""


def _unit_dollars() -> NDArray[np.float64]:
    """Dollars in the unit in which thresholds are set, by currency: a power of ten of the currency's near a dollar."""
    scales = np.ones(len(MINOR_PER_USD))
    per_dollar = MINOR_PER_USD / 100.0
    for _ in range(6):
        scales = np.where(scales * 3.16 < per_dollar, scales * 10.0, scales)
    return scales / per_dollar


_UNIT_DOLLARS = _unit_dollars()


class Structuring(MuleShape):
    """One account sends similar amounts, none above the threshold, to a few others."""

    name = "structuring"
    stage_roles = (DISPERSE,)
    max_days = 6
    span_median_hours = 6.0

    def legs(self, events: Events) -> Legs:
        """Mule 0 pays mules 1 to 3 in turn."""
        place, length = self.sequence.find(events)
        bits = high(self.kit.draws(events.campaign_bits, "structuring.payees")).astype(np.int64)
        payees = 1 + (bits * PAYEES >> 32)
        return Legs(np.zeros_like(place), 1 + place % payees, np.zeros_like(place), place, length)

    def order(self, orders: Orders, events: Events) -> None:
        """Send amounts below the campaign's threshold, most of them just below."""
        super().order(orders, events)
        kit = self.kit
        table = CategoricalTable(THRESHOLD_SHARES)
        threshold = THRESHOLDS[table(high(kit.draws(events.campaign_bits, "structuring.threshold")))]
        bits, how = kit.draws(events.bits, "structuring.amount"), kit.draws(events.bits, "structuring.step")
        deep = unit(high(bits))
        amount = np.where(low(bits) < threshold32(BELOW_SHARE), 1.0 - BAND * deep * deep, 0.25 + 0.6 * deep)
        steps = STEPS[CategoricalTable(STEP_SHARES)(high(how))]
        # Rounded down, so that it stays below.
        units = np.where(steps > 0, np.floor(threshold * amount / np.maximum(steps, 1.0)) * steps, threshold * amount)
        units = np.where(units >= threshold, threshold - np.maximum(steps, 0.01), units)
        currency = COUNTRY_CURRENCY[kit.model.geography.home_country[orders.group]]
        orders.dollars[:] = units * _UNIT_DOLLARS[currency]
        orders.step_dollars[:] = 0.0
