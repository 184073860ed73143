"""The whole plan of a world, built once for each process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from payloom.config import Config
from payloom.plan.cohorts import Cohorts, build_cohorts
from payloom.plan.daytables import DayTableCache
from payloom.plan.groups import Group, build_groups, offset_minutes
from payloom.plan.intensity import Intensity
from payloom.plan.periods import Period
from payloom.plan.quotas import Quotas, build_quotas
from payloom.reference import load_math_tables
from payloom.streams.hashing import Keys
from payloom.streams.tables import ExpTable, UniformTable


@dataclass(frozen=True)
class Functions:
    """Elementary functions of the kernels, from correctly rounded tables.

    Attributes
    ----------
    normal
        Standard normal quantile of a 32-bit draw.
    exp
        Exponential.
    """

    normal: UniformTable
    exp: ExpTable


@dataclass(frozen=True)
class Plan:
    """When, how many and by whom; nothing here grows with rows or customers.

    Attributes
    ----------
    config
        The validated config.
    keys
        Keys of randomness.
    functions
        Elementary functions.
    period, groups, cohorts, intensity, quotas
        See their classes.
    day_weights
        Relative volume of each day of the period.
    """

    config: Config
    keys: Keys
    functions: Functions
    period: Period
    groups: tuple[Group, ...]
    cohorts: Cohorts
    intensity: Intensity
    quotas: Quotas
    day_weights: tuple[int, ...]

    def day_tables(self, timezones: tuple[str, ...]) -> DayTableCache:
        """Tables by month, with the look-back that refunds and sessions need."""
        return DayTableCache(self.period, self.intensity, timezones, self.config.refunds.max_lag_days + 1)


def load_functions() -> Functions:
    """Elementary functions from the shipped tables."""
    tables = load_math_tables()
    low = tables.normal_quantile_low_tail
    normal = UniformTable(tables.normal_quantile, low_tail=low, high_tail=-low[::-1])
    return Functions(normal, ExpTable(tables.exp))


def build_plan(config: Config) -> Plan:
    """Lay out a world."""
    keys = Keys(config.world.seed)
    functions = load_functions()
    period = Period.between(config.world.start, config.world.end)
    groups = build_groups(config)
    cohorts = build_cohorts(config, period, groups, config.world.customer_count)
    intensity = Intensity(config, period, groups, keys, functions.normal, functions.exp)
    day_weights = _day_weights(intensity, period)
    quotas = build_quotas(
        config,
        period,
        cohorts,
        keys,
        day_weights,
        _standard_offsets_us(groups, period),
        config.world.rows - config.world.fraud_rows,
    )
    return Plan(config, keys, functions, period, groups, cohorts, intensity, quotas, tuple(day_weights))


def _day_weights(intensity: Intensity, period: Period) -> list[int]:
    """Sum the intensity of each day, a month at a time to bound memory."""
    weights: list[int] = []
    for month in period.months:
        days = np.arange(month.first_day, month.end_day)
        weights += intensity.weights(days).sum(axis=(1, 2)).tolist()
    return weights


def _standard_offsets_us(groups: tuple[Group, ...], period: Period) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Standard time of each group: the smallest offset of the period's first year."""
    days = np.arange(period.first_day, period.first_day + 366)
    offsets = offset_minutes(tuple(group.timezone for group in groups), days)
    return offsets.min(axis=(0, 1)).astype(np.int64) * 60_000_000
