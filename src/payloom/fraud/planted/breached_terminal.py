"""Breached terminal: genuine visits to one terminal of an ordinary shop that copies the cards it is shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.present import CHIP, CONTACTLESS, ON_DEVICE, PIN
from payloom.behaviour.rows import NULL, Rows
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.shares import trade_weights
from payloom.fraud.typology import Typology
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import U64, high, low
from payloom.streams.tables import F64, CategoricalTable
from payloom.world.merchants import MAX_TERMINALS, terminal_count

I64 = NDArray[np.int64]

SHORTEST_DAYS = 14
"""A skimmer stays for two to four weeks (estimate)."""

CUSTOMERS_ASKED = 40
"""People of the country who are looked at for one who lives in the shop's city and is there."""

ASKED_AT_ONCE = 4096
"""So many take little longer than a few."""

SHOPS = {
    "fuel_pump": 0.30, "fuel": 0.24, "convenience": 0.16, "grocery": 0.12, "cash_machine": 0.12, "parking": 0.06,
}  # fmt: skip
"""Where terminals are tampered with: unattended or busy ones (estimate)."""


class BreachedTerminal(Typology):
    """People of one city pay at a terminal that somebody tampered with; nothing else is odd about it."""

    name = "breached_terminal"
    max_days = 28
    genuine = True

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._shops = CategoricalTable(trade_weights(SHOPS))

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Visits every day until the skimmer is taken away."""
        more = self.max_days - SHORTEST_DAYS + 1
        days = SHORTEST_DAYS + (campaign_bits >> np.uint64(8)).astype(np.int64) % more
        return np.where(age < days, 1.0, 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """At the hours at which people pay."""
        return self.kit.usual_times(events, high(self.kit.draws(events.bits, "breached_terminal.time")), offset_us)

    def victim(self, events: Events) -> I64:
        """Somebody else at every visit."""
        return events.age * 4096 + events.number

    def customer(self, events: Events, victim: I64) -> I64:
        """People who live in the shop's city and are not on a trip that day."""
        kit = self.kit
        city, region = self._city(events), kit.country_bits(events)
        found = np.zeros(len(events), dtype=np.int64)
        open_, attempt = np.arange(len(events)), 0
        while open_.size and attempt < CUSTOMERS_ASKED:
            # Where few are left, several customers of each are asked at once, and the first who fits is taken.
            tries = min(max(ASKED_AT_ONCE // open_.size, 1), CUSTOMERS_ASKED - attempt)
            wide = np.repeat(open_, tries)
            some = events.take(wide)
            asked = victim[wide] * CUSTOMERS_ASKED + np.tile(np.arange(attempt, attempt + tries), open_.size)
            bits = kit.pair_draws(some.campaign_bits, asked, "breached_terminal.visitor")
            customer = kit.someone(some, region[wide], bits)
            fits = self._in_town(customer, some, city[wide]).reshape(-1, tries)
            some_fit = fits.any(axis=1)
            place = np.where(some_fit, fits.argmax(axis=1), tries - 1)
            found[open_] = customer.reshape(-1, tries)[np.arange(open_.size), place]
            open_, attempt = open_[~some_fit], attempt + tries
        return found

    def choose(self, choice: Choice, events: Events) -> None:
        """Pay at the campaign's shop, with the card that a thief will know for this visit."""
        kit, everywhere = self.kit, np.arange(len(events))
        shop = kit.draws(events.campaign_bits, "breached_terminal.shop")
        bits = kit.basket(shop, kit.draws(events.bits, "breached_terminal.ticket"))
        trade = self._shops(low(shop)).astype(np.int64)
        kit.buy_in_person(choice, everywhere, self._city(events), trade, bits, np.ones(len(events)))
        choice.instrument_bits[:] = kit.pair_draws(events.campaign_bits, self.victim(events), "card")

    def finish(self, rows: Rows, events: Events) -> None:
        """Use one terminal, and put the card in: what is tapped is not copied."""
        terminals = terminal_count(self.kit.model.merchants.bits(rows.merchant))
        number = high(self.kit.draws(events.campaign_bits, "breached_terminal.number")).astype(np.int64)
        rows.terminal[:] = rows.merchant * MAX_TERMINALS + (number * terminals >> 32)
        tapped = rows.entry_mode == CONTACTLESS
        rows.entry_mode[tapped] = CHIP
        rows.cvm[tapped | (rows.cvm == ON_DEVICE)] = PIN
        rows.wallet[:] = NULL

    def _city(self, events: Events) -> I64:
        """City of the shop: where an ordinary customer lives."""
        return self.kit.home_place(self.kit.accomplice(events))

    def _in_town(self, customer: I64, events: Events, city: I64) -> NDArray[np.bool_]:
        """Whether customers live in a city and stay there on the day of an event."""
        kit = self.kit
        here = kit.home_place(customer) == city
        locals_ = np.flatnonzero(here)
        customer, midnight_us = customer[locals_], events.midnight_us[locals_]
        country = kit.model.geography.home_country[kit.group_of(customer)]
        for part in (0, DAY_US // 2, DAY_US):
            away, _, on_the_road = kit.spending.trips.whereabouts(customer, country, midnight_us + part)
            here[locals_[away]] = False
            here[locals_[on_the_road]] = False
        return here
