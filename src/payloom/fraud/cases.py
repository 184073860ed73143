"""Cases: what one victim of one campaign goes through, when it is reported, and when the card is blocked.

All cases of a world are known at once, 32 bytes each: whoever makes a genuine payment has to know whether the card was
blocked before, however long ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from payloom.fraud.campaigns import TypologyPlan, events_between
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import U64, draw2, high, low, unit
from payloom.world.cards import SLOTS
from payloom.world.lost_cards import lost_cards
from payloom.world.reissues import Reissues, pack_blocks

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

    def between(self, start_us: int, end_us: int) -> Timed:
        """Those in [start_us, end_us)."""
        inside = np.flatnonzero((self.time_us >= start_us) & (self.time_us < end_us))
        columns = (self.victim[inside], self.customer[inside], self.time_us[inside])
        return Timed(self.plan, self.events.take(inside), *columns)

    @staticmethod
    def joined(parts: Sequence[Timed]) -> Timed:
        """Join events of one typology end to end."""
        columns = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("victim", "customer", "time_us")
        )
        return Timed(parts[0].plan, Events.joined([part.events for part in parts]), *columns)


RECENT_DAYS = 2
"""Cells of at most so many days keep their events by day for those that follow: their borders lie within days."""

KEPT_EVENTS = 60_000
"""Worlds with at most so many events make them once, some 300 bytes each, and not cell by cell."""

SPAN_EVENTS = 60_000
"""Elsewhere about so many events of a typology are looked at together."""

_AT_ONCE = 1 << 15
"""Cases that are reported together: what is made on the way stays in the cache."""

_KINDS = (np.uint64, np.int64, np.int64, np.int64)


def timed_between(cases: Cases, one: TypologyPlan, start_us: int, end_us: int) -> Timed:
    """Events of a typology in [start_us, end_us)."""
    made = cases.made.get(one.typology.name)
    if made is not None:
        return made.between(start_us, end_us)
    first_day = start_us // DAY_US
    end_day = max((end_us - 1) // DAY_US, first_day) + 1
    if end_day - first_day > RECENT_DAYS:
        return timed(cases.kit, one, first_day, end_day).between(start_us, end_us)
    # Short cells share their days with their neighbours.
    recent = cases.recent.setdefault(one.typology.name, {})
    for day in [day for day in recent if not first_day <= day < end_day]:
        del recent[day]
    for day in range(first_day, end_day):
        if day not in recent:
            recent[day] = timed(cases.kit, one, day, day + 1)
    return Timed.joined([recent[day].between(start_us, end_us) for day in range(first_day, end_day)])


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
    recent
        Events of others on the days of the last cell, by typology and day.
    """

    kit: Kit
    table: CaseTable
    made: dict[str, Timed]
    recent: dict[str, dict[int, Timed]] = field(default_factory=dict)

    def find(self, events: Events, victim: I64) -> NDArray[np.intp]:
        """Case of each event."""
        return np.searchsorted(self.table.key, case_key(self.kit, events, victim))


def case_key(kit: Kit, events: Events, victim: I64) -> U64:
    """Hash of campaign and victim: two cases share one with probability 2**-64."""
    return draw2(kit.model.plan.keys["case"], events.campaign, victim)


def build_cases(kit: Kit, plans: Sequence[TypologyPlan]) -> Cases:
    """Go through all fraud of the period once."""
    made: dict[str, Timed] = {}
    columns: tuple[list[NDArray[Any]], ...] = ([], [], [], [])
    blocks = [pack_blocks(*lost, _origin_us(kit)) for lost in lost_cards(kit.model)]
    for one in plans:
        if int(one.quota.sum()):
            *part, replaced = _part(kit, one, made)
            blocks.append(replaced)
            for column, values in zip(columns, part, strict=True):
                column.append(values)
    reissues = Reissues.of(_joined(blocks, np.int64), _origin_us(kit))
    key = _joined(columns[0], np.uint64)
    order = np.argsort(key)
    # A column at a time, so that no two of them are there twice.
    first, reported, blocked = (_joined(column, np.int64)[order] for column in columns[1:])
    key.sort()
    return Cases(kit, CaseTable(key, first, reported, blocked, reissues), made)


def _joined(parts: list[NDArray[Any]], dtype: DTypeLike) -> NDArray[Any]:
    """Join arrays end to end, and let go of them."""
    whole = np.concatenate([np.zeros(0, dtype=dtype), *parts])
    parts.clear()
    return whole


def _origin_us(kit: Kit) -> int:
    return kit.model.plan.period.first_day * DAY_US


def _part(kit: Kit, one: TypologyPlan, kept: dict[str, Timed]) -> tuple[U64, I64, I64, I64, I64]:
    """Cases of one typology: key, first event, report, block; and blocks of cards, packed."""
    columns: tuple[list[NDArray[Any]], ...] = ([], [], [], [])
    spans = _spans(kit, one)
    for first_day, end_day in spans:
        made = timed(kit, one, first_day, end_day)
        if is_small(kit):
            kept[one.typology.name] = made
        for column, values in zip(columns, _begun(kit, one, made), strict=True):
            column.append(values)
    key, first, holder, silent = (_joined(column, kind) for column, kind in zip(columns, _KINDS, strict=True))
    if len(spans) > 1:
        # A case that goes on in the next span began in the one before.
        key, begins = np.unique(key, return_index=True)
        first, holder, silent = first[begins], holder[begins], silent[begins]
    reported, blocked = np.empty_like(first), np.empty_like(first)
    for start in range(0, len(key), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        reported[some], blocked[some] = _report(kit, one, key[some], first[some], silent[some])
    stopped = np.flatnonzero(blocked != NEVER_US) if one.typology.blocks_cards else np.zeros(0, dtype=np.intp)
    return key, first, reported, blocked, pack_blocks(holder[stopped], blocked[stopped], _origin_us(kit))


def _begun(kit: Kit, one: TypologyPlan, made: Timed) -> tuple[U64, I64, I64, I64]:
    """Cases of some events, sorted by key: key, first event, its card slot, days of silence."""
    key = case_key(kit, made.events, made.victim)
    order = np.lexsort((made.time_us, key))
    key = key[order]
    begins = np.ones(len(key), dtype=np.bool_)
    begins[1:] = key[1:] != key[:-1]
    first = order[begins]
    events, customer = made.events.take(first), made.customer[first]
    card = kit.pair_draws(events.campaign_bits, made.victim[first], "card")
    holder = customer * SLOTS + kit.model.cards.choose_slot(customer, high(card))
    return key[begins], made.time_us[first], holder, one.typology.silent_days(events)


def is_small(kit: Kit) -> bool:
    """Whether a world has so little fraud that its events are made once."""
    return kit.model.config.world.fraud_rows <= KEPT_EVENTS


def _spans(kit: Kit, one: TypologyPlan) -> list[tuple[int, int]]:
    """The period as a whole, or in parts where there is much fraud of a typology."""
    period = kit.model.plan.period
    if is_small(kit):
        return [(period.first_day, period.end_day)]
    part = (np.cumsum(one.quota) - one.quota) // SPAN_EVENTS
    starts = (period.first_day + np.flatnonzero(np.diff(part, prepend=-1))).tolist()
    return list(zip(starts, [*starts[1:], period.end_day], strict=True))


def _report(kit: Kit, one: TypologyPlan, key: U64, first_us: I64, silent_days: I64) -> tuple[I64, I64]:
    """When cases are reported, some never, and when that stops them."""
    functions, settings = kit.model.plan.functions, one.typology.settings
    bits = kit.draws(key, "case.report")
    days = functions.exp(functions.normal(high(bits)) * settings.report_delay_sigma)
    days = days * settings.report_delay_median_days + silent_days
    delay_us = (np.minimum(days, MAX_DELAY_DAYS) * DAY_US).astype(np.int64)
    reported = first_us + np.maximum(delay_us, SOONEST_US)
    wait = functions.exp(functions.normal(high(kit.draws(key, "case.block"))) * BLOCK_SIGMA) * BLOCK_MEDIAN_HOURS
    wait_us = (np.minimum(wait, MAX_BLOCK_HOURS) * 3.6e9).astype(np.int64)
    silent = unit(low(bits)) < settings.unreported_share
    return np.where(silent, NEVER_US, reported), np.where(silent, NEVER_US, reported + wait_us)
