"""Cases: what one victim of one campaign goes through, when it is reported, and when the card is blocked.

All cases of a world are known at once, 32 bytes each: whoever makes a genuine payment has to know whether the card was
blocked before, however long ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.fraud.campaigns import TypologyPlan, events_between
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import U64, draw2, high, low, unit
from payloom.world.cards import SLOTS
from payloom.world.lost_cards import lost_cards
from payloom.world.reissues import Reissues

I64 = NDArray[np.int64]

NEVER_US = -1
"""Time of what never happens."""

MAX_DELAY_DAYS = 120.0
"""Cap of the card schemes on the time to a dispute."""

SOONEST_US = 1_800_000_000
"""Nobody reports within half an hour."""

BLOCK_MEDIAN_HOURS, BLOCK_SIGMA = 1.5, 1.2
"""From report to block (estimate)."""

MAX_BLOCK_HOURS = 72.0


@dataclass(frozen=True)
class Timed:
    """Events of one typology with their victims and times.

    Attributes
    ----------
    plan
        Their typology.
    events, victim, customer, time_us
        The events, number and index of their victims, and when.
    """

    plan: TypologyPlan
    events: Events
    victim: I64
    customer: I64
    time_us: I64


KEPT_EVENTS = 60_000
"""Worlds with at most so many events make them once, some 300 bytes each, and not cell by cell."""


def timed_between(cases: Cases, one: TypologyPlan, start_us: int, end_us: int) -> Timed:
    """Events of a typology in [start_us, end_us)."""
    made = cases.made.get(one.typology.name)
    if made is None:
        made = timed(cases.kit, one, start_us // DAY_US, (end_us - 1) // DAY_US + 1)
    inside = np.flatnonzero((made.time_us >= start_us) & (made.time_us < end_us))
    return Timed(one, made.events.take(inside), made.victim[inside], made.customer[inside], made.time_us[inside])


def timed(kit: Kit, one: TypologyPlan, first_day: int, end_day: int) -> Timed:
    """Events of a typology on the days [first_day, end_day)."""
    events = events_between(kit.model.plan, one, first_day, end_day)
    victim = one.typology.victim(events)
    customer = one.typology.customer(events, victim)
    offset_us = kit.noon_offset_us(events.day, customer)
    return Timed(one, events, victim, customer, one.typology.times(events, offset_us))


@dataclass(frozen=True, slots=True)
class CaseTable:
    """All cases of a world, sorted by key: arrays that processes can share, and that nobody changes.

    Attributes
    ----------
    key
        Hash of campaign and victim.
    first_us
        Its first event.
    reported_us, blocked_us
        When the case is reported, and when that stops it; -1 for never.
    reissues
        Cards that were blocked and replaced, after fraud or because they were lost.
    """

    key: U64
    first_us: I64
    reported_us: I64
    blocked_us: I64
    reissues: Reissues


@dataclass(frozen=True, slots=True)
class Cases:
    """A table of cases as the streams read it.

    Attributes
    ----------
    kit
        The world's tools.
    table
        All cases.
    made
        All events of the typologies that have few.
    """

    kit: Kit
    table: CaseTable
    made: dict[str, Timed]

    def find(self, events: Events, victim: I64) -> NDArray[np.intp]:
        """Case of each event."""
        return np.searchsorted(self.table.key, case_key(self.kit, events, victim))


def case_key(kit: Kit, events: Events, victim: I64) -> U64:
    """Hash of campaign and victim: two cases share one with probability 2**-64."""
    return draw2(kit.model.plan.keys["case"], events.campaign, victim)


def build_cases(kit: Kit, plans: Sequence[TypologyPlan]) -> Cases:
    """Go through all fraud of the period once."""
    period = kit.model.plan.period
    made: dict[str, Timed] = {}
    parts = [_part(kit, one, made) for one in plans if int(one.quota.sum())]
    empty = np.zeros(0, dtype=np.int64)
    parts.append((np.zeros(0, dtype=np.uint64), empty, empty, empty, empty))
    key, first, reported, blocked, holder = (np.concatenate(column) for column in zip(*parts, strict=True))
    stopped = (blocked != NEVER_US) & (holder >= 0)
    lost, lost_us = lost_cards(kit.model)
    replaced, since_us = np.concatenate([holder[stopped], lost]), np.concatenate([blocked[stopped], lost_us])
    reissues = Reissues.of(replaced, since_us, period.first_day * DAY_US)
    order = np.argsort(key)
    return Cases(kit, CaseTable(key[order], first[order], reported[order], blocked[order], reissues), made)


def _part(kit: Kit, one: TypologyPlan, kept: dict[str, Timed]) -> tuple[U64, I64, I64, I64, I64]:
    """Cases of one typology: key, first event, report, block, card slot (-1 where no card is blocked)."""
    keys: list[U64] = []
    columns: list[tuple[I64, I64, I64]] = []
    spans = _spans(kit)
    for first_day, end_day in spans:
        made = timed(kit, one, first_day, end_day)
        if len(spans) == 1:
            kept[one.typology.name] = made
        keys.append(case_key(kit, made.events, made.victim))
        card = kit.pair_draws(made.events.campaign_bits, made.victim, "card")
        slot = kit.model.cards.choose_slot(made.customer, high(card))
        columns.append((made.time_us, made.customer * SLOTS + slot, one.typology.silent_days(made.events)))
    key = np.concatenate(keys)
    time_us, holder, silent = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.lexsort((time_us, key))
    key, time_us, holder, silent = key[order], time_us[order], holder[order], silent[order]
    begins = np.concatenate([[True], key[1:] != key[:-1]])
    key, first, holder = key[begins], time_us[begins], holder[begins]
    reported = _report(kit, one, key, first, silent[begins])
    hours = kit.model.plan.functions
    wait = hours.exp(hours.normal(high(kit.draws(key, "case.block"))) * BLOCK_SIGMA) * BLOCK_MEDIAN_HOURS
    wait_us = (np.minimum(wait, MAX_BLOCK_HOURS) * 3.6e9).astype(np.int64)
    blocked = np.where(reported == NEVER_US, NEVER_US, reported + wait_us)
    return key, first, reported, blocked, holder if one.typology.blocks_cards else np.full(len(key), -1)


def is_small(kit: Kit) -> bool:
    """Whether a world has so little fraud that its events are made once."""
    return kit.model.config.world.fraud_rows <= KEPT_EVENTS


def _spans(kit: Kit) -> list[tuple[int, int]]:
    """The period as a whole, or month by month where there is much fraud."""
    period = kit.model.plan.period
    if is_small(kit):
        return [(period.first_day, period.end_day)]
    return [(month.first_day, month.end_day) for month in period.months]


def _report(kit: Kit, one: TypologyPlan, key: U64, first_us: I64, silent_days: I64) -> I64:
    """When cases are reported; some never are."""
    functions, settings = kit.model.plan.functions, one.typology.settings
    bits = kit.draws(key, "case.report")
    days = functions.exp(functions.normal(high(bits)) * settings.report_delay_sigma)
    days = days * settings.report_delay_median_days + silent_days
    delay_us = (np.minimum(days, MAX_DELAY_DAYS) * DAY_US).astype(np.int64)
    reported = first_us + np.maximum(delay_us, SOONEST_US)
    return np.where(unit(low(bits)) < settings.unreported_share, NEVER_US, reported)
