"""Holiday spree: people on a journey abroad spend more than at home, in shops where they have never been."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.lookalike import LookAlike
from payloom.fraud.matching import best_fitting
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import U64, high, low, threshold32
from payloom.streams.tables import F64
from payloom.world.addresses import MOBILE
from payloom.world.devices import PHONE

I64 = NDArray[np.int64]

CANDIDATES = 256
"""Customers among whom one who is abroad is looked for: about one in fifty is."""

STAY_DAYS = 3
"""Days after the first on which the customer is still there."""

DEAR_SHARE = 0.35
"""Payments for what people treat themselves to on a journey; the others are what travellers buy anyway (estimate)."""

REMOTE_SHARE = 0.15
"""Payments made on the phone: tickets, rides, rooms (estimate)."""

DOUBT_SHARE = 0.06
"""Payments that the issuer refuses because they come from abroad (estimate)."""

TREATS = {
    "fashion": 0.20, "restaurant": 0.26, "jewelry": 0.08, "hotel": 0.14, "specialty_retail": 0.12, "shoes": 0.06,
    "department_store": 0.08, "cosmetics": 0.06,
}  # fmt: skip
"""What people treat themselves to (estimate)."""

BOOKED = {"tickets": 0.30, "taxi": 0.26, "hotel": 0.16, "airline": 0.08, "rail": 0.12, "travel_agency": 0.08}
"""What is bought on the phone (estimate)."""


class HolidaySpree(LookAlike):
    """A customer who really is abroad pays more, more often and in new places, in person and on the phone."""

    name = "holiday_spree"
    max_days = 6

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._treats = kit.trades(f"{self.name}.treats", self.drift, TREATS, ordinary=0.0)
        self._booked = kit.trades(f"{self.name}.booked", self.drift, BOOKED, ordinary=0.0)

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """A few days; some stay longer, and who is back by then does as always."""
        days = 3 + (campaign_bits >> np.uint64(8)).astype(np.int64) % (self.max_days - 2)
        return np.where(age < days, 1.0, 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """All day long."""
        return self.kit.usual_times(events, high(self.kit.draws(events.bits, "holiday_spree.time")), offset_us)

    def victim(self, events: Events) -> I64:
        """One traveller."""
        return np.zeros(len(events), dtype=np.int64)

    def customer(self, events: Events, victim: I64) -> I64:
        """Somebody who is abroad on the first day and, if possible, still `STAY_DAYS` later."""
        del victim

        def candidate(wide: Events, number: I64) -> I64:
            return self.kit.customers(wide, self.band(wide.campaign_bits), number)

        def misfit(wide: Events, customer: I64) -> I64:
            noon = wide.start_day * DAY_US + DAY_US // 2
            early = self._abroad(customer, noon)[0]
            return 2 - early.astype(np.int64) * (1 + self._abroad(customer, noon + STAY_DAYS * DAY_US)[0])

        return best_fitting(events, CANDIDATES, candidate, misfit)

    def _abroad(self, customer: I64, time_us: I64) -> tuple[NDArray[np.bool_], I64]:
        """Whether customers are abroad at a time, and the place where they are if so."""
        geography = self.kit.model.geography
        country = geography.home_country[self.kit.group_of(customer)]
        away, place, _ = self.kit.spending.trips.whereabouts(customer, country, time_us)
        abroad = np.zeros(len(customer), dtype=np.bool_)
        where = np.zeros(len(customer), dtype=np.int64)
        abroad[away] = geography.country[place] != country[away]
        where[away] = place
        return abroad, where

    def choose(self, choice: Choice, events: Events) -> None:
        """Buy dearer than at home, some of it what one only buys on a journey."""
        kit = self.kit
        abroad, place = self._abroad(choice.customer, choice.time_us)
        bits = kit.draws(events.bits, "holiday_spree.goods")
        shop, factor = kit.draws(bits, "holiday_spree.shop"), self.amount_factor(events)
        draws = low(bits)
        there = abroad & ~choice.online
        treats = np.flatnonzero(there & (draws < threshold32(DEAR_SHARE)))
        trade = self._treats(high(bits[treats]), events.start_day[treats])
        kit.buy_in_person(choice, treats, place[treats], trade, shop[treats], factor[treats])
        booked = np.flatnonzero(abroad & (draws >= threshold32(1.0 - REMOTE_SHARE)))
        trade = self._booked(high(bits[booked]), events.start_day[booked])
        kit.shop_online(choice, booked, trade, shop[booked], factor[booked], 0.7)
        usual = np.ones(len(events), dtype=np.bool_)
        usual[treats] = usual[booked] = False
        self.dearer(choice, np.flatnonzero(usual), factor[usual])

    def finish(self, rows: Rows, events: Events) -> None:
        """Pay remotely on the phone, which roams: its address is still that of the carrier at home."""
        kit, everywhere = self.kit, np.arange(len(events))
        bits = kit.draws(events.bits, "holiday_spree.how")
        kit.use_device(rows, everywhere, rows.customer, PHONE)
        kit.use_network(rows, everywhere, rows.customer, np.full(len(events), MOBILE, dtype=np.int8), bits)
        self.doubt(rows, DOUBT_SHARE, kit.draws(bits, "holiday_spree.doubt"))
