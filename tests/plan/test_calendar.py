"""Periods, billing months, day tables and cohorts: the frame in which payments are counted."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.config import make_config
from payloom.plan.billing import MONTH_PHASE, SUBSCRIPTION_CALENDAR, LocalMonth, line_phase, members_before
from payloom.plan.periods import DAY_US, Period, day_date, day_number
from payloom.plan.world_plan import Plan, build_plan
from tests.cell.worlds import ODD_WORLD

days = st.dates(date(2001, 1, 1), date(2059, 12, 31))


@given(days)
def test_day_numbers_count_from_1970(day) -> None:
    """Day numbers and dates are inverses; 1970-01-01 is day 0."""
    assert day_date(day_number(day)) == day
    assert day_number(date(1970, 1, 1)) == 0
    assert day_number(day + timedelta(days=1)) == day_number(day) + 1


@given(days, st.integers(1, 7_305))
def test_months_tile_the_period(start, length) -> None:
    """Months follow each other without a gap, each inside its calendar month; epochs cover them all."""
    end = start + timedelta(days=length)
    period = Period.between(start, end)
    assert period.days == length
    assert period.months[0].first_day == day_number(start)
    assert period.months[-1].end_day == day_number(end)
    for month, following in zip(period.months, [*period.months[1:], None], strict=True):
        first, last = day_date(month.first_day), day_date(month.end_day - 1)
        assert (first.year, first.month) == (last.year, last.month) == (month.year, month.month)
        assert following is None or following.first_day == month.end_day
    for index, month in enumerate(period.months):
        assert period.month_index(month.first_day) == period.month_index(month.end_day - 1) == index
        epoch = period.epoch_of_month(index)
        assert period.epoch_first_day(epoch) <= month.first_day < period.epoch_first_day(epoch + 1)
    assert period.epochs <= 24


@given(st.dates(date(2001, 1, 1), date(2059, 11, 30)))
def test_billing_months_are_calendar_months(day) -> None:
    """A local month has the first day and length of the calendar's."""
    month = LocalMonth.of(SUBSCRIPTION_CALENDAR, day_number(day) * DAY_US + 12_345)
    assert day_date(month.first_day) == day.replace(day=1)
    assert month.days == calendar.monthrange(day.year, day.month)[1]


@given(st.sampled_from(["2023-02-10", "2024-02-10", "2024-04-10", "2024-12-10"]), st.lists(st.integers(0, 31 * DAY_US)))
def test_phases_rise_and_invert(day, offsets) -> None:
    """The phase rises with time from 0 to the whole month, and `local_us` gives a time of that phase back."""
    month = LocalMonth.of(SUBSCRIPTION_CALENDAR, day_number(date.fromisoformat(day)) * DAY_US)
    start, end = month.first_day * DAY_US, (month.first_day + month.days) * DAY_US
    assert month.phase(np.array([start - 1, start, end])).tolist() == [0, 0, MONTH_PHASE]
    times = start + np.sort(np.array(offsets, dtype=np.int64))
    times = times[times < end]
    phases = month.phase(times)
    assert (np.diff(phases) >= 0).all()
    back = month.local_us(phases)
    assert (month.phase(back) <= phases).all()
    assert (month.phase(back + 1) > phases).all()


@given(st.integers(0, 500), st.floats(0, 0.999), st.lists(st.integers(0, MONTH_PHASE), max_size=20))
def test_members_before_counts_the_line(size, offset, phases) -> None:
    """The closed form is the count of members whose phase is smaller, to the last one."""
    line = line_phase(np.arange(size), np.array(offset), np.array(max(size, 1)))
    asked = np.array([0, *phases, MONTH_PHASE], dtype=np.int64)
    counted = [int((line < phase).sum()) for phase in asked.tolist()]
    assert members_before(asked, np.array([offset]), np.array([size]))[:, 0].tolist() == counted


@pytest.fixture(scope="module", params=[{"world": {"rows": 50_000}}, ODD_WORLD], ids=["default", "odd"])
def plan(request) -> Plan:
    return build_plan(make_config(request.param))


def test_times_rise_with_the_mass_of_the_day(plan) -> None:
    """Within a day time runs from midnight to midnight with the share of payments made."""
    zones = tuple(group.timezone for group in plan.groups)
    tables = plan.day_tables(zones).month(1)
    mass = np.sort(np.concatenate([[0.0, 1 - 1e-12], np.random.default_rng(8).random(2_000)]))
    for row in (0, 1, tables.end_day - tables.first_day - 1):
        time = tables.time_us(np.full(len(mass), row), mass)
        midnight = (tables.first_day + row) * DAY_US
        assert (np.diff(time) >= 0).all()
        assert midnight <= time[0]
        assert time[-1] < midnight + DAY_US
        found, before = tables.mass_before(time)
        assert (found == row).all()
        # Time is linear within 1/1024 of the mass, mass within a quarter of an hour.
        assert np.abs(before - mass).max() < 2e-3


def test_tables_of_a_day_do_not_depend_on_the_month_they_are_asked_with(plan) -> None:
    """A day at a month's end has the same times among its own month and in the look-back of the next."""
    zones = tuple(group.timezone for group in plan.groups)
    cache = plan.day_tables(zones)
    own, following = cache.month(0), cache.month(1)
    day = plan.period.months[0].end_day - 1
    mass = np.linspace(0, 0.999, 500)
    times = [tables.time_us(np.full(500, day - tables.first_day), mass) for tables in (own, following)]
    assert np.array_equal(*times)
    bits = np.random.default_rng(9).integers(0, 2**32, 500, dtype=np.uint32)
    groups = [tables.group(np.full(500, day - tables.first_day), mass, bits) for tables in (own, following)]
    assert np.array_equal(*groups)


def test_cohorts_partition_the_customers(plan) -> None:
    """Cohorts own runs of customers without gap or overlap, and a customer's cohort is found again."""
    cohorts = plan.cohorts
    assert cohorts.base[0] == 0
    assert np.array_equal(cohorts.base[1:], (cohorts.base + cohorts.size)[:-1])
    everybody = np.arange(cohorts.customers)
    assert np.array_equal(np.bincount(cohorts.of_customer(everybody), minlength=len(cohorts.size)), cohorts.size)


def test_weekday_and_season_strength_of_zero_flatten_the_calendar() -> None:
    """Without season, weekdays, paydays, holidays, growth and shocks all days weigh the same, within 1 %."""
    flat = ("season_strength", "weekday_strength", "payday_strength", "holiday_strength", "black_friday_strength")
    values = {"world": {"rows": 50_000}, "regions": [{"country": "IN", "share": 1.0}]}
    calm = values | {"calendar": dict.fromkeys((*flat, "growth_per_year", "churn_per_year", "shock_sigma"), 0.0)}
    weights = np.array(build_plan(make_config(calm)).day_weights, dtype=float)
    # Weekends have other hours, not more of them.
    assert weights.max() / weights.min() < 1.06
    lively = np.array(build_plan(make_config(values)).day_weights, dtype=float)
    assert lively.max() / lively.min() > 1.5


@pytest.mark.parametrize(("growth", "expected"), [(0.0, 1.0), (0.5, 1.5), (-0.3, 0.7), (2.0, 3.0)])
def test_volume_grows_with_the_base(growth, expected) -> None:
    """A year later the volume is 1 + growth times as large, within 8 %: growth is compounded by a series."""
    values = {
        "world": {"rows": 10_000, "start": "2024-01-01", "end": "2026-01-01"},
        "calendar": {"growth_per_year": growth, "shock_sigma": 0.0},
    }
    weights = np.array(build_plan(make_config(values)).day_weights, dtype=float)
    assert weights[366:].sum() / weights[:365].sum() == pytest.approx(expected, rel=0.08)


def test_paydays_weekends_and_holidays_show() -> None:
    """More is paid on the 28th than on the 27th, on Saturday than on Monday, less at Christmas (Britain)."""
    values = {
        "world": {"rows": 10_000},
        "regions": [{"country": "GB", "share": 1.0}],
        "calendar": {"shock_sigma": 0.0, "growth_per_year": 0.0, "payday_strength": 0.5, "holiday_strength": 0.8},
    }
    plan = build_plan(make_config(values))
    weight = {day_date(plan.period.first_day + n): w for n, w in enumerate(plan.day_weights)}
    assert weight[date(2025, 5, 28)] > 1.2 * weight[date(2025, 5, 21)]
    assert weight[date(2025, 6, 14)] > 1.1 * weight[date(2025, 6, 16)]
    assert weight[date(2025, 12, 25)] < 0.5 * weight[date(2025, 12, 18)]
    assert weight[date(2025, 11, 28)] > weight[date(2025, 11, 21)]
