"""Card testing: many cards in a burst of tiny payments at one merchant, to learn which of them work."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.behaviour.spending import VERIFICATION
from payloom.codes import CVV_RESULT, RESPONSE_CODE, ROLE
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit, code_table
from payloom.fraud.typology import Typology
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64
from payloom.world.devices import PHONE

I64 = NDArray[np.int64]

BURST_SECONDS = 5400.0
"""Mean length of a burst (estimate)."""

VERIFICATION_SHARE = 0.15
"""Tests that are account verifications for 0 (estimate)."""

EXACT_UNIT_SHARE = 0.70
"""Of the others, those for exactly one unit of the currency (ULB: 23 % of all frauds are for exactly 1.00)."""

TARGETS = {
    "charity": 0.30, "digital_media": 0.18, "digital_games": 0.12, "apps": 0.12, "software": 0.10,
    "specialty_retail": 0.10, "telecom": 0.08,
}  # fmt: skip
"""Merchants with weak checks that are tested at (estimate)."""


class CardTesting(Typology):
    """A script tries card after card at one merchant, some with a wrong expiry date or security code."""

    name = "card_testing"
    max_days = 2

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, TARGETS)
        self._networks = kit.networks(
            self.name, self.drift, {"hosting": 0.12, "vpn": 0.16, "mobile": 0.36, "home": 0.36}
        )
        self._cvv = code_table(CVV_RESULT, {"M": 0.52, "N": 0.34, "P": 0.06, "U": 0.08})
        self._answers = code_table(
            RESPONSE_CODE,
            {
                "00": 0.40,
                "05": 0.20,
                "14": 0.11,
                "54": 0.10,
                "N7": 0.10,
                "51": 0.05,
                "59": 0.02,
                "62": 0.01,
                "41": 0.01,
            },
        )

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Last a day; one in four runs on into the next."""
        again = (campaign_bits >> np.uint64(62)) == 0
        return np.where(age == 0, 1.0, np.where(again & (age == 1), 0.5, 0.0))

    def times(self, events: Events, offset_us: I64) -> I64:
        """Spread over a burst that starts at any hour of the day."""
        del offset_us
        start = high(self.kit.pair_draws(events.campaign_bits, events.age, "card_testing.start"))
        begin = events.midnight_us + (unit(start) * (22 * 3.6e9)).astype(np.int64)
        wait = self.kit.waits(self.kit.draws(events.bits, "card_testing.wait"), BURST_SECONDS * 1e6)
        return self.kit.within_day(events, begin + wait.astype(np.int64))

    def victim(self, events: Events) -> I64:
        """Try each card once, few of them twice."""
        twice = high(self.kit.draws(events.bits, "card_testing.twice")) < threshold32(0.12)
        return np.maximum(events.age * 65_536 + events.number - twice, 0)

    def choose(self, choice: Choice, events: Events) -> None:
        """Pay next to nothing, always at the campaign's merchant."""
        kit, everywhere = self.kit, np.arange(len(events))
        merchant = kit.draws(events.campaign_bits, "card_testing.merchant")
        home = kit.model.geography.home_country[kit.group_of(kit.accomplice(events))]
        site = kit.model.merchants.online_site[home]
        trade = self._trades(high(merchant), events.start_day)
        kit.buy_at(
            choice, everywhere, site, trade, kit.draws(merchant, "card_testing.shop"), np.full(len(events), 0.05)
        )
        bits = kit.draws(events.bits, "card_testing.amount")
        tiny = 1.0 + 1.6 * unit(low(bits))
        tiny[high(bits) < threshold32(EXACT_UNIT_SHARE)] = 1.0
        # A hundred yen stand in for a dollar where there are no cents.
        kit.set_amount(choice, everywhere, (tiny * 100.0).astype(np.int64))
        checks = np.flatnonzero(low(kit.draws(bits, "card_testing.check")) < threshold32(VERIFICATION_SHARE))
        choice.kind[checks] = VERIFICATION
        choice.amount_minor[checks] = 0
        choice.amount_usd[checks] = 0.0

    def finish(self, rows: Rows, events: Events) -> None:
        """Come from one or two devices; most attempts are refused."""
        kit, everywhere = self.kit, np.arange(len(events))
        bits = kit.draws(events.bits, "card_testing.how")
        holder = kit.accomplice(events, (high(bits) >> np.uint32(31)).astype(np.int64))
        kit.use_device(rows, everywhere, holder, PHONE)
        network = self._networks(low(kit.draws(events.campaign_bits, "card_testing.network")), events.start_day).astype(
            np.int8
        )
        kit.use_network(rows, everywhere, holder, network, bits)
        answers = kit.draws(bits, "card_testing.answer")
        rows.three_ds[rows.three_ds >= 0] = 0
        kit.redraw(rows.cvv, everywhere, self._cvv, low(answers))
        kit.redraw(rows.response, everywhere, self._answers, high(answers))

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Every event is a test."""
        return np.full(len(events), np.int8(ROLE.index("test")))
