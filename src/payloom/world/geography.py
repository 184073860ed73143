"""Places: the cities where customers live, shop and travel."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import NDArray

from payloom.codes import COUNTRY
from payloom.config import Config
from payloom.plan.groups import Group, cities_of
from payloom.reference import City, load_countries
from payloom.streams.tables import CategoricalTable

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

MERCHANTS_PER_PLACE = 160
"""Acceptors that a city needs before another city is added: about three for each trade."""

MAX_FOREIGN_CITIES = 3
FOREIGN_SHARE = 0.04
"""Share of all acceptors in countries that are only travelled to (estimate)."""


@dataclass(frozen=True)
class Geography:
    """Cities of the world, home cities of each group first.

    Attributes
    ----------
    cities
        One entry a place.
    country, timezone
        Index of each place's country in `payloom.codes.COUNTRY` and of its zone in `timezones`.
    latitude, longitude
        Degrees, of the centre.
    spread_degrees
        Standard deviation of a shop's or home's distance from the centre, degrees of latitude.
    weight
        Share of the world's shops.
    home_country, home_timezone, home_places
        One entry a group: country, time zone, and its places as (first, number).
    homes
        Draws a place within the group's, by population.
    timezones
        Names of all time zones.
    """

    cities: tuple[City, ...]
    country: I64
    timezone: I64
    latitude: F64
    longitude: F64
    spread_degrees: F64
    weight: F64
    home_country: I64
    home_timezone: I64
    home_first_place: I64
    home_places: I64
    homes: CategoricalTable
    timezones: tuple[str, ...]

    @property
    def places(self) -> int:
        """Number of places."""
        return len(self.cities)


def build_geography(config: Config, groups: tuple[Group, ...]) -> Geography:
    """Choose as many cities as the number of merchants can fill."""
    target = config.world.merchant_count / MERCHANTS_PER_PLACE
    chosen: list[City] = []
    weights: list[float] = []
    first: list[int] = []
    for group in groups:
        candidates = [c for c in cities_of(group.country) if c.timezone == group.timezone]
        picked = candidates[: max(1, round(target * group.share))]
        people = sum(c.population for c in picked)
        first.append(len(chosen))
        chosen += picked
        weights += [group.share * c.population / people * (1 - FOREIGN_SHARE) for c in picked]
    number = [b - a for a, b in zip(first, [*first[1:], len(chosen)], strict=True)]
    homes = np.zeros((len(groups), max(number)))
    for row, (start, count) in enumerate(zip(first, number, strict=True)):
        homes[row, :count] = [chosen[start + i].population for i in range(count)]
    foreign, foreign_weights = _foreign_places({g.country for g in groups}, target)
    chosen += foreign
    weights += foreign_weights
    timezones = tuple(sorted({c.timezone for c in chosen}))
    return Geography(
        cities=tuple(chosen),
        country=np.array([COUNTRY.index(c.country) for c in chosen]),
        timezone=np.array([timezones.index(c.timezone) for c in chosen]),
        latitude=np.array([c.latitude for c in chosen]),
        longitude=np.array([c.longitude for c in chosen]),
        spread_degrees=np.array([_spread_degrees(c.population) for c in chosen]),
        weight=np.array(weights),
        home_country=np.array([COUNTRY.index(g.country) for g in groups]),
        home_timezone=np.array([timezones.index(g.timezone) for g in groups]),
        home_first_place=np.array(first),
        home_places=np.array(number),
        homes=CategoricalTable(homes),
        timezones=timezones,
    )


def _foreign_places(at_home: set[str], target: float) -> tuple[list[City], list[float]]:
    """Pick cities of the other countries, fewer in a small world, weighted by how many travel there."""
    countries = [c for c in load_countries().values() if c.country not in at_home]
    countries.sort(key=lambda c: (-c.tourism_weight, c.country))
    countries = countries[: max(2, round(target / 4))]
    per_country = min(MAX_FOREIGN_CITIES, max(1, round(target / 60)))
    everywhere = fsum(c.tourism_weight for c in countries)
    cities: list[City] = []
    weights: list[float] = []
    for country in countries:
        picked = cities_of(country.country)[:per_country]
        people = sum(c.population for c in picked)
        cities += picked
        share = FOREIGN_SHARE * country.tourism_weight / everywhere
        weights += [share * c.population / people for c in picked]
    return cities, weights


def _spread_degrees(population: int) -> float:
    """Spread of the shops that people of a city go to: about 1 km for 10,000 people and 5 km for ten million."""
    steps = 0.0
    size = 10_000
    while size < population and steps < 3:
        steps += 1
        size *= 10
    return 0.012 + 0.012 * steps
