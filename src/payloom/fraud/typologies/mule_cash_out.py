"""Mule cash-out: online banking is taken over, the account emptied to a mule, and the mule passes the money on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.rows import Rows
from payloom.behaviour.shapes import Legs
from payloom.behaviour.transfers import Orders, online_business
from payloom.fraud.events import Events
from payloom.fraud.mules import CASH_OUT, COLLECT, FORWARD, MuleShape
from payloom.fraud.shares import trade_weights
from payloom.streams.hashing import high, low, threshold32
from payloom.streams.tables import CategoricalTable

I64 = NDArray[np.int64]

VICTIM = 40
"""Number of the first victim; mules have smaller ones."""

SECOND_VICTIM_FROM = 7
"""Campaigns of so many legs empty two accounts into the same mule's (estimate)."""

TAKEN_SHARE = 0.62
"""Legs that empty accounts; the others take the money out of the mule's (estimate)."""

EXCHANGE_SHARE = 0.4
"""Onward transfers to a business that turns money into something else (estimate)."""

EXCHANGES = {"quasi_cash": 0.45, "stored_value": 0.25, "gambling": 0.15, "marketplace": 0.15}
"""What the money is turned into (estimate)."""


class MuleCashOut(MuleShape):
    """One intruder, one or two emptied accounts, a mule, and the way out, within hours."""

    name = "mule_cash_out"
    stage_roles = (COLLECT, FORWARD)
    max_days = 2
    pot_ln_median = 7.7
    pot_sigma = 1.0
    first_hour = 8.0
    hours = 18.0
    span_median_hours = 1.8

    def legs(self, events: Events) -> Legs:
        """Victims pay mule 0; mule 0 pays mules 1, 2, ..., or a business."""
        place, length = self.places(events)
        taken = np.maximum((length * TAKEN_SHARE + 0.5).astype(np.int64), 1)
        takes, later = place < taken, place - taken
        victims = 1 + (length >= SECOND_VICTIM_FROM)
        return Legs(
            payer=np.where(takes, VICTIM + place * victims // taken, 0),
            payee=np.where(takes, 0, 1 + later % (VICTIM - 1)),
            stage=np.where(takes, 0, 1),
            part=np.where(takes, place, later),
            parts=np.where(takes, taken, length - taken),
        )

    def roles(self, events: Events) -> NDArray[np.int8]:
        """What leaves the mule's account is forwarded, or cashed out at a business."""
        out = low(self.kit.draws(events.bits, "mule_cash_out.way")) < threshold32(EXCHANGE_SHARE)
        roles = super().roles(events)
        roles[(roles == FORWARD) & out] = CASH_OUT
        return roles

    def order(self, orders: Orders, events: Events) -> None:
        """Pay; some of what leaves the mule's account goes to a business."""
        super().order(orders, events)
        out = np.flatnonzero(self.roles(events) == CASH_OUT)
        bits = self.kit.draws(events.bits, "mule_cash_out.exchange")[out]
        trade = CategoricalTable(trade_weights(EXCHANGES))(high(bits)).astype(np.int64)
        orders.payee[out] = online_business(self.kit.model, orders.group[out], trade, low(bits))

    def group(self, events: Events) -> I64:
        """Everybody lives where the first victim does."""
        return self.kit.group_of(self._first(events))

    def person(self, events: Events, number: I64) -> I64:
        """A victim or a mule."""
        return np.where(number == VICTIM, self._first(events), super().person(events, number))

    def finish(self, rows: Rows, events: Events) -> None:
        """Use the intruder's device for the victims' accounts; mules pay from their own or from his."""
        super().finish(rows, events)
        payer = self.victim(events)
        self.use_gang(rows, events, np.flatnonzero(payer >= VICTIM))

    def _first(self, events: Events) -> I64:
        return self.kit.customers(events, self.band(events.campaign_bits), np.zeros(len(events), dtype=np.int64))
