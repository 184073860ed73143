"""Night-time high-value run: a card that went astray in the evening is spent before the owner wakes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.present import CHIP, CONTACTLESS
from payloom.behaviour.rows import Rows
from payloom.codes import RESPONSE_CODE, ROLE, THREE_DS
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.in_person import asks_pin, in_person, show_card
from payloom.fraud.kit import Kit
from payloom.fraud.runs import run_times
from payloom.fraud.shares import code_table
from payloom.fraud.typology import PRESENT_WEEK, Typology
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64
from payloom.world.addresses import MOBILE
from payloom.world.devices import PHONE
from payloom.world.merchants import CASH_TRADE

I64 = NDArray[np.int64]

NIGHT_HOURS = 5.0
"""Length of the night, from midnight on, local time (ULB: 25 % of fraud lies between 0 and 6 h)."""

FIRST_HOURS = 2.5
"""A run begins within so many hours from midnight, at the latest (estimate)."""

SECOND_NIGHT_SHARE = 0.25
"""Runs that go on in the next night (estimate)."""

SHORTEST_GAP_MINUTES, MEAN_MORE_MINUTES = 4.0, 14.0
"""Gap between purchases: at least, and what is added in the mean (estimate)."""

IN_PERSON_SHARE = 0.55
"""Events with the card in the hand; the others are online (estimate)."""

PIN_KNOWN_SHARE = 0.7
"""Campaigns that saw the PIN in a bar or were told it (estimate)."""

OWN_PHONE_SHARE = 0.3
"""Campaigns that took the owner's unlocked phone as well: online, it is the owner's device (estimate)."""

DEAR_FACTOR, CASH_FACTOR = 2.2, 2.0
"""Amounts against ordinary ones of the trade (estimate)."""

WANTED = {
    "cash_machine": 0.36, "bar": 0.24, "hotel": 0.07, "restaurant": 0.08, "fuel": 0.06, "fuel_pump": 0.05, "taxi": 0.04,
    "gambling": 0.06, "convenience": 0.04,
}  # fmt: skip
"""What is open at night (estimate)."""

WANTED_ONLINE = {
    "electronics": 0.32, "jewelry": 0.16, "marketplace": 0.20, "gambling": 0.10, "stored_value": 0.08, "airline": 0.06,
    "fashion": 0.08,
}  # fmt: skip
"""What is dear and can be ordered at night (estimate)."""


class NightHighValue(Typology):
    """A night out: the card, and often the PIN, are taken; cash, bars and dear orders follow until morning."""

    name = "night_high_value"
    max_days = 2
    week = PRESENT_WEEK

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        # Nothing but what is open at night: no ordinary shopping.
        self._trades = kit.trades(self.name, self.drift, WANTED, ordinary=0.0)
        self._online_trades = kit.trades(f"{self.name}.online", self.drift, WANTED_ONLINE)
        self._networks = kit.networks(self.name, self.drift, {"mobile": 0.58, "home": 0.34, "vpn": 0.08})
        self._answers = code_table(
            RESPONSE_CODE, {"00": 0.81, "05": 0.06, "51": 0.06, "61": 0.05, "59": 0.01, "65": 0.01}
        )
        self._wrong_pin = code_table(RESPONSE_CODE, {"75": 0.62, "05": 0.18, "65": 0.14, "57": 0.06})
        self._three_ds = code_table(THREE_DS, {"none": 0.60, "attempted": 0.06, "frictionless": 0.26, "failed": 0.08})

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """One night, now and then two."""
        again = high(self.kit.draws(campaign_bits, "night_high_value.again")) < threshold32(SECOND_NIGHT_SHARE)
        return np.where(age == 0, 1.0, np.where(again, 0.5, 0.0))

    def times(self, events: Events, offset_us: I64) -> I64:
        """Between midnight and five, local time, one after the other."""
        kit = self.kit
        night = kit.pair_draws(events.campaign_bits, events.age, "night_high_value.night")
        begin, length = _night_in_day(offset_us)
        start = (
            events.midnight_us + begin + (unit(high(night)) * (length * (FIRST_HOURS / NIGHT_HOURS))).astype(np.int64)
        )
        more = kit.waits(kit.draws(night, "night_high_value.gap"), MEAN_MORE_MINUTES)
        # A long run hurries, so that it ends before morning.
        gap_us = np.minimum((SHORTEST_GAP_MINUTES + more) * 60e6, length * 0.5 / events.total)
        bits = high(kit.draws(events.bits, "night_high_value.step"))
        return run_times(events, start, gap_us, events.number, events.total, bits)

    def victim(self, events: Events) -> I64:
        """One card."""
        return np.zeros(len(events), dtype=np.int64)

    def choose(self, choice: Choice, events: Events) -> None:
        """Draw cash and buy dear things in town, or order them."""
        kit = self.kit
        bits, trade, online = kit.draws(events.bits, "night_high_value.shop"), self._trade(events), self._online(events)
        there, remote = np.flatnonzero(~online), np.flatnonzero(online)
        factor = np.where(trade == CASH_TRADE, CASH_FACTOR, DEAR_FACTOR) * self.amount_factor(events)
        place = kit.place_now(choice.customer, choice.time_us)
        kit.buy_in_person(choice, there, place[there], trade[there], bits[there], factor[there])
        goods = self._online_trades(low(bits[remote]), events.start_day[remote])
        dear = DEAR_FACTOR * self.amount_factor(events)[remote]
        kit.shop_online(choice, remote, goods, kit.draws(bits[remote], "night_high_value.order"), dear)

    def finish(self, rows: Rows, events: Events) -> None:
        """Insert the card, with the PIN or without; online, use the thief's phone or the owner's."""
        kit = self.kit
        bits, checks = kit.draws(events.bits, "night_high_value.how"), kit.draws(events.bits, "night_high_value.check")
        campaign = kit.draws(events.campaign_bits, "night_high_value.means")
        knows = low(campaign) < threshold32(PIN_KNOWN_SHARE)
        present = in_person(rows)
        places = np.flatnonzero(present)
        tapped = high(bits)[places] < threshold32(0.4)
        show_card(rows, places, np.where(tapped, CONTACTLESS, CHIP))
        has_phone = high(campaign) < threshold32(OWN_PHONE_SHARE)
        on_phone = np.flatnonzero(~present & has_phone)
        kit.use_device(rows, on_phone, rows.customer[on_phone], PHONE)
        # The phone is out in town with the thief, and not on the owner's line at home.
        mobile = np.full(len(on_phone), MOBILE, dtype=np.int8)
        kit.use_network(rows, on_phone, rows.customer[on_phone], mobile, bits[on_phone])
        remote = np.flatnonzero(~present & ~has_phone)
        thief = kit.accomplice(events)[remote]
        kit.use_device(rows, remote, thief, PHONE)
        network = self._networks(low(bits), events.start_day).astype(np.int8)
        kit.use_network(rows, remote, thief, network[remote], bits[remote])
        kit.redraw(rows.three_ds, remote, self._three_ds, high(checks)[remote])
        guesses = asks_pin(rows) & ~knows
        rows.response[:] = np.where(guesses, self._wrong_pin(low(checks)), self._answers(low(checks)))

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Purchases and cash."""
        roles = super().roles(events)
        roles[(self._trade(events) == CASH_TRADE) & ~self._online(events)] = ROLE.index("cash_out")
        return roles

    def _trade(self, events: Events) -> I64:
        return self._trades(high(self.kit.draws(events.bits, "night_high_value.goods")), events.start_day)

    def _online(self, events: Events) -> NDArray[np.bool_]:
        draws = low(self.kit.draws(events.bits, "night_high_value.goods"))
        return np.greater_equal(draws, threshold32(IN_PERSON_SHARE))


def _night_in_day(offset_us: I64) -> tuple[I64, F64]:
    """Beginning and length of the local night within a UTC day; of a night that midnight UTC parts, the longer part."""
    whole = int(NIGHT_HOURS * 3.6e9)
    begin = -offset_us % DAY_US
    late = np.maximum(begin + whole - DAY_US, 0)
    after = late * 2 >= whole
    return np.where(after, 0, begin), np.where(after, late, whole - late).astype(np.float64)
