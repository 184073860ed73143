"""Triangulation: a bogus shop takes genuine orders and has a real shop deliver them, paid with stolen cards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.codes import AVS_RESULT, CHARGEBACK_REASON, CVV_RESULT, RESPONSE_CODE, THREE_DS
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.shares import code_table
from payloom.fraud.typology import Typology
from payloom.streams.hashing import U64, high, low, threshold32
from payloom.streams.tables import F64
from payloom.world.devices import COMPUTER, PHONE

I64 = NDArray[np.int64]

REST_SHARE = 0.35
"""Days without an order (estimate)."""

DOMESTIC_SHARE = 0.7
"""Cards from the country of the real shop: a foreign one is looked at twice (estimate)."""

REUSED_SHARE = 0.15
"""Orders paid with the card of the order before (estimate): a buyer wanted two things."""

ARTICLES = 6
"""What the bogus shop offers (estimate): one order in three is for the bestseller."""

BESTSELLER_SHARE = 0.33

PEOPLE_BITS = 1
"""One or two people place the orders (estimate)."""

SOLD = {
    "electronics": 0.20, "fashion": 0.15, "shoes": 0.12, "toys": 0.10, "cosmetics": 0.10, "home_improvement": 0.08,
    "sporting_goods": 0.08, "pet_shop": 0.06, "marketplace": 0.11,
}  # fmt: skip
"""Trades of the real shops (estimate): branded goods that people look for at a discount."""


class Triangulation(Typology):
    """Orders of ordinary goods at one shop, each with another card, each sent to somebody who paid a stranger."""

    name = "triangulation"
    max_days = 24
    focus_share = 0.6

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, SOLD, ordinary=0.0)
        self._networks = kit.networks(
            self.name, self.drift, {"home": 0.62, "mobile": 0.18, "vpn": 0.12, "business": 0.06, "hosting": 0.02}
        )
        self._three_ds = code_table(
            THREE_DS, {"none": 0.58, "attempted": 0.06, "frictionless": 0.32, "challenged": 0.01, "failed": 0.03}
        )
        # The goods go to the buyer, the bill to the cardholder: the postcode matches by chance.
        self._avs = code_table(AVS_RESULT, {"Y": 0.34, "Z": 0.20, "A": 0.06, "N": 0.33, "U": 0.07})
        self._cvv = code_table(CVV_RESULT, {"M": 0.94, "N": 0.03, "P": 0.01, "U": 0.02})
        self._answers = code_table(
            RESPONSE_CODE, {"00": 0.84, "05": 0.09, "51": 0.03, "59": 0.01, "54": 0.01, "14": 0.01, "N7": 0.01}
        )
        self._reasons = code_table(CHARGEBACK_REASON, {"fraud_cnp": 0.82, "unrecognised": 0.15, "not_received": 0.03})

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """One to three and a half weeks, with days of rest."""
        days = 7 + (campaign_bits >> np.uint64(8)).astype(np.int64) % (self.max_days - 6)
        rest = high(self.kit.pair_draws(campaign_bits, age, "triangulation.rest")) < threshold32(REST_SHARE)
        return np.where((age < days) & (~rest | (age == 0)), 1.0, 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """When people shop: an order is passed on as it comes in."""
        del offset_us
        # The clock of the bogus shop's customers counts, not that of the cardholder.
        here = self.kit.noon_offset_us(events.day, self.kit.accomplice(events))
        return self.kit.usual_times(events, high(self.kit.draws(events.bits, "triangulation.time")), here)

    def victim(self, events: Events) -> I64:
        """Take a fresh card for nearly every order."""
        again = high(self.kit.draws(events.bits, "triangulation.again")) < threshold32(REUSED_SHARE)
        return events.age * 4096 + np.maximum(events.number - again, 0)

    def customer(self, events: Events, victim: I64) -> I64:
        """Prefer cards from the shop's own country."""
        draws = self.kit.pair_draws(events.campaign_bits, victim, "triangulation.card")
        domestic = self.kit.someone(events, self.kit.country_bits(events), draws)
        anybody = super().customer(events, victim)
        pick = low(self.kit.draws(draws, "triangulation.domestic")) < threshold32(DOMESTIC_SHARE)
        return np.where(pick, domestic, anybody)

    def choose(self, choice: Choice, events: Events) -> None:
        """Order one of a few articles at the campaign's shop."""
        kit, everywhere = self.kit, np.arange(len(events))
        shop = kit.draws(events.campaign_bits, "triangulation.shop")
        bits = kit.draws(events.bits, "triangulation.article")
        article = (high(bits).astype(np.int64) * ARTICLES) >> 32
        article[low(bits) < threshold32(BESTSELLER_SHARE)] = 0
        item = kit.pair_draws(events.campaign_bits, article, "triangulation.item")
        home = kit.model.geography.home_country[kit.group_of(kit.accomplice(events))]
        trade = self._trades(high(kit.draws(shop, "triangulation.trade")), events.start_day)
        site = kit.model.merchants.online_site[home]
        kit.buy_at(choice, everywhere, site, trade, kit.basket(shop, item), self.amount_factor(events))

    def finish(self, rows: Rows, events: Events) -> None:
        """Come from the one or two devices on which orders are passed on; addresses seldom match."""
        kit, everywhere = self.kit, np.arange(len(events))
        bits = kit.draws(events.bits, "triangulation.how")
        person = (high(bits) >> np.uint32(32 - PEOPLE_BITS)).astype(np.int64)
        holder = kit.accomplice(events, person)
        desk = kit.model.devices.count(holder) > COMPUTER
        kit.use_device(rows, everywhere[desk], holder[desk], COMPUTER)
        kit.use_device(rows, everywhere[~desk], holder[~desk], PHONE)
        lines = kit.pair_draws(events.campaign_bits, person, "triangulation.network")
        network = self._networks(low(lines), events.start_day).astype(np.int8)
        kit.use_network(rows, everywhere, holder, network, bits)
        checks, answers = kit.draws(bits, "triangulation.checks"), kit.draws(bits, "triangulation.answer")
        kit.redraw(rows.three_ds, everywhere, self._three_ds, high(checks))
        kit.redraw(rows.avs, everywhere, self._avs, low(checks))
        kit.redraw(rows.cvv, everywhere, self._cvv, low(answers))
        kit.redraw(rows.response, everywhere, self._answers, high(answers))

    def chargeback_reasons(self, rows: Rows, events: Events) -> NDArray[np.int8]:
        """Cardholders know nothing of the order; some take it for a mistake."""
        del rows
        return self._reasons(low(self.kit.draws(events.bits, "triangulation.reason"))).astype(np.int8)
