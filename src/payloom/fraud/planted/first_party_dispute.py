"""First-party dispute: a genuine purchase, mostly online, that its own cardholder contests weeks later."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.authorisation import APPROVED
from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.behaviour.spending import PURCHASE
from payloom.codes import CHARGEBACK_REASON, ROLE
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.lookalike import LookAlike
from payloom.fraud.shares import code_weights
from payloom.streams.hashing import U64, high, low, threshold32
from payloom.streams.tables import F64, CategoricalTable

I64 = NDArray[np.int64]

ONLINE_SHARE = 0.88
"""Disputed purchases that were made remotely (estimate: disputes are overwhelmingly of card-not-present payments)."""

RECURRING_SHARE = 0.14
"""Disputed remote purchases that are the charge of a subscription (estimate)."""

AGAIN_SHARE = 0.3
"""Cardholders who dispute again within `max_days` (estimate: who got money back once tries it again)."""

GOODS = {
    "marketplace": 0.26, "fashion": 0.14, "electronics": 0.12, "digital_games": 0.10, "shoes": 0.05, "cosmetics": 0.05,
    "tickets": 0.05, "digital_media": 0.04, "airline": 0.03, "hotel": 0.03, "travel_agency": 0.02, "toys": 0.03,
    "specialty_retail": 0.05, "fast_food": 0.03,
}  # fmt: skip
"""What is contested: things that are delivered, and things that children or partners buy (estimate)."""

CONTRACTS = {
    "digital_media": 0.30, "pay_television": 0.14, "software": 0.16, "gym": 0.14, "apps": 0.14, "digital_large": 0.12,
}  # fmt: skip
"""Subscriptions of which people say that they had cancelled them (estimate)."""

ONLINE_REASONS = {"not_received": 0.40, "unrecognised": 0.30, "not_as_described": 0.24, "duplicate": 0.06}
RECURRING_REASONS = {"cancelled_recurring": 0.78, "unrecognised": 0.22}
PRESENT_REASONS = {"unrecognised": 0.55, "duplicate": 0.25, "not_as_described": 0.20}
"""What the cardholder says, by how it was bought (estimates): what was taken home in a bag was received."""


class FirstPartyDispute(LookAlike):
    """A customer buys something, gets it, and has the money charged back: fraud in the bank's books, not in ours."""

    name = "first_party_dispute"
    max_days = 40
    disputed = True

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._goods = kit.trades(f"{self.name}.goods", self.drift, GOODS, ordinary=0.0)
        self._contracts = kit.trades(f"{self.name}.contracts", self.drift, CONTRACTS, ordinary=0.0)
        reasons = (PRESENT_REASONS, ONLINE_REASONS, RECURRING_REASONS)
        self._reasons = CategoricalTable(np.stack([code_weights(CHARGEBACK_REASON, shares) for shares in reasons]))

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """One purchase; some of the customers make another one that they dispute, on a later day."""
        again = low(self.kit.draws(campaign_bits, "first_party_dispute.again")) < threshold32(AGAIN_SHARE)
        later = 2 + (campaign_bits >> np.uint64(8)).astype(np.int64) % (self.max_days - 2)
        return np.where((age == 0) | (again & (age == later)), 1.0, 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """When people pay."""
        return self.kit.usual_times(events, high(self.kit.draws(events.bits, "first_party_dispute.time")), offset_us)

    def victim(self, events: Events) -> I64:
        """One cardholder; a day that needs more of them hears of neighbours, not of a series."""
        return events.number

    def choose(self, choice: Choice, events: Events) -> None:
        """Buy what is easy to contest, remotely, unless the customer goes shopping anyway."""
        kit = self.kit
        bits = kit.draws(events.bits, "first_party_dispute.goods")
        remote = choice.online | (low(bits) < threshold32(ONLINE_SHARE))
        remote |= choice.kind != PURCHASE
        charged = remote & (low(kit.draws(bits, "first_party_dispute.recurring")) < threshold32(RECURRING_SHARE))
        shop = kit.draws(bits, "first_party_dispute.shop")
        factor = self.amount_factor(events)
        goods = np.flatnonzero(remote & ~charged)
        stored = choice.stored[goods] & choice.online[goods]
        kit.shop_online(
            choice, goods, self._goods(high(bits[goods]), events.start_day[goods]), shop[goods], factor[goods], 0.15
        )
        choice.stored[goods] = stored
        charges = np.flatnonzero(charged)
        trade = self._contracts(high(bits[charges]), events.start_day[charges])
        kit.shop_online(choice, charges, trade, shop[charges], factor[charges])
        choice.stored[charges] = choice.recurring[charges] = True

    def finish(self, rows: Rows, events: Events) -> None:
        """It was paid: nobody contests what was declined."""
        del events
        rows.response[:] = APPROVED

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Every payment is disputed."""
        return np.full(len(events), np.int8(ROLE.index("disputed")))

    def chargeback_reasons(self, rows: Rows, events: Events) -> NDArray[np.int8]:
        """What can be said of a delivery, of a subscription, of something bought over the counter."""
        kind = np.where(rows.entry_mode <= 3, 0, np.where(rows.recurring, 2, 1))
        return self._reasons(high(self.kit.draws(events.bits, "first_party_dispute.reason")), kind).astype(np.int8)
