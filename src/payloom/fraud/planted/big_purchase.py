"""Big purchase: once in a while people buy a sofa, a laptop, a ring or a journey, far above what they usually pay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.pricing import COUNTRY_CURRENCY, MINOR_PER_USD
from payloom.behaviour.rows import Rows
from payloom.codes import THREE_DS
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.lookalike import LookAlike
from payloom.fraud.shares import code_table
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64

I64 = NDArray[np.int64]

USUAL_USD = 46.7
"""What a card payment usually comes to, US dollars (Fed Reg II: US debit 2023)."""

LEAST_FACTOR, LN_RANGE = 5.0, 1.3862943611198906
"""The purchase is 5 to 20 times the usual, each order of size as likely: ln(20 / 5) (estimate)."""

IN_PERSON_SHARE = 0.35
"""Such purchases that are made over the counter (estimate)."""

ABROAD_SHARE = 0.12
"""Remote ones in another country of the world (estimate)."""

DOUBT_SHARE = 0.09
"""Payments that the issuer refuses at first (estimate: amounts far above the usual are the first rule of any)."""

GOODS = {
    "electronics": 0.26, "furniture": 0.16, "travel_agency": 0.12, "airline": 0.12, "jewelry": 0.08, "hotel": 0.08,
    "home_improvement": 0.08, "marketplace": 0.06, "sporting_goods": 0.04,
}  # fmt: skip
"""What is bought (estimate)."""

COUNTER_GOODS = {
    "electronics": 0.28, "furniture": 0.26, "jewelry": 0.16, "home_improvement": 0.14, "auto_repair": 0.10,
    "sporting_goods": 0.06,
}  # fmt: skip
"""What is bought over the counter (estimate)."""


class BigPurchase(LookAlike):
    """One purchase many times larger than the customer's others, most often with the bank's challenge passed."""

    name = "big_purchase"
    max_days = 1

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._goods = kit.trades(f"{self.name}.goods", self.drift, GOODS, ordinary=0.0)
        self._counter = kit.trades(f"{self.name}.counter", self.drift, COUNTER_GOODS, ordinary=0.0)
        self._three_ds = code_table(
            THREE_DS, {"challenged": 0.74, "frictionless": 0.12, "none": 0.12, "attempted": 0.01, "failed": 0.01}
        )

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Once."""
        del campaign_bits
        return np.where(age == 0, 1.0, 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """When shops are open and people have decided: from ten in the morning to ten at night."""
        hour = unit(high(self.kit.draws(events.bits, "big_purchase.time")))
        return self.kit.local_times(events, 10.0 + 12.0 * hour, offset_us)

    def victim(self, events: Events) -> I64:
        """Each purchase is another customer's."""
        return events.number

    def choose(self, choice: Choice, events: Events) -> None:
        """Buy one dear thing, over the counter where the customer is, or remotely."""
        kit = self.kit
        bits = kit.draws(events.bits, "big_purchase.goods")
        shop = kit.draws(bits, "big_purchase.shop")
        factor = np.ones(len(events))
        # Shops have closed by eight in the evening, and who is on the road buys remotely.
        local = choice.time_us + kit.noon_offset_us(events.day, choice.customer)
        counter = ~choice.online & (low(bits) < threshold32(IN_PERSON_SHARE * 2)) & (local // 3_600_000_000 % 24 < 20)
        here, away = np.flatnonzero(counter), np.flatnonzero(~counter)
        site = choice.site[here]
        trade = self._counter(high(bits[here]), events.start_day[here])
        kit.buy_in_person(choice, here, site, trade, shop[here], factor[here])
        trade = self._goods(high(bits[away]), events.start_day[away])
        kit.shop_online(choice, away, trade, shop[away], factor[away], ABROAD_SHARE)
        self._set_price(choice, events)

    def _set_price(self, choice: Choice, events: Events) -> None:
        """Make it many times what this customer usually pays."""
        kit = self.kit
        plan, people = kit.model.plan, kit.model.people
        price = kit.draws(events.bits, "big_purchase.price")
        times = LEAST_FACTOR * plan.functions.exp(unit(high(price)) * LN_RANGE)
        usual = USUAL_USD * plan.functions.exp(people.affluence(people.bits(choice.customer)))
        currency = COUNTRY_CURRENCY[kit.model.merchants.site_country[choice.site]]
        raw = usual * times * self.amount_factor(events) * MINOR_PER_USD[currency]
        amount = kit.spending.pricing.with_ending(raw, choice.trade, currency, price)
        kit.set_amount(choice, np.arange(len(events)), amount)

    def finish(self, rows: Rows, events: Events) -> None:
        """Most issuers ask the cardholder to confirm; some refuse."""
        kit, everywhere = self.kit, np.arange(len(events))
        bits = kit.draws(events.bits, "big_purchase.how")
        kit.redraw(rows.three_ds, everywhere, self._three_ds, high(bits))
        self.doubt(rows, DOUBT_SHARE, kit.draws(bits, "big_purchase.doubt"))
