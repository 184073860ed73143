"""Authorised push payment scam: somebody is talked into sending money, from their own device, to a mule's account."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.rows import Rows
from payloom.behaviour.shapes import Legs
from payloom.fraud.events import Events
from payloom.fraud.mules import COLLECT, MuleShape
from payloom.streams.hashing import U64, high, low, unit
from payloom.streams.tables import F64, CategoricalTable

I64 = NDArray[np.int64]

VICTIM = 40
"""Number of the first victim; mules have smaller ones."""

PAYMENTS_EACH = 6
"""A gang that gets more payments has more victims: each sends so many at most (estimate)."""

STORIES = (0.62, 0.24, 0.14)
"""Goods that never come, a call from "the bank", an investment (UK Finance: purchase scams are two thirds of cases,
from memory)."""
PURCHASE, IMPERSONATION, INVESTMENT = range(3)

LN_MEDIAN = np.array([5.5, 7.2, 6.4])
"""ln of the median first amount in dollars by story (estimates; the mean loss of a case is some thousand dollars)."""

GROWTH = np.array([1.0, 1.5, 2.2, 3.0, 3.8, 4.5])
"""Amounts relative to the first: the victim is asked for more and more (estimate)."""

FIRST_RETURN_DAY, RETURN_EVERY = 2, 4
"""Who invests pays again after days, every few days (estimate)."""

SECOND_ACCOUNT_SHARE = 0.35
"""Later payments that go to another mule, because the first account was closed (estimate)."""


class AppScam(MuleShape):
    """One victim at a time; nothing is stolen, and device, line and habits are the victim's own."""

    name = "app_scam"
    stage_roles = (COLLECT,)
    max_days = 21
    pot_sigma = 0.9
    first_hour = 10.0
    hours = 11.0
    span_median_hours = 1.2

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """A single day, but for investments, which go on for weeks."""
        story = self._story(campaign_bits)
        returns = (age >= FIRST_RETURN_DAY) & (age % RETURN_EVERY == FIRST_RETURN_DAY)
        weight = np.array([0.35, 1.0, 0.6])[story]
        return np.where((age == 0) | ((story == INVESTMENT) & returns), weight, 0.0)

    def legs(self, events: Events) -> Legs:
        """The victim pays mule 0, later now and then mule 1."""
        place, _ = self.places(events)
        later = high(self.kit.draws(events.bits, "app_scam.account"))
        mule = (place > 1) & (unit(later) < SECOND_ACCOUNT_SHARE)
        once = np.zeros_like(place)
        victim = VICTIM + place // PAYMENTS_EACH
        return Legs(victim, mule.astype(np.int64), stage=once, part=place % PAYMENTS_EACH, parts=once + 1)

    def share(self, events: Events, legs: Legs) -> F64:
        """More every time."""
        del events
        return GROWTH[legs.part]

    def pot(self, events: Events) -> F64:
        """First amount of a campaign."""
        functions = self.kit.model.plan.functions
        bits = self.kit.draws(events.campaign_bits, "app_scam.amount")
        own = self.kit.draws(events.bits, "app_scam.own_amount")
        size = functions.normal(high(bits)) * self.pot_sigma + functions.normal(high(own)) * 0.15
        return functions.exp(size + LN_MEDIAN[self._story(events.campaign_bits)]) * self.amount_factor(events)

    def silent_days(self, events: Events) -> I64:
        """Who invests believes in it to the end."""
        return np.where(self._story(events.campaign_bits) == INVESTMENT, self.max_days, 0)

    def group(self, events: Events) -> I64:
        """Everybody lives where the first victim does."""
        return self.kit.group_of(self._victim(events))

    def person(self, events: Events, number: I64) -> I64:
        """A victim or a mule."""
        return np.where(number == VICTIM, self._victim(events), super().person(events, number))

    def finish(self, rows: Rows, events: Events) -> None:
        """Nothing: the victim pays as always."""

    def _victim(self, events: Events) -> I64:
        return self.kit.customers(events, self.band(events.campaign_bits), np.zeros(len(events), dtype=np.int64))

    def _story(self, campaign_bits: U64) -> I64:
        return CategoricalTable(STORIES)(low(self.kit.draws(campaign_bits, "app_scam.story"))).astype(np.int64)
