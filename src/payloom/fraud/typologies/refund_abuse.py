"""Refund abuse: somebody buys again and again, and gets the money back for goods that are kept or worn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.codes import CHARGEBACK_REASON, RESPONSE_CODE, ROLE
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.shares import code_table
from payloom.fraud.typology import PURCHASE_ROLE, Typology
from payloom.streams.hashing import U64, draw, high, low, threshold32, unit
from payloom.streams.tables import F64

I64 = NDArray[np.int64]

BUYING_DAYS = 20
"""A campaign buys on some of so many days (estimate)."""

BUYING_SHARE = 0.35
"""Every other day is a day of buying with this probability; the first always is (estimate)."""

LONGEST_LAG = 13
"""Goods go back after 1, 3, ... or 13 days: within the fortnight that shops and the law give (EU: 14 days)."""

REFUNDED_SHARE = 0.9
"""Approved purchases of which the money is claimed back (estimate)."""

DECLINED_SHARE = 0.06
"""Purchases that are declined, and so never refunded (estimate)."""

SHIPPING_SHARE = 0.2
"""Refunds from which the shop keeps back the shipping or a fee (estimate)."""

SHOPS = 2
"""Shops whose returns policy is exploited (estimate)."""

GENEROUS = {
    "fashion": 0.30, "marketplace": 0.18, "electronics": 0.15, "shoes": 0.13, "department_store": 0.08,
    "cosmetics": 0.06, "sporting_goods": 0.05, "jewelry": 0.05,
}  # fmt: skip
"""Shops with easy returns (estimate)."""


class RefundAbuse(Typology):
    """One customer, a few shops, and a refund for nearly every purchase: empty parcels, worn clothes, false claims."""

    name = "refund_abuse"
    max_days = BUYING_DAYS + LONGEST_LAG
    blocks_cards = False
    stops = False

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, GENEROUS, ordinary=0.0)
        self._declined = code_table(RESPONSE_CODE, {"51": 0.55, "05": 0.35, "61": 0.10})
        self._reasons = code_table(
            CHARGEBACK_REASON, {"credit_not_processed": 0.4, "not_received": 0.4, "not_as_described": 0.2}
        )

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Buy on some even days; the refund of each comes an odd number of days later."""
        refunding = self._buys(campaign_bits, age - self._lag(campaign_bits))
        return np.where(self._buys(campaign_bits, age), 1.0, np.where(refunding, REFUNDED_SHARE, 0.0))

    def _lag(self, campaign_bits: U64) -> I64:
        kinds = (LONGEST_LAG + 1) // 2
        return 1 + 2 * (high(self.kit.draws(campaign_bits, "refund_abuse.lag")).astype(np.int64) * kinds >> 32)

    def _buys(self, campaign_bits: U64, age: I64) -> NDArray[np.bool_]:
        some = high(self.kit.pair_draws(campaign_bits, age, "refund_abuse.buys")) < threshold32(BUYING_SHARE)
        return (age >= 0) & (age < BUYING_DAYS) & (age % 2 == 0) & (some | (age == 0))

    def times(self, events: Events, offset_us: I64) -> I64:
        """Any hour at which people shop; refunds while the shop's office is open."""
        bits = self.kit.draws(events.bits, "refund_abuse.time")
        hour = 8.0 + 10.0 * unit(low(bits))
        office = self.kit.local_times(events, hour, offset_us)
        return np.where(events.age % 2 == 1, office, self.kit.usual_times(events, high(bits), offset_us))

    def victim(self, events: Events) -> I64:
        """One customer, who is no victim."""
        return np.zeros(len(events), dtype=np.int64)

    def choose(self, choice: Choice, events: Events) -> None:
        """Buy at one of the campaign's shops; a refund repeats the purchase that it gives back."""
        kit, everywhere = self.kit, np.arange(len(events))
        original = self._original(events)
        bought = np.where(original >= 0, self._row_bits(original), events.bits)
        # What the position decides is decided as it was at the purchase.
        choice.bits[:] = bought
        bits = kit.draws(bought, "refund_abuse.goods")
        number = high(bits).astype(np.int64) * SHOPS >> 32
        shop = kit.pair_draws(events.campaign_bits, number, "refund_abuse.shop")
        trade = self._trades(high(kit.draws(shop, "refund_abuse.trade")), events.start_day)
        home = kit.model.geography.home_country[choice.group]
        site = kit.model.merchants.online_site[home]
        kit.buy_at(choice, everywhere, site, trade, kit.basket(shop, bits), self.amount_factor(events))
        kept = kit.draws(bits, "refund_abuse.fee")
        less = np.flatnonzero((original >= 0) & (high(kept) < threshold32(SHIPPING_SHARE)))
        part = choice.amount_minor[less] * (0.85 + 0.13 * unit(low(kept[less])))
        kit.set_amount(choice, less, np.maximum(part.astype(np.int64), 1))

    def finish(self, rows: Rows, events: Events) -> None:
        """Pay as ever, from the own device; give back what was bought."""
        bits = self.kit.draws(events.bits, "refund_abuse.answer")
        rows.response[:] = np.where(self._goes_through(events.bits), 0, self._declined(high(bits)))
        original = self._original(events)
        places = np.flatnonzero(original >= 0)
        self.kit.give_back(rows, places, original[places])

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Purchases, and the refunds that are the aim."""
        return np.where(self._original(events) >= 0, np.int8(ROLE.index("refund")), PURCHASE_ROLE)

    def chargeback_reasons(self, rows: Rows, events: Events) -> NDArray[np.int8]:
        """What the shop will not give back is claimed from the bank."""
        del rows
        return self._reasons(low(self.kit.draws(events.bits, "refund_abuse.reason"))).astype(np.int8)

    def _original(self, events: Events) -> I64:
        """Position of the purchase that each event gives back, -1 for purchases.

        The n-th event of a day of refunds gives back the n-th purchase of its day of buying, if that was approved and
        is claimed back.
        """
        original = np.full(len(events), -1, dtype=np.int64)
        odd = np.flatnonzero(events.age % 2 == 1)
        if odd.size:
            these = events.take(odd)
            first, count = self.kit.events_on(self.name, these.campaign, these.day - self._lag(these.campaign_bits))
            position = first + these.number
            bought = self._row_bits(position)
            claimed = low(self.kit.draws(bought, "refund_abuse.claim")) < threshold32(REFUNDED_SHARE)
            known = (these.number < count) & claimed & self._goes_through(bought)
            original[odd] = np.where(known, position, -1)
        return original

    def _goes_through(self, bits: U64) -> NDArray[np.bool_]:
        return high(self.kit.draws(bits, "refund_abuse.declined")) >= threshold32(DECLINED_SHARE)

    def _row_bits(self, position: I64) -> U64:
        """Random bits of the event at a position."""
        return draw(self.kit.model.plan.keys["row"], position)
