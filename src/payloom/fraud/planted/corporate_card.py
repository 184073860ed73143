"""Corporate card: a firm's card that a travelling team uses all day, for some days, in several cities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.lookalike import LookAlike
from payloom.fraud.shares import trade_weights
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64, CategoricalTable
from payloom.world.addresses import BUSINESS, HOME, MOBILE
from payloom.world.devices import PHONE

I64 = NDArray[np.int64]

COLLEAGUES = 3
"""People who pay with the card, its holder among them (estimate)."""

FIRST_HOUR, HOURS = 6.5, 15.5
"""Local hours in which a team on the road pays: half past six to ten in the evening (estimate)."""

REMOTE_SHARE = 0.24
"""Payments made remotely: flights, trains, rooms, rides (estimate)."""

DOUBT_SHARE = 0.04
"""Payments that the issuer refuses because they come too fast or from too many places (estimate)."""

BY_DAYPART = (
    {
        "bakery": 0.34, "fuel": 0.16, "fuel_pump": 0.12, "transit": 0.12, "taxi": 0.14, "parking": 0.06,
        "convenience": 0.06,
    },
    {
        "restaurant": 0.34, "fast_food": 0.16, "fuel": 0.12, "fuel_pump": 0.08, "taxi": 0.10, "parking": 0.10,
        "convenience": 0.10,
    },
    {
        "fuel": 0.18, "fuel_pump": 0.12, "taxi": 0.16, "parking": 0.14, "hotel": 0.18, "convenience": 0.10,
        "electronics": 0.06, "transit": 0.06,
    },
    {"restaurant": 0.44, "hotel": 0.24, "bar": 0.12, "taxi": 0.14, "fuel": 0.06},
)  # fmt: skip
"""What is bought in person before 10, before 14, before 18 hours and later (estimate)."""

REMOTE_TRADES = {
    "airline": 0.22, "rail": 0.20, "hotel": 0.20, "taxi": 0.18, "car_rental": 0.06, "software": 0.06,
    "travel_agency": 0.08,
}  # fmt: skip
"""What is booked (estimate)."""


class CorporateCard(LookAlike):
    """One card, many payments a day, now in one city and now in another: a team on the road, not a thief."""

    name = "corporate_card"
    max_days = 5

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._by_daypart = CategoricalTable(np.stack([trade_weights(shares) for shares in BY_DAYPART]))
        self._remote = kit.trades(self.name, self.drift, REMOTE_TRADES, ordinary=0.0)

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Two to five days in a row."""
        days = 2 + (campaign_bits >> np.uint64(8)).astype(np.int64) % (self.max_days - 1)
        return np.where(age < days, 1.0, 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """From early morning to late evening, spread over the day."""
        jitter = unit(high(self.kit.draws(events.bits, "corporate_card.time")))
        # Each in its own stretch of the day: nobody has three dinners.
        hour = FIRST_HOUR + HOURS * (events.number + jitter) / np.maximum(events.total, 1)
        return self.kit.local_times(events, hour, offset_us)

    def victim(self, events: Events) -> I64:
        """One cardholder."""
        return np.zeros(len(events), dtype=np.int64)

    def choose(self, choice: Choice, events: Events) -> None:
        """Buy what the hour of the day asks for, each colleague in a city of their own."""
        kit = self.kit
        bits = kit.draws(events.bits, "corporate_card.goods")
        choice.instrument_bits[:] = kit.draws(events.campaign_bits, "corporate_card.card")
        shop, factor = kit.draws(bits, "corporate_card.shop"), self.amount_factor(events)
        remote = low(bits) < threshold32(REMOTE_SHARE)
        away, here = np.flatnonzero(remote), np.flatnonzero(~remote)
        trade = self._remote(high(bits[away]), events.start_day[away])
        kit.shop_online(choice, away, trade, shop[away], factor[away], 0.1)
        local = choice.time_us[here] + kit.noon_offset_us(events.day[here], choice.customer[here])
        hour = local // 3_600_000_000 % 24
        daypart = (hour >= 10).astype(np.int64) + (hour >= 14) + (hour >= 18)
        trade = self._by_daypart(high(bits[here]), daypart).astype(np.int64)
        place = self._place(events.take(here), choice.group[here])
        kit.buy_in_person(choice, here, place, trade, shop[here], factor[here])

    def _member(self, events: Events) -> I64:
        """Who of the team pays: 0 is the cardholder."""
        return (high(self.kit.draws(events.bits, "corporate_card.member")).astype(np.int64) * COLLEAGUES) >> 32

    def _place(self, events: Events, group: I64) -> I64:
        """City in which a colleague is on a day: larger ones are visited more often."""
        geography = self.kit.model.geography
        bits = self.kit.pair_draws(
            events.campaign_bits, events.age * COLLEAGUES + self._member(events), "corporate_card.city"
        )
        return geography.homes(high(bits), group).astype(np.int64) + geography.home_first_place[group]

    def finish(self, rows: Rows, events: Events) -> None:
        """Book on the colleagues' own phones, in the office, in the hotel and on the way."""
        kit, everywhere = self.kit, np.arange(len(events))
        bits = kit.draws(events.bits, "corporate_card.how")
        member = self._member(events)
        colleague = self.neighbour(
            kit.customers(events, self.band(events.campaign_bits), np.zeros(len(events), dtype=np.int64)),
            high(kit.pair_draws(events.campaign_bits, member, "corporate_card.colleague")),
        )
        holder = np.where(member == 0, rows.customer, colleague)
        kit.use_device(rows, everywhere, holder, PHONE)
        line = low(bits)
        network = np.where(line < threshold32(0.5), MOBILE, np.where(line < threshold32(0.85), BUSINESS, HOME))
        kit.use_network(rows, everywhere, holder, network.astype(np.int8), bits)
        self.doubt(rows, DOUBT_SHARE, kit.draws(bits, "corporate_card.doubt"))
