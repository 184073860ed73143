"""Trips are as frequent, as long and as foreign as the config says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from payloom.cell.assembly import Streams
from payloom.codes import COUNTRY
from payloom.config import make_config
from payloom.plan.periods import DAY_US
from tests.bounds import assert_mean, assert_share
from tests.cell.configs import most
from tests.counts import count

LIMITS = most("spending", "trips_per_year"), most("spending", "trip_days_median")

SIGMA = 0.6
"""Standard deviation of ln(days away), as `payloom.behaviour.trips` documents it."""


def streams(**spending: float) -> Streams:
    values = {"world": {"rows": 1_000, "merchants": 50_000, "end": "2026-01-01"}, "spending": spending}
    return Streams.of(make_config(values))


def whereabouts(made: Streams, total: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Customers at random times of the year: who, rows away, their places, rows on the road."""
    rng = np.random.default_rng(5)
    customer = rng.integers(0, 10**6, total)
    time_us = (20_089 * DAY_US) + rng.integers(0, 365 * DAY_US, total)
    country = np.full(total, COUNTRY.index("US"))
    return customer, *made.spending.trips.whereabouts(customer, country, time_us)


@pytest.mark.statistical
@pytest.mark.parametrize(("trips", "days"), [(0.0, 4.0), (0.5, 4.0), (3.0, 4.0), (9.0, 2.0), (9.0, 8.0)])
def test_time_away_is_trips_times_length(trips, days) -> None:
    """The share of time away is trips a year x mean length; lengths are lognormal and cut at 24 days."""
    total = count(200_000, 10_000_000)
    _, away, _, _ = whereabouts(streams(trips_per_year=trips, trip_days_median=days), total)
    lengths = np.minimum(days * np.exp(SIGMA * np.random.default_rng(6).standard_normal(1_000_000)), 24.0)
    # Times in one window share its trip, but a window has hardly more than one of the times: 1 % is slack enough.
    assert_share(len(away), total, trips * float(lengths.mean()) / 365.25, slack=0.01, what="away")


@pytest.mark.statistical
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 1.0])
def test_trips_abroad(share) -> None:
    """Trips leave the country as often as configured."""
    made = streams(trips_per_year=9.0, foreign_trip_share=share)
    _, _, place, _ = whereabouts(made, count(200_000, 5_000_000))
    abroad = made.model.geography.country[place] != COUNTRY.index("US")
    assert_share(int(abroad.sum()), len(place), share, slack=0.01, what="abroad")


@pytest.mark.parametrize(("trips", "days"), [(LIMITS[0], 4.0), (3.0, LIMITS[1]), LIMITS])
def test_what_the_config_allows_is_what_comes(trips, days) -> None:
    """Also many or long trips come as asked for, within 15 %."""
    total = 100_000
    _, away, _, _ = whereabouts(streams(trips_per_year=trips, trip_days_median=days), total)
    assert len(away) / total == pytest.approx(trips * days * np.exp(SIGMA**2 / 2) / 365.25, rel=0.15)


def test_nobody_is_away_and_on_the_road() -> None:
    """A customer is at home, under way or there; the road lies on both sides of a trip."""
    made = streams(trips_per_year=9.0)
    _, away, _, road = whereabouts(made, 50_000)
    assert not np.intersect1d(away, road).size
    customer = np.full(40 * 96, 12_345)
    time_us = 20_100 * DAY_US + np.arange(40 * 96) * (DAY_US // 96)
    country = np.full(len(customer), COUNTRY.index("US"))
    away, place, road = made.spending.trips.whereabouts(customer, country, time_us)
    state = np.zeros(len(customer), dtype=int)
    state[away], state[road] = 1, 2
    changes = {(int(a), int(b)) for a, b in pairwise(state) if a != b}
    # From home to a place, and back, only over the road.
    assert not changes & {(0, 1), (1, 0)}
    for start in np.flatnonzero(np.diff(np.concatenate([[0], (state == 1).astype(int)])) == 1):
        end = start + int(np.argmin(state[start:] == 1)) if (state[start:] != 1).any() else len(state)
        here = place[(away >= start) & (away < end)]
        assert len(np.unique(here)) <= 1


@pytest.mark.statistical
def test_lengths_have_the_configured_median() -> None:
    """Half of the trips are shorter than the median: seen from inside, lengths are weighted by themselves."""
    made = streams(trips_per_year=9.0, trip_days_median=6.0)
    quarter = DAY_US // 8
    customer = np.repeat(np.arange(count(400, 5_000)), 365 * 8)
    time_us = 20_089 * DAY_US + np.tile(np.arange(365 * 8) * quarter, count(400, 5_000))
    away, _, _ = made.spending.trips.whereabouts(customer, np.full(len(customer), COUNTRY.index("US")), time_us)
    here = np.zeros(len(customer), dtype=np.int8)
    here[away] = 1
    edges = np.diff(np.pad(here.reshape(-1, 365 * 8), ((0, 0), (1, 1))), axis=1)
    starts, ends = np.argwhere(edges == 1), np.argwhere(edges == -1)
    whole = (starts[:, 1] > 0) & (ends[:, 1] < 365 * 8)
    lengths = (ends[:, 1] - starts[:, 1])[whole] / 8.0
    # An eighth of a day is the resolution of this look, and two windows' trips may touch.
    assert_mean((lengths < 6.0).astype(float), 0.5, slack=0.04, what="shorter than the median")
