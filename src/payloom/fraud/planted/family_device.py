"""Family on one device: three to five people shop at one computer or tablet, each with a card of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.behaviour.spending import PURCHASE
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.lookalike import LookAlike
from payloom.fraud.matching import best_fitting
from payloom.streams.hashing import U64, high, low, threshold32
from payloom.streams.tables import F64
from payloom.world.addresses import HOME, MOBILE
from payloom.world.devices import COMPUTER, PHONE

I64 = NDArray[np.int64]

MIN_MEMBERS, MAX_MEMBERS = 3, 5
"""People of a household who pay by card (estimate)."""

NEIGHBOURS = 32
"""Customers among whom a member who lives in the same city is looked for."""

MIN_DAYS = 3
"""Shortest stretch of days in which the device is passed around (estimate: school holidays, weekends, a sale)."""

HOME_LINE_SHARE = 0.9
"""Payments over the family's line; the others share a phone's connection (estimate)."""

KEPT_SHARE = 0.35
"""Remote purchases that are what the member buys anyway (estimate)."""

DOUBT_SHARE = 0.03
"""Payments that the issuer refuses because the device is known from other cards (estimate)."""

WISHES = {
    "marketplace": 0.24, "digital_games": 0.16, "fashion": 0.12, "digital_media": 0.08, "apps": 0.08, "fast_food": 0.08,
    "toys": 0.06, "shoes": 0.05, "tickets": 0.04, "grocery": 0.05, "cosmetics": 0.04,
}  # fmt: skip
"""What a family buys remotely (estimate)."""


class FamilyDevice(LookAlike):
    """A household passes one device around: several cards, names and tastes, one device and one line."""

    name = "family_device"
    max_days = 10

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, WISHES, ordinary=0.0)

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Some days in a row, as busy as the other."""
        days = MIN_DAYS + (campaign_bits >> np.uint64(8)).astype(np.int64) % (self.max_days - MIN_DAYS + 1)
        return np.where(age < days, 1.0, 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """When people pay, most of it in one sitting a day."""
        sitting = self.kit.pair_draws(events.campaign_bits, events.age, "family_device.sitting")
        own = self.kit.draws(events.bits, "family_device.time")
        together = self.kit.usual_times(events, high(sitting), offset_us)
        wait = self.kit.waits(self.kit.draws(own, "family_device.wait"), 1.5 * 3.6e9)
        apart = self.kit.usual_times(events, high(own), offset_us)
        joined = low(own) < threshold32(0.6)
        return np.where(joined, self.kit.within_day(events, together + wait.astype(np.int64)), apart)

    def victim(self, events: Events) -> I64:
        """Any member of the household."""
        members = MIN_MEMBERS + (events.campaign_bits >> np.uint64(40)).astype(np.int64) % (
            MAX_MEMBERS - MIN_MEMBERS + 1
        )
        return (high(self.kit.draws(events.bits, "family_device.member")).astype(np.int64) * members) >> 32

    def customer(self, events: Events, victim: I64) -> I64:
        """A couple, and others of their city who take the place of parents and grown-up children."""
        head = self._head(events)
        partner = self._partner(head)
        found = np.where(victim == 0, head, partner)
        for member in range(2, MAX_MEMBERS):
            here = np.flatnonzero(victim == member)
            found[here] = self._relative(events.take(here), member)
        return found

    def _head(self, events: Events) -> I64:
        """Whose device and line it is."""
        return self.kit.customers(events, self.band(events.campaign_bits), np.zeros(len(events), dtype=np.int64))

    def _partner(self, head: I64) -> I64:
        """Give the other one of a couple, where that is somebody of the same cohort."""
        cohorts = self.kit.model.plan.cohorts
        cohort, partner = cohorts.of_customer(head), head ^ 1
        there = (partner >= cohorts.base[cohort]) & (partner < cohorts.base[cohort] + cohorts.size[cohort])
        return np.where(there, partner, head)

    def _relative(self, events: Events, member: int) -> I64:
        """Somebody who lives in the same city; where nobody is found, the partner."""
        kit = self.kit

        def candidate(wide: Events, number: I64) -> I64:
            bits = kit.pair_draws(wide.campaign_bits, number * MAX_MEMBERS + member, "family_device.relative")
            return self.neighbour(self._head(wide), high(bits))

        def misfit(wide: Events, customer: I64) -> I64:
            return (kit.home_place(customer) != kit.home_place(self._head(wide))).astype(np.int64)

        found = best_fitting(events, NEIGHBOURS, candidate, misfit)
        return np.where(misfit(events, found) == 0, found, self._partner(self._head(events)))

    def choose(self, choice: Choice, events: Events) -> None:
        """Shop remotely; what a member buys online anyway is bought here too."""
        bits = self.kit.draws(events.bits, "family_device.wish")
        kept = choice.online & ((low(bits) < threshold32(KEPT_SHARE)) | (choice.kind != PURCHASE))
        places = np.flatnonzero(~kept)
        trade = self._trades(high(bits[places]), events.start_day[places])
        shop = self.kit.draws(bits[places], "family_device.shop")
        self.kit.shop_online(choice, places, trade, shop, self.amount_factor(events)[places], 0.12)

    def finish(self, rows: Rows, events: Events) -> None:
        """Use the head's computer, or phone where there is none, over the head's line."""
        kit, everywhere = self.kit, np.arange(len(events))
        head = self._head(events)
        owns = kit.model.devices.count(head) > COMPUTER
        kit.use_device(rows, everywhere[owns], head[owns], COMPUTER)
        kit.use_device(rows, everywhere[~owns], head[~owns], PHONE)
        bits = kit.draws(events.bits, "family_device.how")
        network = np.where(low(bits) < threshold32(HOME_LINE_SHARE), HOME, MOBILE).astype(np.int8)
        kit.use_network(rows, everywhere, head, network, bits)
        self.doubt(rows, DOUBT_SHARE, kit.draws(bits, "family_device.doubt"))
