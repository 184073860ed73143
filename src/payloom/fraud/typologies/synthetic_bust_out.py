"""Synthetic identity and bust-out: months of quiet life, then everything is spent at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.codes import CHARGEBACK_REASON, RESPONSE_CODE
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.shares import code_table
from payloom.fraud.typology import Typology
from payloom.fraud.victims import Band
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64
from payloom.world.devices import PHONE
from payloom.world.lives import lives_of
from payloom.world.merchants import CASH_TRADE

I64 = NDArray[np.int64]

FEWEST_DAYS = 2
"""Shortest spree (estimate)."""

QUIET_DAYS = (122, 730)
"""How long such an account has existed (Experian: 4 to 24 months of quiet)."""

TRIES = 12
"""Candidates for each identity: the first that fits is taken, else the nearest."""

RING_SHARE = 0.3
"""Campaigns in which one person runs several identities (estimate)."""

RING_SIZE = 3
"""Identities of such a person (estimate); they meet on one phone."""

RING_PHONE_SHARE = 0.7
"""Remote purchases of a ring that are made on the common phone (estimate)."""

KEPT_SHARE = 0.15
"""Purchases that are what the identity would have bought anyway (estimate)."""

OPENING_HOUR, CLOSING_HOUR = 9, 20
"""Shops that sell what can be resold are open between these local hours; cash machines always."""

FIRST_FACTOR, LAST_FACTOR = 0.85, 1.5
"""On amounts, at the beginning and at the end of the spree (estimate)."""

FIRST_DECLINED, LAST_DECLINED = 0.04, 0.62
"""Declined shares at the beginning and at the end, when limits are used up (estimate)."""

GAP_MEAN_SECONDS = 2700.0
"""Mean wait between two purchases of a round (estimate)."""

ROUND = 4
"""Purchases in one go (estimate)."""

IN_PERSON = {
    "electronics": 0.22, "cash_machine": 0.20, "jewelry": 0.09, "department_store": 0.12, "grocery": 0.08,
    "home_improvement": 0.07, "fashion": 0.08, "stored_value": 0.08, "wholesale_club": 0.06,
}  # fmt: skip
"""Goods that are as good as cash, and cash (estimate)."""

REMOTE = {
    "marketplace": 0.24, "electronics": 0.20, "stored_value": 0.13, "quasi_cash": 0.10, "gambling": 0.06,
    "airline": 0.07, "jewelry": 0.05, "department_store": 0.08, "fashion": 0.07,
}  # fmt: skip
"""The same, online (estimate)."""


class SyntheticBustOut(Typology):
    """Limits that grew over quiet months are used up within days, on goods that are as good as cash."""

    name = "synthetic_bust_out"
    max_days = 6
    # Nobody asks for a new card.
    blocks_cards = False

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._in_person = kit.trades(f"{self.name}.in_person", self.drift, IN_PERSON, in_person=True)
        self._remote = kit.trades(f"{self.name}.remote", self.drift, REMOTE)
        self._declined = code_table(RESPONSE_CODE, {"51": 0.57, "61": 0.24, "05": 0.14, "59": 0.05})
        self._reasons = code_table(CHARGEBACK_REASON, {"unrecognised": 0.5, "not_received": 0.5})

    def band(self, campaign_bits: U64) -> I64:
        """Who came months ago and will not be here next month."""
        return np.full(len(campaign_bits), int(Band.PASSING))

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Two to six days, more every day."""
        days = self._days(campaign_bits)
        return np.where(age < days, 1.0 + 0.25 * age, 0.0)

    def _days(self, campaign_bits: U64) -> I64:
        spread = self.max_days - FEWEST_DAYS + 1
        return FEWEST_DAYS + (campaign_bits >> np.uint64(8)).astype(np.int64) % spread

    def times(self, events: Events, offset_us: I64) -> I64:
        """Rounds of shopping at usual hours."""
        number = events.age * 4096 + events.number // ROUND
        tour = self.kit.pair_draws(events.campaign_bits, number, "synthetic_bust_out.round")
        start = self.kit.usual_times(events, high(tour), offset_us)
        wait = self.kit.waits(self.kit.draws(events.bits, "synthetic_bust_out.wait"), GAP_MEAN_SECONDS * 1e6)
        return self.kit.within_day(events, start + (wait * (events.number % ROUND)).astype(np.int64))

    def victim(self, events: Events) -> I64:
        """One identity, or several of a ring, a round each."""
        return np.where(self._ring(events), events.number // ROUND % RING_SIZE, 0)

    def _ring(self, events: Events) -> NDArray[np.bool_]:
        return high(self.kit.draws(events.campaign_bits, "synthetic_bust_out.ring")) < threshold32(RING_SHARE)

    def customer(self, events: Events, victim: I64) -> I64:
        """Identities that last until the end of the month in which the spree ends."""
        last = np.minimum(events.start_day + self.max_days - 1, self.kit.model.plan.period.end_day - 1)
        ends = replace(events, day=last, age=np.zeros(len(events), dtype=np.int64))
        band = self.band(events.campaign_bits)
        chosen = self.kit.customers(ends, band, victim * TRIES)
        worst = self._unripe(events, chosen)
        for attempt in range(1, TRIES):
            other = self.kit.customers(ends, band, victim * TRIES + attempt)
            misfit = self._unripe(events, other)
            chosen, worst = np.where(misfit < worst, other, chosen), np.minimum(misfit, worst)
        return chosen

    def _unripe(self, events: Events, customer: I64) -> I64:
        """Days by which the age of accounts misses the months of quiet."""
        age = events.start_day - lives_of(self.kit.model, customer).opened
        return np.maximum(QUIET_DAYS[0] - age, 0) + np.maximum(age - QUIET_DAYS[1], 0)

    def choose(self, choice: Choice, events: Events) -> None:
        """Where the identity happens to be, or online, buy what can be sold."""
        kit = self.kit
        bits = kit.draws(events.bits, "synthetic_bust_out.goods")
        wanted = low(bits) >= threshold32(KEPT_SHARE)
        factor = (FIRST_FACTOR + (LAST_FACTOR - FIRST_FACTOR) * self._progress(events)) * self.amount_factor(events)
        shop = kit.draws(bits, "synthetic_bust_out.shop")
        remote = np.flatnonzero(choice.online & wanted)
        trade = self._remote(high(bits[remote]), events.start_day[remote])
        kit.shop_online(choice, remote, trade, shop[remote], factor[remote])
        trade = self._in_person(high(bits), events.start_day)
        local = choice.time_us + kit.noon_offset_us(events.day, choice.customer)
        hour = local % DAY_US // 3_600_000_000
        opened = (hour >= OPENING_HOUR) & (hour < CLOSING_HOUR) | (trade == CASH_TRADE)
        there = np.flatnonzero(~choice.online & wanted & opened)
        kit.buy_in_person(choice, there, choice.site[there], trade[there], shop[there], factor[there])

    def _progress(self, events: Events) -> F64:
        """How much of the spree is over, 0 to 1."""
        part = events.age + events.number / np.maximum(events.total, 1)
        return np.minimum(part / self._days(events.campaign_bits), 1.0)

    def finish(self, rows: Rows, events: Events) -> None:
        """Pay like the owner, who one is; in a ring on one phone. Towards the end limits are used up."""
        kit = self.kit
        bits = kit.draws(events.bits, "synthetic_bust_out.how")
        shared = np.flatnonzero(self._ring(events) & (low(bits) < threshold32(RING_PHONE_SHARE)))
        kit.use_device(rows, shared, kit.accomplice(events)[shared], PHONE)
        progress = self._progress(events)
        share = FIRST_DECLINED + (LAST_DECLINED - FIRST_DECLINED) * progress * progress
        answers = kit.draws(bits, "synthetic_bust_out.answer")
        refused = unit(high(answers)) < share
        rows.response[:] = np.where(refused, self._declined(low(answers)), 0)

    def chargeback_reasons(self, rows: Rows, events: Events) -> NDArray[np.int8]:
        """Few disputes, to free the limit once more."""
        del rows
        return self._reasons(low(self.kit.draws(events.bits, "synthetic_bust_out.reason"))).astype(np.int8)
