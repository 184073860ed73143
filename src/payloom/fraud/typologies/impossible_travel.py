"""Impossible travel: a card pays in a far city within hours of what its owner pays at home."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.codes import ENTRY_MODE, RESPONSE_CODE, ROLE, THREE_DS
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.in_person import asks_pin, in_person, show_card, show_phone, spare_pin
from payloom.fraud.kit import Kit
from payloom.fraud.matching import best_fitting
from payloom.fraud.runs import run_times, shopping_hour
from payloom.fraud.shares import code_table
from payloom.fraud.typology import PRESENT_WEEK, Typology
from payloom.streams.hashing import U64, high, low, threshold32
from payloom.streams.tables import F64
from payloom.world.devices import PHONE
from payloom.world.merchants import CASH_TRADE

I64 = NDArray[np.int64]

CARDS_OFFERED = 16
"""Cards among which the busiest is taken: it has funds and its owner's payments hide others (estimate)."""

RUNNERS_ASKED = 4
"""People among whom the one who lives farthest from the owner uses the card (estimate)."""

PROVISIONED_SHARE = 0.35
"""Campaigns that added the card to a phone of their own with a code that the owner was talked out of (estimate)."""

PIN_KNOWN_SHARE = 0.15
"""Campaigns that know the PIN (estimate)."""

ONLINE_SHARE = 0.25
"""Purchases from the far city at online shops of that country (estimate)."""

SHORTEST_GAP_MINUTES, MEAN_MORE_MINUTES = 5.0, 40.0
"""Gap between purchases of a day: at least, and what is added in the mean (estimate)."""

WANTED = {
    "electronics": 0.15, "department_store": 0.10, "grocery": 0.13, "fashion": 0.09, "restaurant": 0.08,
    "fuel": 0.06, "hotel": 0.03, "convenience": 0.08, "fast_food": 0.06, "cash_machine": 0.20, "taxi": 0.04,
    "pharmacy": 0.04, "jewelry": 0.04,
}  # fmt: skip
"""What is bought there: goods that sell, and the life of whoever buys them (estimate)."""

WANTED_ONLINE = {"marketplace": 0.40, "electronics": 0.25, "fashion": 0.15, "airline": 0.06, "taxi": 0.14}
"""The same online (estimate)."""

LONGITUDE = 0.7
"""Length of a degree of longitude against one of latitude, at 45 degrees."""


class ImpossibleTravel(Typology):
    """Somebody far away uses the card by clone or phone, while its owner lives on and notices a day later."""

    name = "impossible_travel"
    max_days = 4
    week = PRESENT_WEEK

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, WANTED, in_person=True)
        self._online_trades = kit.trades(f"{self.name}.online", self.drift, WANTED_ONLINE)
        self._networks = kit.networks(self.name, self.drift, {"mobile": 0.50, "home": 0.40, "vpn": 0.10})
        self._entry = code_table(ENTRY_MODE, {"chip": 0.30, "contactless": 0.36, "magstripe": 0.24, "fallback": 0.10})
        self._answers = code_table(
            RESPONSE_CODE,
            {"00": 0.80, "05": 0.09, "62": 0.03, "59": 0.02, "51": 0.03, "61": 0.02, "57": 0.01},
        )
        self._wrong_pin = code_table(RESPONSE_CODE, {"75": 0.55, "05": 0.25, "65": 0.10, "62": 0.10})
        self._three_ds = code_table(THREE_DS, {"none": 0.66, "attempted": 0.06, "frictionless": 0.20, "failed": 0.08})

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """One to four days, the most on the first."""
        days = 1 + (campaign_bits >> np.uint64(8)).astype(np.int64) % self.max_days
        return np.where(age < days, 1.0 / (1.0 + 0.5 * age), 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """Through the far city's day."""
        del offset_us
        kit = self.kit
        day = kit.pair_draws(events.campaign_bits, events.age, "impossible_travel.day")
        start = kit.local_times(events, shopping_hour(high(day)), kit.noon_offset_us(events.day, self._runner(events)))
        more = kit.waits(kit.draws(day, "impossible_travel.gap"), MEAN_MORE_MINUTES)
        bits = high(kit.draws(events.bits, "impossible_travel.step"))
        return run_times(events, start, (SHORTEST_GAP_MINUTES + more) * 60e6, events.number, events.total, bits)

    def victim(self, events: Events) -> I64:
        """One card."""
        return np.zeros(len(events), dtype=np.int64)

    def customer(self, events: Events, victim: I64) -> I64:
        """Whoever pays most among the cards on offer."""
        kit = self.kit
        cohorts = kit.model.plan.cohorts

        def idleness(offered: Events, customer: I64) -> I64:
            del offered
            cohort = cohorts.of_customer(customer)
            return (cohorts.base[cohort] - customer) * 4096 // np.maximum(cohorts.size[cohort], 1)

        del victim
        return best_fitting(
            events, CARDS_OFFERED, lambda some, number: super(ImpossibleTravel, self).customer(some, number), idleness
        )

    def choose(self, choice: Choice, events: Events) -> None:
        """Buy in the runner's city, or online in that country."""
        kit = self.kit
        runner, bits = self._runner(events), kit.draws(events.bits, "impossible_travel.shop")
        factor = 1.4 * self.amount_factor(events)
        trade, online = self._trade(events), self._online(events)
        there = np.flatnonzero(~online)
        kit.buy_in_person(choice, there, kit.home_place(runner[there]), trade[there], bits[there], factor[there])
        remote = np.flatnonzero(online)
        country = kit.model.geography.home_country[kit.group_of(runner[remote])]
        goods = self._online_trades(low(bits[remote]), events.start_day[remote])
        site = kit.model.merchants.online_site[country]
        kit.buy_at(choice, remote, site, goods, bits[remote], factor[remote])

    def finish(self, rows: Rows, events: Events) -> None:
        """Show a clone or a phone; online, use the runner's device and line."""
        kit, runner = self.kit, self._runner(events)
        bits, checks = (
            kit.draws(events.bits, "impossible_travel.how"),
            kit.draws(events.bits, "impossible_travel.check"),
        )
        campaign = kit.draws(events.campaign_bits, "impossible_travel.means")
        knows = low(campaign) < threshold32(PIN_KNOWN_SHARE)
        present = in_person(rows)
        places, remote = np.flatnonzero(present), np.flatnonzero(~present)
        entry = self._entry(high(bits)[places]).astype(np.int8)
        show_card(rows, places, spare_pin(rows, places, entry, knows[places]))
        tapped = np.flatnonzero(present & (high(campaign) < threshold32(PROVISIONED_SHARE)))
        show_phone(kit.model, rows, tapped, runner[tapped])
        kit.use_device(rows, remote, runner[remote], PHONE)
        network = self._networks(low(bits), events.start_day).astype(np.int8)
        kit.use_network(rows, remote, runner[remote], network[remote], bits[remote])
        kit.redraw(rows.three_ds, remote, self._three_ds, high(checks)[remote])
        guesses = asks_pin(rows) & ~knows
        rows.response[:] = np.where(guesses, self._wrong_pin(low(checks)), self._answers(low(checks)))

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Purchases and cash."""
        roles = super().roles(events)
        roles[(self._trade(events) == CASH_TRADE) & ~self._online(events)] = ROLE.index("cash_out")
        return roles

    def _trade(self, events: Events) -> I64:
        return self._trades(high(self.kit.draws(events.bits, "impossible_travel.goods")), events.start_day)

    def _online(self, events: Events) -> NDArray[np.bool_]:
        draws = low(self.kit.draws(events.bits, "impossible_travel.goods"))
        return np.less(draws, threshold32(ONLINE_SHARE))

    def _runner(self, events: Events) -> I64:
        """Who uses the card: of some people, the one farthest from the owner."""
        kit = self.kit

        def candidate(some: Events, number: I64) -> I64:
            bits = kit.pair_draws(some.campaign_bits, number, "impossible_travel.runner")
            return kit.someone(some, high(kit.draws(bits, "impossible_travel.region")), bits)

        def nearness(some: Events, runner: I64) -> I64:
            return -self._distance(self.customer(some, self.victim(some)), runner)

        return best_fitting(events, RUNNERS_ASKED, candidate, nearness)

    def _distance(self, one: I64, other: I64) -> I64:
        """Distance of two customers' homes, squared, in hundredths of square degrees."""
        geography = self.kit.model.geography
        here, there = self.kit.home_place(one), self.kit.home_place(other)
        north = geography.latitude[here] - geography.latitude[there]
        east = np.abs(geography.longitude[here] - geography.longitude[there])
        east = np.minimum(east, 360.0 - east) * LONGITUDE
        return ((north * north + east * east) * 100.0).astype(np.int64)
