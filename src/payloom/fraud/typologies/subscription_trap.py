"""Subscription trap: a trial for next to nothing, then charges that nobody wanted, month after month."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.pricing import COUNTRY_CURRENCY
from payloom.behaviour.rows import Rows
from payloom.behaviour.spending import VERIFICATION
from payloom.codes import CHARGEBACK_REASON, CURRENCY, RESPONSE_CODE, ROLE
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.shares import code_table
from payloom.fraud.typology import PURCHASE_ROLE, Typology
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64

I64 = NDArray[np.int64]

SIGN_UP_DAYS = 2
"""Days on which an advertisement runs (estimate)."""

WEEKLY_SHARE = 0.35
"""Traps that charge every week instead of every month (estimate)."""

PERIOD_DAYS = (30, 7)
"""Days between charges, monthly and weekly."""

TRIAL_DAYS = (14, 7)
"""Days from the trial to the first charge: two weeks or one are what is offered most (estimate)."""

CHARGES = (3, 6)
"""Charges until nearly everybody has noticed (estimate)."""

STAY = 0.8
"""Members left from each charge to the next: some cancel in time (estimate)."""

FREE_SHARE = 0.5
"""Trials for nothing, which check the card; the others cost the postage (estimate)."""

POSTAGE = (100, 195, 295, 495, 499)
"""Such postage, minor units; in yen hundreds stand in for dollars (estimate)."""

PRICES = (1999, 2499, 2990, 2995, 3990, 3999, 4900, 4995, 6990, 7900, 8995, 9990)
"""What a month costs, minor units (estimate); a week costs `WEEKLY_FACTOR` of it."""

WEEKLY_FACTOR = 0.4
YEN_STEP = 10
"""Prices in yen end in 0."""

OFFERS = {
    "digital_media": 0.34, "apps": 0.26, "software": 0.20, "digital_games": 0.14, "telecom": 0.06,
}  # fmt: skip
"""Streams, apps and virus scanners, among the trades that honest subscriptions have, too (estimate)."""


class SubscriptionTrap(Typology):
    """People sign up for a trial themselves; what is charged afterwards was in no print that anybody read."""

    name = "subscription_trap"
    max_days = 80
    # The bank stops the merchant's charges and leaves the card.
    blocks_cards = False

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, OFFERS, ordinary=0.0)
        self._answers = code_table(
            RESPONSE_CODE, {"00": 0.89, "05": 0.05, "51": 0.03, "54": 0.01, "14": 0.01, "62": 0.01}
        )
        self._reasons = code_table(
            CHARGEBACK_REASON,
            {"cancelled_recurring": 0.56, "unrecognised": 0.22, "not_as_described": 0.12, "fraud_cnp": 0.10},
        )

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Sign-ups on the first days; from each of them on, charges at equal intervals."""
        _, charge = self._schedule(campaign_bits, age)
        left = np.ones(len(age))
        for number in range(max(CHARGES)):
            left = np.where(charge > number, left * STAY, left)
        return np.where(charge >= 0, left, 0.0)

    def _schedule(self, campaign_bits: U64, age: I64) -> tuple[I64, I64]:
        """Day of sign-up of those who are charged at an age, and which charge it is: 0 the trial, -1 none."""
        weekly = high(self.kit.draws(campaign_bits, "subscription_trap.weekly")) < threshold32(WEEKLY_SHARE)
        kind = weekly.astype(np.intp)
        period, trial, last = (np.array(values).take(kind) for values in (PERIOD_DAYS, TRIAL_DAYS, CHARGES))
        since = age - trial
        sign_up = np.where(age < SIGN_UP_DAYS, age, since % period)
        charge = np.where(age < SIGN_UP_DAYS, 0, since // period + 1)
        charged = (age < SIGN_UP_DAYS) | ((since >= 0) & (sign_up < SIGN_UP_DAYS) & (charge <= last))
        return sign_up, np.where(charged, charge, -1)

    def times(self, events: Events, offset_us: I64) -> I64:
        """Trials when people are online, charges in one go when the merchant's clock says so."""
        bits = self.kit.draws(events.bits, "subscription_trap.time")
        usual = self.kit.usual_times(events, high(bits), offset_us)
        clock = unit(high(self.kit.draws(events.campaign_bits, "subscription_trap.clock"))) * 23.5
        batch = events.midnight_us + ((clock + 0.4 * unit(low(bits))) * 3.6e9).astype(np.int64)
        return np.where(self._trials(events), usual, batch)

    def _trials(self, events: Events) -> NDArray[np.bool_]:
        return events.age < SIGN_UP_DAYS

    def victim(self, events: Events) -> I64:
        """Those who signed up on one day, again at every charge."""
        sign_up, _ = self._schedule(events.campaign_bits, events.age)
        return np.maximum(sign_up, 0) * 4096 + events.number

    def customer(self, events: Events, victim: I64) -> I64:
        """People of the country in which the advertisement runs, as with honest subscriptions."""
        draws = self.kit.pair_draws(events.campaign_bits, victim, "subscription_trap.member")
        return self.kit.someone(events, self.kit.country_bits(events), draws)

    def choose(self, choice: Choice, events: Events) -> None:
        """Take the trial, then pay the same price again and again."""
        kit, everywhere = self.kit, np.arange(len(events))
        offer = kit.draws(events.campaign_bits, "subscription_trap.offer")
        home = kit.model.geography.home_country[kit.group_of(kit.accomplice(events))]
        trade = self._trades(high(kit.draws(offer, "subscription_trap.trade")), events.start_day)
        shop = kit.backstreet(kit.draws(offer, "subscription_trap.shop"))
        kit.buy_at(choice, everywhere, kit.model.merchants.online_site[home], trade, shop, np.ones(len(events)))
        trials = self._trials(events)
        weekly = high(kit.draws(events.campaign_bits, "subscription_trap.weekly")) < threshold32(WEEKLY_SHARE)
        listed = _pick(PRICES, low(offer))
        price = listed * np.where(weekly, WEEKLY_FACTOR, 1.0) * self.amount_factor(events)
        # Cheaper or dearer, the ending stays.
        price = np.floor(price / 100.0) * 100.0 + listed % 100
        fee = _pick(POSTAGE, high(kit.draws(offer, "subscription_trap.postage")))
        amount = np.maximum(np.where(trials, fee, price.astype(np.int64)), 1)
        yen = COUNTRY_CURRENCY[kit.model.merchants.site_country[choice.site]] == CURRENCY.index("JPY")
        amount[yen] = np.maximum(amount[yen] // YEN_STEP * YEN_STEP, YEN_STEP)
        kit.set_amount(choice, everywhere, amount)
        free = trials & (high(kit.draws(offer, "subscription_trap.free")) < threshold32(FREE_SHARE))
        choice.kind[free] = VERIFICATION
        choice.amount_minor[free] = 0
        choice.amount_usd[free] = 0.0
        choice.recurring[:] = ~trials
        choice.stored[:] = ~trials

    def finish(self, rows: Rows, events: Events) -> None:
        """Trials are made by the victims themselves, on their devices; charges meet some cards that say no."""
        bits = self.kit.draws(events.bits, "subscription_trap.answer")
        charges = np.flatnonzero(~self._trials(events))
        self.kit.redraw(rows.response, charges, self._answers, high(bits)[charges])

    def roles(self, events: Events) -> NDArray[np.int8]:
        """The trial takes the card, the charges take the money."""
        return np.where(self._trials(events), np.int8(ROLE.index("verification")), PURCHASE_ROLE)

    def chargeback_reasons(self, rows: Rows, events: Events) -> NDArray[np.int8]:
        """Most cancelled, or believe that they did."""
        del rows
        return self._reasons(low(self.kit.draws(events.bits, "subscription_trap.reason"))).astype(np.int8)


def _pick(values: tuple[int, ...], bits: NDArray[np.uint32]) -> I64:
    """One of some values for each draw."""
    return np.array(values).take(bits.astype(np.int64) * len(values) >> 32)
