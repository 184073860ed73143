"""Payments' intensity by day, quarter hour and group: the calendar of the world."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Context, Decimal

import numpy as np
from numpy.typing import NDArray

from payloom.config import Config
from payloom.plan import profiles
from payloom.plan.groups import Group, offset_minutes
from payloom.plan.periods import Period, day_date, day_number
from payloom.plan.profiles import SLOTS
from payloom.reference import load_holidays
from payloom.streams.hashing import Keys, draw2, high
from payloom.streams.tables import ExpTable, UniformTable

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

WEIGHT_UNIT = 2.0**32
"""Intensities become integers in this unit, so that sums do not depend on their order."""

KEPT_MONTHS = 13
"""Months whose weights are kept: they serve the day totals first and the tables of time later."""

HOLIDAY_EVE_SHARE = 0.33
"""The day before a public holiday gains this share of what the holiday loses (estimate)."""

PAYDAYS: dict[str, tuple[int, ...]] = {"US": (1, 15), "GB": (28,), "JP": (25,)}
"""Usual days of pay in the month by country; elsewhere the 28th (estimates)."""
DEFAULT_PAYDAYS = (28,)


class Intensity:
    """Relative number of payments by UTC day, quarter hour and group.

    Parameters
    ----------
    config, period, groups, keys
        The world's frame.
    normal, exp
        Standard normal quantile of a draw, and the exponential.
    """

    def __init__(
        self,
        config: Config,
        period: Period,
        groups: tuple[Group, ...],
        keys: Keys,
        normal: UniformTable,
        exp: ExpTable,
    ) -> None:
        self._config, self._period, self._groups, self._keys = config.calendar, period, groups, keys
        self._normal, self._exp = normal, exp
        self._timezones = tuple(group.timezone for group in groups)
        self._profiles = np.stack([profiles.quarter_hour_profile(weekend) for weekend in (False, True)])
        # Correctly rounded, unlike math.log.
        self._growth = float(Context(prec=30).ln(1 + Decimal(repr(config.calendar.growth_per_year))))
        self._kept: dict[tuple[int, int], I64] = {}
        self._countries = sorted({group.country for group in groups})

    def weights(self, days: I64) -> I64:
        """Integer weights of consecutive days, array (days, 96, groups); pure in each day."""
        span = (int(days[0]), int(days[-1]))
        if span not in self._kept:
            while len(self._kept) >= KEPT_MONTHS:
                del self._kept[next(iter(self._kept))]
            self._kept[span] = self._weights(days)
        return self._kept[span]

    def _weights(self, days: I64) -> I64:
        first, last = int(days[0]), int(days[-1])
        # A UTC day touches the local days before and after it.
        local_days = np.arange(first - 1, last + 2)
        by_country = {country: self._local_day_factor(local_days, country) for country in self._countries}
        weekend = ((local_days + 3) % 7 >= 5).astype(np.intp)
        offsets = offset_minutes(self._timezones, days)
        slot = np.arange(SLOTS)
        weights = np.empty((len(days), SLOTS, len(self._groups)), dtype=np.int64)
        for index, group in enumerate(self._groups):
            local_slot = slot + offsets[:, :, index] // 15
            local_day = (days - first + 1)[:, None] + local_slot // SLOTS
            value = self._profiles[weekend[local_day], local_slot % SLOTS]
            value = value * by_country[group.country][local_day]
            value *= self._shock(days, index)
            value *= group.share * WEIGHT_UNIT
            weights[:, :, index] = value
        return weights

    def _shock(self, days: I64, group: int) -> F64:
        """Lognormal shocks: one a day and region-wide mood, one a quarter hour."""
        sigma = self._config.shock_sigma
        day = draw2(self._keys["shock.day"], days, self._groups[group].region)
        slot = draw2(self._keys["shock.slot"], days[:, None] * SLOTS + np.arange(SLOTS), group)
        exponent = self._normal(high(slot).ravel()).reshape(slot.shape) * sigma
        exponent += (self._normal(high(day)) * (sigma * 0.5))[:, None]
        return self._exp(exponent.ravel()).reshape(slot.shape)

    def _local_day_factor(self, days: I64, country: str) -> F64:
        config = self._config
        dates = [day_date(int(day)) for day in days]
        holidays = load_holidays(country)
        factor = np.array([1 + config.weekday_strength * (profiles.WEEKDAY_FACTOR[d.weekday()] - 1) for d in dates])
        factor *= [1 + config.season_strength * (_season(d) - 1) for d in dates]
        factor *= [1 - config.holiday_strength * _holiday(d, holidays) for d in dates]
        factor *= [1 + config.black_friday_strength * _black_friday(d) for d in dates]
        factor *= [1 + config.payday_strength * payday_effect(d, country) for d in dates]
        # Strengths far above 1 could push a quiet day below zero.
        np.maximum(factor, 0.02, out=factor)
        years = (days - self._period.first_day) / 365.25
        factor *= self._exp(years * self._growth)
        return factor


def _season(day: date) -> float:
    """Season of the year, linear between the middles of the months, with the weeks before Christmas."""
    middle = day.day - 15.5
    neighbour = (day.month - 1 + (1 if middle > 0 else -1)) % 12
    weight = min(abs(middle) / 30.0, 0.5)
    here = profiles.MONTH_FACTOR[day.month - 1]
    season = here + (profiles.MONTH_FACTOR[neighbour] - here) * weight
    if day.month == 12 and 10 <= day.day <= 24:
        season *= profiles.CHRISTMAS_RAMP[day.day - 10]
    return season


def _holiday(day: date, holidays: Mapping[date, str]) -> float:
    if day in holidays:
        return 1.0
    return -HOLIDAY_EVE_SHARE if day + timedelta(days=1) in holidays else 0.0


def _black_friday(day: date) -> float:
    if day.month not in (11, 12):
        return 0.0
    first = date(day.year, 11, 1)
    thanksgiving = day_number(first) + (3 - first.weekday()) % 7 + 21
    since = day_number(day) - thanksgiving - 1
    return profiles.BLACK_FRIDAY[since] if 0 <= since < len(profiles.BLACK_FRIDAY) else 0.0


def days_since_payday(day: date, country: str) -> int:
    """Days since the last usual payday of a country."""
    paydays = PAYDAYS.get(country, DEFAULT_PAYDAYS)
    passed = [day.day - p for p in paydays if p <= day.day]
    if passed:
        return min(passed)
    previous_month_end = day.replace(day=1) - timedelta(days=1)
    return previous_month_end.day - max(paydays) + day.day


def payday_effect(day: date, country: str) -> float:
    """Strength of payday on a day, 0 to 1."""
    return profiles.PAYDAY_DECAY[min(days_since_payday(day, country), len(profiles.PAYDAY_DECAY) - 1)]
