"""Campaigns: how many start on a day, how many events a day has, and which campaign each belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.positions import Stream, position_index
from payloom.fraud.drift import MIX_SCALE
from payloom.fraud.events import Events
from payloom.plan.periods import day_date
from payloom.plan.world_plan import Plan
from payloom.streams.hashing import U64, draw, draw2, draw_int, high, low
from payloom.streams.tables import F64, proportional_split

if TYPE_CHECKING:
    from payloom.fraud.typology import Typology

I64 = NDArray[np.int64]

TYPOLOGY_BITS = 6
"""At most 32 typologies of fraud and 32 kinds of planted payments in a world."""
_EVENT_BITS = 28
MANY = 64
"""From this many campaigns of a day on, their sizes average out and are not summed one by one."""

FITTING_ROUNDS = 25
"""Rounds in which kinds of planted payments and days are fitted to each other."""

LONE_INTENSITY = 0.001
"""Intensity, against its mean, of a planted kind on days without a campaign: it matters in tiny worlds only."""
SMALL_SHARE = 0.01
"""A kind with less than this share of a day's planted payments gets none on it."""

CAMPAIGN_BITS = 24
"""A day starts fewer than 2**24 campaigns of a typology."""


@dataclass(frozen=True)
class TypologyPlan:
    """Counts of one typology.

    Attributes
    ----------
    number
        Position among the world's typologies of its stream, by name.
    stream
        Fraud, or planted.
    starts
        Campaigns that start on each day, from `max_days` before the period on.
    quota
        Events of each day of the period; they sum to the typology's share of the fraud, exactly.
    """

    typology: Typology
    number: int
    stream: Stream
    starts: I64
    quota: I64


def plan_fraud(plan: Plan, typologies: Sequence[Typology]) -> tuple[TypologyPlan, ...]:
    """Split the world's fraud over typologies and days."""
    mix = plan.config.fraud.mix
    counts = proportional_split(plan.config.world.fraud_rows, [mix[t.name] for t in typologies])
    plans = []
    for number, (typology, count) in enumerate(zip(typologies, counts, strict=True)):
        weights = _day_weights(plan, typology)
        starts = _starts(plan, typology, number, Stream.FRAUD, count)
        intensity = _intensity(plan, typology, number, Stream.FRAUD, starts, weights)
        quota = np.array(proportional_split(count, intensity.tolist()), dtype=np.int64)
        plans.append(TypologyPlan(typology, number, Stream.FRAUD, starts, quota))
    return tuple(plans)


def plan_planted(plan: Plan, typologies: Sequence[Typology]) -> tuple[TypologyPlan, ...]:
    """Split each day's planted payments over their kinds, so that the mix holds over the period."""
    if not typologies:
        return ()
    mix, per_day = plan.config.planted.mix, plan.quotas.planted
    total = int(per_day.sum())
    share, starts = np.zeros((len(typologies), plan.period.days)), []
    for number, typology in enumerate(typologies):
        starts.append(_starts(plan, typology, number, Stream.PLANTED, round(total * mix[typology.name])))
        weights = _day_weights(plan, typology)
        intensity = _intensity(plan, typology, number, Stream.PLANTED, starts[-1], weights)
        share[number] = intensity / (fsum(intensity.tolist()) / plan.period.days) + LONE_INTENSITY
    share = _fitted(share, total * np.array([mix[typology.name] for typology in typologies]), per_day)
    by_type = _counts(share, per_day)
    return tuple(
        TypologyPlan(typology, number, Stream.PLANTED, starts[number], by_type[number].copy())
        for number, typology in enumerate(typologies)
    )


def _fitted(share: F64, by_kind: F64, by_day: I64) -> F64:
    """Scale an array (kinds, days) until its sums are near those of kinds and of days: proportional fitting."""
    for _ in range(FITTING_ROUNDS):
        for kind, wanted in enumerate(by_kind.tolist()):
            share[kind] *= wanted / max(fsum(share[kind].tolist()), 1e-300)
        # A running sum keeps its order, whatever the number of kinds.
        whole = np.cumsum(share, axis=0)[-1]
        share *= by_day / np.maximum(whole, 1e-300)
    return share


def _counts(share: F64, by_day: I64) -> I64:
    """Round an array (kinds, days) to whole numbers that sum to the days'; what rounding owes a kind comes later."""
    count, owed = np.zeros(share.shape, dtype=np.int64), np.zeros(len(share))
    for day in np.flatnonzero(by_day).tolist():
        owed += share[:, day]
        wanted = np.where(share[:, day] >= SMALL_SHARE * by_day[day], np.maximum(owed, 0.0), 0.0)
        wanted = wanted if wanted.any() else share[:, day]
        count[:, day] = proportional_split(int(by_day[day]), wanted.tolist())
        owed -= count[:, day]
    return count


def _starts(plan: Plan, typology: Typology, number: int, stream: Stream, events: int) -> I64:
    """Campaigns that start on each day, some before the period: more while in fashion; season makes them larger."""
    days = plan.period.days + typology.max_days
    first = plan.period.first_day - typology.max_days
    wave = _wave(typology, first + np.arange(days))
    level = fsum(wave.tolist()) / days
    mean = wave * (events / typology.settings.mean_size / plan.period.days / level)
    starts = _poisson(plan, draw2(plan.keys[f"{stream.name}.starts"], first + np.arange(days), number), mean)
    if events and not starts[typology.max_days :].any():
        # A rare kind has one campaign then, and not single events all year.
        chosen = draw_int(plan.keys[f"{stream.name}.only_start"], number) % plan.period.days
        starts[typology.max_days + chosen] = 1
    return starts


def _intensity(plan: Plan, typology: Typology, number: int, stream: Stream, starts: I64, weights: list[float]) -> F64:
    """Relative number of events of each day: the season, where campaigns are active."""
    days, first = len(starts), plan.period.first_day - typology.max_days
    shown = np.minimum(starts, MANY)
    offset = np.repeat(np.arange(days), shown)
    ordinal = np.arange(len(offset)) - np.repeat(np.cumsum(shown) - shown, shown)
    _, bits, weight = campaigns_of(plan, typology, number, stream, first + offset, ordinal)
    weight *= (starts / np.maximum(shown, 1))[offset]
    activity = np.zeros(days)
    for age in range(typology.max_days):
        inside = np.flatnonzero(offset + age < days)
        by_age = weight[inside] * typology.activity(bits[inside], np.full(len(inside), age))
        activity += np.bincount(offset[inside] + age, weights=by_age, minlength=days)
    # Levelled off, so that one large campaign does not make the year's worst month.
    season, active = np.array(weights), activity[typology.max_days :]
    level = fsum(active.tolist()) / max(int(np.count_nonzero(active)), 1)
    levelled = season * active / np.maximum(active + level, 1e-300)
    return levelled if levelled.any() else season


def _day_weights(plan: Plan, typology: Typology) -> list[float]:
    """Volume of each day, more in the config's spikes."""
    mean = sum(plan.day_weights) / len(plan.day_weights)
    days = plan.period.first_day + np.arange(plan.period.days)
    drift = _wave(typology, days).tolist()
    weights = [weight / mean * factor for weight, factor in zip(plan.day_weights, drift, strict=True)]
    if typology.genuine:
        return weights
    # Day 0 was a Thursday.
    week = [typology.week[(day + 3) % 7] for day in days.tolist()]
    weights = [weight * factor for weight, factor in zip(weights, week, strict=True)]
    for spike in plan.config.fraud.spikes:
        if spike.typologies and typology.name not in spike.typologies:
            continue
        for offset in range(len(weights)):
            when = day_date(plan.period.first_day + offset)
            if _in_window((when.month, when.day), spike.start_month_day, spike.end_month_day):
                weights[offset] *= spike.multiplier
    return weights


def _wave(typology: Typology, days: I64) -> F64:
    """How much there is of a kind on days, as it comes into and goes out of fashion."""
    wave: F64 = typology.drift.factors(f"{typology.name}.mix", 1, MIX_SCALE)[typology.drift.month(days), 0]
    return wave


def _in_window(day: tuple[int, int], start: tuple[int, int], end: tuple[int, int]) -> bool:
    """Whether a month-day is in [start, end), which may wrap the new year."""
    return start <= day < end if start < end else day >= start or day < end


def _poisson(plan: Plan, bits: U64, mean: F64) -> I64:
    """Poisson numbers: by summation while the mean is small, else by the normal approximation."""
    functions = plan.functions
    many = np.floor(mean + functions.normal(high(bits)) * np.sqrt(mean) + 0.5)
    uniform = bits * 2.0**-64
    term = functions.exp(-np.minimum(mean, 15.0))
    cumulative = term.copy()
    count = np.zeros(len(mean))
    for number in range(1, 60):
        count += uniform >= cumulative
        term = term * np.minimum(mean, 15.0) / number
        cumulative += term
    return np.where(mean < 15.0, count, np.maximum(many, 0.0)).astype(np.int64)


def campaigns_of(
    plan: Plan, typology: Typology, number: int, stream: Stream, start_day: I64, ordinal: I64
) -> tuple[I64, U64, F64]:
    """Campaigns by start day and ordinal: their number in the world, random bits and weight."""
    kind = number | (stream == Stream.PLANTED) << TYPOLOGY_BITS - 1
    campaign = ((start_day + 4096) << TYPOLOGY_BITS | kind) << CAMPAIGN_BITS | ordinal
    bits = draw(plan.keys["fraud.campaign"], campaign)
    weight = plan.functions.exp(plan.functions.normal(low(bits)) * typology.settings.size_sigma)
    return campaign, bits, weight


def events_between(plan: Plan, one: TypologyPlan, first_day: int, end_day: int) -> Events:
    """All events of a typology on the days [first_day, end_day) of the period, ordered by day."""
    typology, length = one.typology, one.typology.max_days
    origin = plan.period.first_day - length
    starts = one.starts[first_day - length + 1 - origin : end_day - origin]
    start_day = np.repeat(np.arange(first_day - length + 1, end_day), starts)
    ordinal = np.arange(len(start_day)) - np.repeat(np.cumsum(starts) - starts, starts)
    campaign, bits, weight = campaigns_of(plan, typology, one.number, one.stream, start_day, ordinal)
    # Each campaign on those of its days that are asked for.
    youngest = np.maximum(first_day - start_day, 0)
    days = np.minimum(end_day - start_day, length) - youngest
    each = np.repeat(np.arange(len(start_day)), days)
    age = np.arange(len(each)) - (np.cumsum(days) - days - youngest)[each]
    campaign, bits, weight, day = campaign[each], bits[each], weight[each], start_day[each] + age
    weight *= typology.activity(bits, age)
    active = weight > 0
    quota = one.quota[first_day - plan.period.first_day : end_day - plan.period.first_day]
    # A day with events and no campaign (in tiny worlds) starts one of its own.
    served = np.zeros(end_day - first_day, dtype=np.bool_)
    served[day[active] - first_day] = True
    lone = first_day + np.flatnonzero((quota > 0) & ~served)
    lone_campaign, lone_bits, lone_weight = campaigns_of(
        plan, typology, one.number, one.stream, lone, np.full(len(lone), (1 << CAMPAIGN_BITS) - 1)
    )
    campaign = np.concatenate([campaign[active], lone_campaign])
    bits = np.concatenate([bits[active], lone_bits])
    weight = np.concatenate([weight[active], lone_weight])
    age = np.concatenate([age[active], np.zeros(len(lone), dtype=np.int64)])
    day = np.concatenate([day[active], lone])
    order = np.argsort(day, kind="stable")
    campaign, bits, weight, age, day = campaign[order], bits[order], weight[order], age[order], day[order]
    count = _split_by_day(weight, day - first_day, quota)
    return _expand(plan, one, campaign, bits, age, day, count)


def _split_by_day(weight: F64, day: I64, quota: I64) -> I64:
    """Split each day's quota over its campaigns by largest remainders; exact sums. Days are sorted."""
    if not len(day):
        return np.zeros(0, dtype=np.int64)
    scaled = (weight * 2.0**24).astype(np.int64) + 1
    running = np.cumsum(scaled)
    first = np.searchsorted(day, np.arange(len(quota)))
    last = np.searchsorted(day, np.arange(len(quota)), side="right")
    padded = np.concatenate([[0], running])
    whole = padded[last] - padded[first]
    exact = scaled / whole[day] * quota[day].astype(np.float64)
    count = np.floor(exact).astype(np.int64)
    missing = quota - np.bincount(day, weights=count, minlength=len(quota)).astype(np.int64)
    order = np.lexsort((np.arange(len(day)), count - exact, day))
    rank = np.empty(len(day), dtype=np.int64)
    rank[order] = np.arange(len(day))
    count += rank - first[day] < missing[day]
    return count


def _expand(plan: Plan, one: TypologyPlan, campaign: I64, campaign_bits: U64, age: I64, day: I64, count: I64) -> Events:
    """List the events of campaigns."""
    start = np.cumsum(count) - count
    total = int(count.sum())
    event_day = np.repeat(day, count)
    # Ordinals restart every day, so that they do not depend on the days asked for.
    first_of_day = np.concatenate([[0], np.flatnonzero(np.diff(event_day)) + 1]) if total else np.zeros(0, np.int64)
    lengths = np.diff(np.append(first_of_day, total))
    within_day = np.arange(total) - np.repeat(first_of_day, lengths)
    ordinal = within_day | one.number << _EVENT_BITS
    index = position_index(event_day, one.stream, ordinal)
    return Events(
        campaign=np.repeat(campaign, count),
        campaign_bits=np.repeat(campaign_bits, count),
        age=np.repeat(age, count),
        day=event_day,
        number=np.arange(total) - np.repeat(start, count),
        total=np.repeat(count, count),
        index=index,
        bits=draw(plan.keys["row"], index),
    )
