"""Cards that are replaced before their time though no thief had them: lost, broken, or exchanged as a precaution."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from payloom.plan.periods import DAY_US
from payloom.streams.hashing import draw, high, low, unit
from payloom.world.cards import SLOTS
from payloom.world.model import Model

I64 = NDArray[np.int64]

LOST_A_YEAR = 0.05
"""Share of cards that a year of such mishaps replaces (estimate); at most one in a period."""

_YEAR_DAYS = 365.0

_AT_ONCE = 1 << 16
"""Customers looked at together: large worlds have more than memory holds, and few stay in the cache."""


def lost_cards(model: Model) -> Iterator[tuple[I64, I64]]:
    """List, part by part, the holders (a customer's card slot) whose card is replaced like that, and when."""
    total = model.plan.cohorts.customers
    for first in range(0, total, _AT_ONCE):
        yield _lost(model, np.arange(first, min(first + _AT_ONCE, total)))


def _lost(model: Model, customer: I64) -> tuple[I64, I64]:
    """List those of some customers."""
    cohorts, period = model.plan.cohorts, model.plan.period
    second = customer[model.cards.has_second(customer)]
    holder = np.concatenate([customer * SLOTS, second * SLOTS + 1])
    bits = draw(model.plan.keys["card.lost"], holder)
    chance = unit(high(bits)) * _YEAR_DAYS
    # Nobody is there longer than the period: most are done with before it is known how long they are.
    some = np.flatnonzero(chance < LOST_A_YEAR * period.days)
    holder, bits = holder[some], bits[some]
    cohort = cohorts.of_customer(holder // SLOTS)
    firsts = np.array([period.epoch_first_day(epoch) for epoch in range(period.epochs + 1)])
    begin = firsts[cohorts.join_epoch[cohort]]
    days = firsts[cohorts.leave_epoch[cohort]] - begin
    lost = np.flatnonzero(chance[some] < LOST_A_YEAR * days)
    begin, days = begin[lost], days[lost]
    return holder[lost], begin * DAY_US + (unit(low(bits[lost])) * days * DAY_US).astype(np.int64)
