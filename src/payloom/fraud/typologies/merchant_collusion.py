"""Merchant collusion: a small merchant charges cards that it has no business with, for itself or for others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import NULL, Rows
from payloom.behaviour.settlement import ECOMMERCE
from payloom.codes import CHARGEBACK_REASON, IP_TYPE, RESPONSE_CODE, THREE_DS
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.shares import code_table
from payloom.fraud.typology import Typology
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64
from payloom.world.devices import COMPUTER, PHONE

I64 = NDArray[np.int64]

REST_SHARE = 0.45
"""Days on which nothing is charged (estimate)."""

KEYED_SHARE = 0.45
"""Charges keyed in like orders by telephone (estimate); of the others the merchant plays the customer."""

STORED_SHARE = 0.35
"""Of the others, those with a credential that the merchant claims to keep (estimate)."""

ODD_HOUR_SHARE = 0.35
"""Charges put in when the shop is shut, from 21 to 5 h (estimate)."""

ROUND_SHARE = 0.55
"""Round amounts (estimate; of honest payments 6 to 14 % are multiples of ten)."""

ROUND_UNITS = (20, 30, 40, 50, 50, 60, 80, 100, 100, 120, 150, 200, 250, 300)
"""Such amounts in units of the merchant's currency, hundreds of yen in Japan (estimate)."""

LIST_SHARE = 0.6
"""Charges of a campaign that works through a list of cards, each charged again and again (estimate)."""

LIST_CARDS = 9
"""Cards on such a list (estimate)."""

FRONTS = {
    "specialty_retail": 0.24, "software": 0.14, "charity": 0.09, "tickets": 0.09, "travel_agency": 0.10,
    "furniture": 0.08, "cosmetics": 0.08, "digital_media": 0.06, "auto_repair": 0.05, "hairdresser": 0.07,
}  # fmt: skip
"""What the merchant is registered as (estimate): whatever takes cards from afar and has no stock to show."""


class MerchantCollusion(Typology):
    """An ordinary merchant in whose books some charges have no customer."""

    name = "merchant_collusion"
    max_days = 30

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, FRONTS, ordinary=0.0)
        self._answers = code_table(
            RESPONSE_CODE,
            {"00": 0.84, "05": 0.08, "51": 0.03, "59": 0.01, "62": 0.01, "57": 0.01, "14": 0.01, "61": 0.01},
        )
        self._networks = code_table(IP_TYPE, {"home": 0.5, "business": 0.38, "mobile": 0.1, "vpn": 0.02})
        # Nobody is there to pass a challenge.
        self._three_ds = code_table(THREE_DS, {"none": 0.78, "attempted": 0.08, "frictionless": 0.10, "failed": 0.04})
        self._reasons = code_table(
            CHARGEBACK_REASON,
            {"fraud_cnp": 0.55, "unrecognised": 0.25, "not_received": 0.15, "duplicate": 0.05},
        )

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Ten days to a month, with days of rest."""
        days = 10 + (campaign_bits >> np.uint64(8)).astype(np.int64) % (self.max_days - 9)
        rest = high(self.kit.pair_draws(campaign_bits, age, "merchant_collusion.rest")) < threshold32(REST_SHARE)
        return np.where((age < days) & (~rest | (age == 0)), 1.0, 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """Within the merchant's own day, or when the shop is shut."""
        del offset_us
        here = self.kit.noon_offset_us(events.day, self.kit.accomplice(events))
        bits = self.kit.draws(events.bits, "merchant_collusion.time")
        usual = self.kit.usual_times(events, high(bits), here)
        shut = low(bits) < threshold32(ODD_HOUR_SHARE)
        hour = 21.0 + 8.0 * unit(high(self.kit.draws(bits, "merchant_collusion.night")))
        return np.where(shut, self.kit.local_times(events, hour, here), usual)

    def victim(self, events: Events) -> I64:
        """Charge the cards of a list in turn, or a card that came from somewhere, once."""
        bits = self.kit.draws(events.bits, "merchant_collusion.card")
        listed = (high(bits).astype(np.int64) * LIST_CARDS) >> 32
        fresh = LIST_CARDS + events.age * 4096 + events.number
        return np.where(low(bits) < threshold32(LIST_SHARE), listed, fresh)

    def choose(self, choice: Choice, events: Events) -> None:
        """Sell nothing, at the campaign's merchant, for round sums or for what it usually takes."""
        kit, everywhere = self.kit, np.arange(len(events))
        front = kit.draws(events.campaign_bits, "merchant_collusion.front")
        home = kit.model.geography.home_country[kit.group_of(kit.accomplice(events))]
        trade = self._trades(high(kit.draws(front, "merchant_collusion.trade")), events.start_day)
        shop = kit.backstreet(kit.draws(front, "merchant_collusion.shop"))
        bits = kit.draws(events.bits, "merchant_collusion.amount")
        factor = self.amount_factor(events)
        kit.buy_at(choice, everywhere, kit.model.merchants.online_site[home], trade, kit.basket(shop, bits), factor)
        even = np.flatnonzero(high(bits) < threshold32(ROUND_SHARE))
        draws = high(kit.draws(bits[even], "merchant_collusion.round")).astype(np.int64)
        units = np.array(ROUND_UNITS).take(draws * len(ROUND_UNITS) >> 32)
        tens = np.maximum((units * factor[even] / 10.0 + 0.5).astype(np.int64), 1)
        # A hundred yen stand in for a dollar where there are no cents.
        kit.set_amount(choice, even, tens * 1000)
        how = kit.draws(bits, "merchant_collusion.stored")
        choice.stored[:] = ~self._keyed(events) & (low(how) < threshold32(STORED_SHARE))

    def finish(self, rows: Rows, events: Events) -> None:
        """Key the card in, or play the customer from the merchant's own desk."""
        kit = self.kit
        kit.by_phone(rows, np.flatnonzero(self._keyed(events) & (rows.entry_mode == ECOMMERCE)))
        remote = np.flatnonzero(rows.network != NULL)
        holder = kit.accomplice(events)
        desk = kit.model.devices.count(holder) > COMPUTER
        kit.use_device(rows, remote[desk[remote]], holder[remote][desk[remote]], COMPUTER)
        kit.use_device(rows, remote[~desk[remote]], holder[remote][~desk[remote]], PHONE)
        lines = kit.draws(events.campaign_bits, "merchant_collusion.network")
        network = self._networks(low(lines)).astype(np.int8)
        bits = kit.draws(events.bits, "merchant_collusion.how")
        kit.use_network(rows, remote, holder[remote], network[remote], bits[remote])
        answers = kit.draws(bits, "merchant_collusion.answer")
        kit.redraw(rows.three_ds, remote, self._three_ds, low(answers)[remote])
        kit.redraw(rows.response, np.arange(len(events)), self._answers, high(answers))

    def chargeback_reasons(self, rows: Rows, events: Events) -> NDArray[np.int8]:
        """Cardholders find a charge that they do not know, or wait for goods that nobody sent."""
        del rows
        return self._reasons(low(self.kit.draws(events.bits, "merchant_collusion.reason"))).astype(np.int8)

    def _keyed(self, events: Events) -> NDArray[np.bool_]:
        draws = high(self.kit.draws(events.bits, "merchant_collusion.keyed"))
        return draws < threshold32(KEYED_SHARE)
