"""Structuring: a large sum is sent in amounts that stay below a threshold above which a bank would ask or report."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.limits import fitted_dollars, limit_units
from payloom.behaviour.pricing import COUNTRY_CURRENCY
from payloom.behaviour.shapes import Legs
from payloom.behaviour.transfers import Orders
from payloom.fraud.events import Events
from payloom.fraud.mules import DISPERSE, MuleShape
from payloom.streams.hashing import high

I64 = NDArray[np.int64]

PAYEES = 3
"""Accounts that receive the sum: one to so many (estimate)."""


class Structuring(MuleShape):
    """One account sends similar amounts, none above the threshold, to a few others."""

    name = "structuring"
    stage_roles = (DISPERSE,)
    max_days = 6
    span_median_hours = 6.0

    def legs(self, events: Events) -> Legs:
        """Mule 0 pays mules 1 to 3 in turn."""
        place, length = self.places(events)
        bits = high(self.kit.draws(events.campaign_bits, "structuring.payees")).astype(np.int64)
        payees = 1 + (bits * PAYEES >> 32)
        return Legs(np.zeros_like(place), 1 + place % payees, np.zeros_like(place), place, length)

    def order(self, orders: Orders, events: Events) -> None:
        """Send amounts below the campaign's threshold, most of them just below."""
        super().order(orders, events)
        kit = self.kit
        limit = limit_units(kit.draws(events.campaign_bits, "structuring.limit"))
        currency = COUNTRY_CURRENCY[kit.model.geography.home_country[orders.group]]
        bits, step = kit.draws(events.bits, "structuring.amount"), kit.draws(events.bits, "structuring.step")
        orders.dollars[:] = fitted_dollars(limit, currency, bits, step)
        orders.step_dollars[:] = 0.0
