"""How many genuine payments of each stream a day has; every total is exact and known before a row is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.config import Config
from payloom.plan.billing import (
    STANDING_CALENDAR,
    SUBSCRIPTION_CALENDAR,
    BillingCalendar,
    LocalMonth,
    members_before,
)
from payloom.plan.cohorts import Cohorts
from payloom.plan.periods import DAY_US, Period
from payloom.reference import load_trades
from payloom.streams.hashing import Keys, draw, draw2, high, unit
from payloom.streams.tables import proportional_split, sequential_sum

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

REFUND_TRIES = 6
"""Payments that a refund looks at before it gives up and becomes a purchase."""

FULL_REFUND_WEIGHT = 1.5
"""From this relative refund rate on, a trade takes back every purchase that a refund looks at."""

APPROVED_SHARE = 0.895
"""Found purchases that can be refunded (measured on the default world): declined ones and withdrawals cannot."""


@dataclass(frozen=True)
class MonthlyLines:
    """What returns every month, subscriptions or standing transfers: a line for each cohort, in the order of the month.

    Attributes
    ----------
    calendar
        How the days of a month share it.
    size, offset
        One entry a cohort: length of its line, and where within the first step the line begins, 0 to 1.
    standard_offset_us
        One entry a group: local standard time minus UTC; billing systems do not observe daylight saving.
    """

    calendar: BillingCalendar
    size: I64
    offset: F64
    standard_offset_us: I64

    def ranges(self, cohorts: Cohorts, period: Period, group: int, start_us: int, end_us: int) -> list[LineRange]:
        """Members of a group's lines that bill in [start_us, end_us)."""
        shift = int(self.standard_offset_us[group])
        start, end = start_us + shift, end_us + shift
        month, last = LocalMonth.of(self.calendar, start), LocalMonth.of(self.calendar, end - 1)
        found: list[LineRange] = []
        while month.number <= last.number:
            lines = self.active_lines(cohorts, period, group, month)
            offset, size = self.offset[lines], self.size[lines]
            low, high = members_before(month.phase(np.array([start, end])), offset, size)
            found.append(LineRange(month, lines, low, high))
            month = LocalMonth.numbered(self.calendar, month.number + 1)
        return found

    @staticmethod
    def active_lines(cohorts: Cohorts, period: Period, group: int, month: LocalMonth) -> NDArray[np.intp]:
        """Cohorts whose lines bill in a local month; none for a group that has no customers of its own."""
        first = period.months[0]
        epoch = period.epoch_of_month(month.number - (first.year * 12 + first.month - 1))
        lines = cohorts.active(epoch, group)
        return lines[cohorts.group[lines] == group]


@dataclass(frozen=True)
class LineRange:
    """Members [low, high) of some cohorts' lines in one local month."""

    month: LocalMonth
    cohort: NDArray[np.intp]
    low: I64
    high: I64


@dataclass(frozen=True)
class Quotas:
    """Payments a day by stream; arrays have one entry a day of the period.

    Attributes
    ----------
    genuine
        All genuine payments of the day.
    spending, subscription, refund, standing, ad_hoc, planted
        Their split; they sum to `genuine`. Transfers are standing orders or made on the spur of the moment; planted
        payments are genuine ones that look like fraud, come before it, or are disputed.
    refund_by_lag, refund_start
        Arrays (days, lags): refunds of payments made `lag` = column + 1 days earlier, and where their candidates
        begin in the permutation of that day's spending.
    subscription_lines, standing_lines
        What returns every month, by cohort.
    """

    genuine: I64
    spending: I64
    subscription: I64
    refund: I64
    standing: I64
    ad_hoc: I64
    planted: I64
    refund_by_lag: I64
    refund_start: I64
    subscription_lines: MonthlyLines
    standing_lines: MonthlyLines


def build_quotas(
    config: Config,
    period: Period,
    cohorts: Cohorts,
    keys: Keys,
    day_weights: list[int],
    standard_offset_us: I64,
    genuine_rows: int,
) -> Quotas:
    """Split the genuine payments over days and streams."""
    genuine = np.array(proportional_split(genuine_rows, day_weights), dtype=np.int64)
    sizes = _LineSizes(config, period, cohorts, keys, genuine_rows, standard_offset_us)
    subscription_lines = sizes.lines("subscription.line", config.subscriptions.share, SUBSCRIPTION_CALENDAR)
    standing_lines = sizes.lines("standing.line", config.transfers.standing_share, STANDING_CALENDAR)
    subscription = _by_day(period, cohorts, subscription_lines)
    # In a world of a few rows a day there may be no room for them.
    subscription[subscription > genuine] = 0
    standing = _by_day(period, cohorts, standing_lines)
    standing[standing > genuine - subscription] = 0
    rest = genuine - subscription - standing
    ad_hoc = np.minimum(_share_of(genuine, config.transfers.ad_hoc_share, keys["transfer.quota"], period), rest)
    rest -= ad_hoc
    planted = np.minimum(
        _share_of(genuine, config.planted.share if config.planted.mix else 0.0, keys["planted.quota"], period), rest
    )
    spending, by_lag, start = _refunds(config, period, keys, genuine, rest - planted)
    return Quotas(
        genuine=genuine,
        spending=spending,
        subscription=subscription,
        refund=by_lag.sum(axis=1),
        standing=standing,
        ad_hoc=ad_hoc,
        planted=planted,
        refund_by_lag=by_lag,
        refund_start=start,
        subscription_lines=subscription_lines,
        standing_lines=standing_lines,
    )


def _share_of(rows: I64, share: float, key: np.uint64, period: Period) -> I64:
    """A share of each day's rows, rounded at random so that the mean is right."""
    dither = unit(high(draw(key, np.arange(period.first_day, period.end_day))))
    return np.floor(rows * share + dither).astype(np.int64)


@dataclass(frozen=True)
class _LineSizes:
    """What the lengths of monthly lines depend on."""

    config: Config
    period: Period
    cohorts: Cohorts
    keys: Keys
    genuine_rows: int
    standard_offset_us: I64

    def lines(self, purpose: str, share: float, calendar: BillingCalendar) -> MonthlyLines:
        """Lines that make up a share of the genuine payments."""
        cohorts = self.cohorts
        months = self.period.days / 30.4375
        presence = (cohorts.leave_epoch - cohorts.join_epoch) * cohorts.size
        active = int(presence.sum()) / cohorts.epochs
        per_customer = share * self.genuine_rows / months / max(active, 1.0)
        number = np.arange(len(cohorts.size))
        dither = unit(high(draw(self.keys[f"{purpose}.size"], number)))
        size = np.floor(cohorts.size * per_customer + dither).astype(np.int64)
        offset = unit(high(draw(self.keys[f"{purpose}.offset"], number))) * 0.999
        return MonthlyLines(calendar, np.where(cohorts.size > 0, size, 0), offset, self.standard_offset_us)


def _by_day(period: Period, cohorts: Cohorts, lines: MonthlyLines) -> I64:
    borders = np.arange(period.first_day, period.end_day + 1) * DAY_US
    count = np.zeros(period.days, dtype=np.int64)
    for group in range(cohorts.groups):
        shift = int(lines.standard_offset_us[group])
        month = LocalMonth.of(lines.calendar, int(borders[0]) + shift)
        last = LocalMonth.of(lines.calendar, int(borders[-1]) + shift - 1)
        while month.number <= last.number:
            active = lines.active_lines(cohorts, period, group, month)
            offset, size = lines.offset[active], lines.size[active]
            low = max(0, month.first_day - 1 - period.first_day)
            high = min(period.days, month.first_day + month.days + 1 - period.first_day)
            before = members_before(month.phase(borders[low : high + 1] + shift), offset, size).sum(axis=1)
            count[low:high] += np.diff(before)
            month = LocalMonth.numbered(lines.calendar, month.number + 1)
    return count


def _refunds(config: Config, period: Period, keys: Keys, genuine: I64, spending: I64) -> tuple[I64, I64, I64]:
    """Walk the days once: what a day refunds depends only on earlier days."""
    lags = config.refunds.max_lag_days
    weight = np.divide(1.0, np.arange(lags) + 2.0, dtype=np.float64)
    # Half of the refunds come within days, the rest trail off over the allowed lag (estimate).
    rate = config.refunds.share / _refund_success() * weight / sequential_sum(weight)
    lag = np.arange(1, lags + 1)
    by_lag = np.zeros((period.days, lags), dtype=np.int64)
    start = np.zeros((period.days, lags), dtype=np.int64)
    used = np.zeros(period.days, dtype=np.int64)
    spending = spending.copy()
    for day in range(period.days):
        source = day - lag[:day]
        dither = unit(high(draw2(keys["refund.quota"], lag[:day], period.first_day + day)))
        quota = np.floor(genuine[source] * rate[:day] + dither).astype(np.int64)
        begin = used[source]
        quota[(begin + quota) * REFUND_TRIES > spending[source]] = 0
        if int(quota.sum()) > spending[day]:
            continue
        used[source] += quota
        by_lag[day, :day][: len(quota)] = quota
        start[day, :day][: len(begin)] = begin * REFUND_TRIES
        spending[day] -= int(quota.sum())
    return spending, by_lag, start


def refund_acceptance() -> F64:
    """Share of each trade's purchases that a refund which looks at them gives back."""
    return np.array([min(trade.refund_weight / FULL_REFUND_WEIGHT, 1.0) for trade in load_trades()])


def _refund_success() -> float:
    """Share of refunds that find an approved purchase within their tries."""
    share = np.array([trade.share for trade in load_trades()])
    taken = sequential_sum(share * refund_acceptance())
    missed = 1.0
    for _ in range(REFUND_TRIES):
        missed *= 1 - taken
    return (1 - missed) * APPROVED_SHARE
