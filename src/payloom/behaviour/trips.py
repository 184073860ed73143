"""Trips: spells away from home at hashed times; around them people are on the road and buy online at most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.codes import COUNTRY
from payloom.plan.periods import DAY_US
from payloom.reference import load_countries
from payloom.streams.hashing import derive, draw2, high, low, threshold32, unit
from payloom.streams.tables import CategoricalTable, sequential_sum
from payloom.world.model import Model

I64 = NDArray[np.int64]

WINDOW_DAYS = 40
"""A customer has at most one trip in each window of this many days."""

ROAD_US = 14 * 3600 * 1_000_000
"""Time on the road before and after a trip, in which nothing is bought in person."""

LENGTH_SIGMA = 0.6
"""Standard deviation of ln(days away) (estimate)."""
MAX_DAYS = 24.0

_WINDOW_US = WINDOW_DAYS * DAY_US


@dataclass(frozen=True)
class Trips:
    """Where customers are.

    Attributes
    ----------
    destinations
        Draws a place by the country of residence.
    """

    model: Model
    destinations: CategoricalTable

    @classmethod
    def of(cls, model: Model) -> Trips:
        """Prepare the tables."""
        return cls(model, CategoricalTable(_destination_weights(model)))

    def whereabouts(
        self, customer: I64, country: NDArray[np.integer], time_us: I64
    ) -> tuple[NDArray[np.intp], I64, NDArray[np.intp]]:
        """Say who is not at home.

        Returns
        -------
        away, place, on_the_road
            Rows of those on a trip, the places they are at, and rows of those under way.
        """
        config, keys = self.model.config.spending, self.model.plan.keys
        shifted = time_us + (customer & 63) * (_WINDOW_US // 64)
        window = shifted // _WINDOW_US
        bits = draw2(keys["trip"], customer, window)
        travels = np.flatnonzero(low(bits) < threshold32(min(config.trips_per_year * WINDOW_DAYS / 365.25, 1.0)))
        within = shifted.take(travels)
        within -= window.take(travels) * _WINDOW_US
        bits = bits.take(travels)
        functions = self.model.plan.functions
        length = functions.exp(functions.normal(high(bits)) * LENGTH_SIGMA)
        length *= config.trip_days_median
        np.minimum(length, MAX_DAYS, out=length)
        length *= DAY_US
        more = derive(bits, keys["trip.where"])
        start = unit(high(more)) * (_WINDOW_US - 2.0 * ROAD_US - length) + ROAD_US
        since = within - start
        near = (since >= -ROAD_US) & (since < length + ROAD_US)
        there = (since >= 0) & (since < length)
        away = np.flatnonzero(there)
        rows = travels[away]
        place = self.destinations(low(more[away]), country.take(rows)).astype(np.int64)
        return rows, place, travels[near & ~there]


def _destination_weights(model: Model) -> NDArray[np.float64]:
    """Weights of places by country of residence: abroad by tourism, at home by size."""
    geography = model.geography
    abroad = model.config.spending.foreign_trip_share
    tourism = {code: country.tourism_weight for code, country in load_countries().items()}
    per_country = np.bincount(geography.country, weights=geography.weight, minlength=len(COUNTRY))
    within = geography.weight / per_country[geography.country]
    appeal = np.array([tourism[COUNTRY[c]] for c in geography.country]) * within
    weights = np.zeros((len(COUNTRY), geography.places))
    for country in range(len(COUNTRY)):
        home = geography.country == country
        if not home.any():
            weights[country] = appeal
        elif home.all():
            weights[country] = within
        else:
            weights[country] = np.where(home, within * (1 - abroad), appeal / sequential_sum(appeal[~home]) * abroad)
    return weights
