"""Card testing: a script tries many cards for small amounts at one merchant; the good ones are used days later."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.behaviour.spending import VERIFICATION
from payloom.codes import AVS_RESULT, CVV_RESULT, RESPONSE_CODE, ROLE, THREE_DS
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.shares import code_table
from payloom.fraud.typology import PURCHASE_ROLE, Typology
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64

I64 = NDArray[np.int64]

TEST_DAYS = 2
"""Testing lasts a day, or runs on into the next."""

SECOND_DAY_SHARE = 0.25
"""Campaigns that do (estimate)."""

USE_DAYS = 5
"""Good cards are used within so many days after (Visa: 33 % of enumerated accounts see fraud within 5 days)."""

SALES = 2
"""Days on which a batch of good cards is used: each is a sale to somebody (estimate)."""

USE_INTENSITY = 0.35
"""Uses on such a day for each test of the first (33 % of the cards, about two purchases each, over two days)."""

RUN = 2
"""Purchases on a good card, one after the other (estimate)."""

GAP_MEAN_SECONDS = 1300.0
"""Mean wait between them (IEEE: 23 % of gaps within 10 minutes)."""

GOOD_SHARE = 0.42
"""Tried cards that work; the rest are wrong, expired or blocked (attack declines 40-90 %)."""

BURST_SECONDS = 5400.0
"""Mean length of a burst (estimate)."""

TWICE_SHARE = 0.12
"""Tests that repeat the one before with another code or expiry date (estimate)."""

BIN_SHARE = 0.4
"""Campaigns that count up the numbers of one issuer's cards instead of trying a bought list (estimate)."""

BIN_TRIES = 24
"""Customers among whom a card of the BIN is looked for; then one of the issuer's, then any."""

OF_THE_BIN = 3
"""How close a card of the BIN itself is; one of the issuer's may be 2, any other is 1."""

CHECK_SHARE = 0.10
"""Tests that are account verifications for 0 (estimate)."""

ROTATES_SHARE = 0.5
"""Scripts that change the emulated device after a few tests (estimate)."""

TESTS_PER_DEVICE = 4

SOLD_SHARE = 0.45
"""Good cards that are used within days (Visa: 33 % of enumerated accounts see fraud within five)."""

EXACT_UNIT_SHARE = 0.85
"""Of the others, those for exactly one unit of the currency (ULB: 23 % of all frauds are for exactly 1.00)."""

TARGETS = {
    "charity": 0.30, "digital_media": 0.18, "digital_games": 0.12, "apps": 0.12, "software": 0.10,
    "specialty_retail": 0.10, "telecom": 0.08,
}  # fmt: skip
"""Merchants with weak checks that are tested at (estimate)."""

WANTED = {
    "marketplace": 0.31, "electronics": 0.14, "fashion": 0.14, "digital_games": 0.07, "fast_food": 0.06,
    "cosmetics": 0.06, "stored_value": 0.06, "taxi": 0.04, "specialty_retail": 0.07, "apps": 0.02, "airline": 0.03,
}  # fmt: skip
"""What the good cards buy (estimate)."""

ABROAD_SHARE = 0.6
"""Such purchases in another country than the card's (EBA/ECB 2024: 70 % of remote fraud's value crosses borders)."""


class CardTesting(Typology):
    """A script tries card after card at one merchant; days later others buy with those that worked."""

    name = "card_testing"
    max_days = TEST_DAYS + USE_DAYS
    focus_share = 0.9

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._targets = kit.trades(self.name, self.drift, TARGETS)
        self._wanted = kit.trades(f"{self.name}.use", self.drift, WANTED)
        self._networks = kit.networks(
            self.name, self.drift, {"hosting": 0.12, "vpn": 0.16, "mobile": 0.36, "home": 0.36}
        )
        self._cvv_good = code_table(CVV_RESULT, {"M": 0.82, "P": 0.08, "U": 0.10})
        self._cvv_bad = code_table(CVV_RESULT, {"M": 0.38, "N": 0.48, "P": 0.06, "U": 0.08})
        self._bad = code_table(
            RESPONSE_CODE,
            {"05": 0.33, "14": 0.19, "54": 0.17, "N7": 0.17, "51": 0.06, "59": 0.04, "62": 0.02, "41": 0.02},
        )
        self._good = code_table(RESPONSE_CODE, {"00": 0.94, "05": 0.04, "51": 0.02})
        self._used = code_table(
            RESPONSE_CODE, {"00": 0.78, "05": 0.11, "51": 0.05, "59": 0.02, "61": 0.01, "62": 0.02, "1A": 0.01}
        )
        self._three_ds = code_table(
            THREE_DS, {"none": 0.64, "attempted": 0.06, "frictionless": 0.22, "challenged": 0.02, "failed": 0.06}
        )
        # Numbers that were counted up come without an address.
        self._avs = code_table(AVS_RESULT, {"Y": 0.36, "Z": 0.14, "A": 0.07, "N": 0.33, "U": 0.10})

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Test for a day, one in four into the next; use what was good on two of the days after."""
        again = (campaign_bits >> np.uint64(62)) == 0
        testing = np.where(age == 0, 1.0, np.where(again, 0.5, 0.0))
        sold = high(self.kit.draws(campaign_bits, "card_testing.sale")).astype(np.int64) * USE_DAYS >> 32
        after = age - TEST_DAYS
        using = (after == sold) | (after == (sold + SALES) % USE_DAYS)
        return np.where(age < TEST_DAYS, testing, np.where(using, USE_INTENSITY, 0.0))

    def times(self, events: Events, offset_us: I64) -> I64:
        """Test in a burst that starts at any hour; buy at hours at which the cardholder might."""
        start = high(self.kit.pair_draws(events.campaign_bits, events.age, "card_testing.start"))
        begin = events.midnight_us + (unit(start) * (22 * 3.6e9)).astype(np.int64)
        wait = self.kit.waits(self.kit.draws(events.bits, "card_testing.wait"), 1.0)
        run = self.kit.pair_draws(events.campaign_bits, events.age * 4096 + events.number // RUN, "card_testing.run")
        visit = self.kit.usual_times(events, high(run), offset_us)
        gap = wait * (GAP_MEAN_SECONDS * 1e6) * (events.number % RUN)
        tried = begin + (wait * (BURST_SECONDS * 1e6)).astype(np.int64)
        return self.kit.within_day(events, np.where(_tests(events), tried, visit + gap.astype(np.int64)))

    def victim(self, events: Events) -> I64:
        """Try each card once, few of them twice; use those of the first day that were good."""
        twice = high(self.kit.draws(events.bits, "card_testing.twice")) < threshold32(TWICE_SHARE)
        victim = np.maximum(events.age * 65_536 + events.number - twice, 0)
        uses = np.flatnonzero(~_tests(events))
        if uses.size:
            victim[uses] = self._good_cards(events.take(uses))
        return victim

    def _good_cards(self, events: Events) -> I64:
        """Number of a card that passed the tests of the first day, another one for each run."""
        tried = self.kit.counts_on(self.name, events.campaign, events.start_day)
        # Nobody knows how many were tried before the period.
        tried = np.where(tried > 0, tried, max(round(self.settings.mean_size / 2), 1))
        run = events.number // RUN * SALES + (events.age & 1)
        _, first, back = np.unique(events.campaign, return_index=True, return_inverse=True)
        tried = tried[first]
        ends = np.cumsum(tried)
        numbers = np.arange(tried.sum()) - np.repeat(ends - tried, tried)
        good = np.flatnonzero(self._is_good(np.repeat(events.campaign_bits[first], tried), numbers))
        # Good cards of each campaign, one after the other; some of them are sold.
        begin = np.searchsorted(good, ends - tried)
        passed = np.searchsorted(good, ends) - begin
        sold = np.minimum(np.maximum((passed * SOLD_SHARE).astype(np.int64), 1), passed)
        place = begin[back] + run % np.maximum(sold, 1)[back]
        return np.where(sold[back] > 0, np.append(numbers[good], 0)[np.minimum(place, len(good))], 0)

    def _is_good(self, campaign_bits: U64, victim: I64) -> NDArray[np.bool_]:
        return high(self.kit.pair_draws(campaign_bits, victim, "card_testing.good")) < threshold32(GOOD_SHARE)

    def customer(self, events: Events, victim: I64) -> I64:
        """Take cards from a list, or count up the cards of one BIN."""
        customer = super().customer(events, victim)
        counted = high(self.kit.draws(events.campaign_bits, "card_testing.counted")) < threshold32(BIN_SHARE)
        places = np.flatnonzero(counted)
        if places.size:
            customer[places] = self._of_one_bin(events.take(places), victim[places])
        return customer

    def _of_one_bin(self, events: Events, victim: I64) -> I64:
        """Customers whose card has the campaign's BIN, as far as the world has such cards."""
        kit = self.kit
        country = kit.country_bits(events)
        sample = kit.someone(events, country, kit.draws(events.campaign_bits, "card_testing.bin"))
        wanted, issuer = kit.product_of(sample, np.zeros(len(events), dtype=np.int64))
        card = high(kit.pair_draws(events.campaign_bits, victim, "card"))
        chosen, closest = sample, np.zeros(len(events), dtype=np.int64)
        open_ = np.arange(len(events))
        for attempt in range(BIN_TRIES):
            if not open_.size:
                break
            some = events.take(open_)
            bits = kit.pair_draws(some.campaign_bits, victim[open_] * BIN_TRIES + attempt, "card_testing.next")
            customer = kit.someone(some, country[open_], bits)
            bin_id, issued_by = kit.product_of(customer, kit.model.cards.choose_slot(customer, card[open_]))
            close = 1 + (issued_by == issuer[open_]).astype(np.int64) + (bin_id == wanted[open_])
            closer = close > closest[open_]
            chosen[open_[closer]], closest[open_[closer]] = customer[closer], close[closer]
            open_ = open_[close < OF_THE_BIN]
        return chosen

    def choose(self, choice: Choice, events: Events) -> None:
        """Pay next to nothing, always at the campaign's merchant; with good cards, buy what sells."""
        tests, kit = np.flatnonzero(_tests(events)), self.kit
        self._choose_test(choice, tests, events.take(tests))
        uses = np.flatnonzero(~_tests(events))
        bits = kit.draws(events.bits[uses], "card_testing.goods")
        trade = self._wanted(high(bits), events.start_day[uses])
        factor = 1.3 * self.amount_factor(events)[uses]
        kit.shop_online(choice, uses, trade, kit.draws(bits, "card_testing.store"), factor, ABROAD_SHARE)

    def _choose_test(self, choice: Choice, places: NDArray[np.intp], events: Events) -> None:
        kit = self.kit
        merchant = kit.draws(events.campaign_bits, "card_testing.merchant")
        home = kit.model.geography.home_country[kit.group_of(kit.accomplice(events))]
        site = kit.model.merchants.online_site[home]
        trade = self._targets(high(merchant), events.start_day)
        kit.buy_at(choice, places, site, trade, kit.draws(merchant, "card_testing.shop"), np.full(len(events), 0.05))
        bits = kit.draws(events.bits, "card_testing.amount")
        tiny = 1.0 + 1.6 * unit(low(bits))
        tiny[high(bits) < threshold32(EXACT_UNIT_SHARE)] = 1.0
        # A hundred yen stand in for a dollar where there are no cents.
        kit.set_amount(choice, places, (tiny * 100.0).astype(np.int64))
        checks = places[low(kit.draws(bits, "card_testing.check")) < threshold32(CHECK_SHARE)]
        choice.kind[checks] = VERIFICATION
        choice.amount_minor[checks] = 0
        choice.amount_usd[checks] = 0.0

    def finish(self, rows: Rows, events: Events) -> None:
        """Test from one or two devices, mostly in vain; use from the devices of those who bought the cards."""
        kit, everywhere = self.kit, np.arange(len(events))
        bits = kit.draws(events.bits, "card_testing.how")
        tests = _tests(events)
        person = (high(bits) >> np.uint32(31)).astype(np.int64)
        rotates = self.happens(
            low(kit.draws(events.campaign_bits, "card_testing.rotate")), events, "rotates", ROTATES_SHARE
        )
        person = np.where(rotates, 64 + events.number // TESTS_PER_DEVICE, person)
        holder = kit.accomplice(events, np.where(tests, person, 2 + events.age))
        kit.use_any_device(rows, everywhere, holder, kit.draws(events.campaign_bits, "card_testing.device"))
        lines = kit.pair_draws(events.campaign_bits, np.where(tests, 0, events.age), "card_testing.network")
        network = self._networks(low(lines), events.start_day).astype(np.int8)
        kit.use_network(rows, everywhere, holder, network, bits)
        good = self._is_good(events.campaign_bits, self.victim(events))
        answers, checks = kit.draws(bits, "card_testing.answer"), kit.draws(bits, "card_testing.checks")
        kit.redraw(rows.avs, everywhere, self._avs, low(checks))
        for places, cvv, response in (
            (np.flatnonzero(tests & ~good), self._cvv_bad, self._bad),
            (np.flatnonzero(tests & good), self._cvv_good, self._good),
            (np.flatnonzero(~tests), self._cvv_good, self._used),
        ):
            kit.redraw(rows.cvv, places, cvv, low(answers)[places])
            kit.redraw(rows.response, places, response, high(answers)[places])
        uses = np.flatnonzero(~tests)
        kit.redraw(rows.three_ds, uses, self._three_ds, high(checks)[uses])
        tested = np.flatnonzero(tests & (rows.three_ds > 0))
        rows.three_ds[tested] = 0

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Tests on the first days, then purchases."""
        return np.where(_tests(events), np.int8(ROLE.index("test")), PURCHASE_ROLE)


def _tests(events: Events) -> NDArray[np.bool_]:
    return events.age < TEST_DAYS
