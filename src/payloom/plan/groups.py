"""Groups of customers that share a region and a time zone; a group decides when its people are awake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.config import Config
from payloom.plan.periods import DAY_US
from payloom.plan.profiles import SLOT_SECONDS, SLOTS
from payloom.reference import City, load_cities, offset_transitions

MIN_ZONE_SHARE = 0.02
"""A time zone with a smaller share of its country's city people has no customers."""


@dataclass(frozen=True, slots=True)
class Group:
    """Customers of one region in one time zone.

    Attributes
    ----------
    region
        Index of the region in the config.
    country
        ISO 3166-1 alpha-2 code.
    timezone
        IANA name.
    share
        Share of all payments.
    """

    region: int
    country: str
    timezone: str
    share: float


def cities_of(country: str) -> list[City]:
    """Cities of a country, most populous first."""
    return sorted((c for c in load_cities() if c.country == country), key=lambda c: (-c.population, c.geonameid))


def build_groups(config: Config) -> tuple[Group, ...]:
    """Split each region by time zone, in proportion to the population of its cities."""
    groups: list[Group] = []
    for index, region in enumerate(config.regions):
        population: dict[str, int] = {}
        for city in cities_of(region.country):
            population[city.timezone] = population.get(city.timezone, 0) + city.population
        everyone = sum(population.values())
        population = {zone: people for zone, people in population.items() if people >= MIN_ZONE_SHARE * everyone}
        total = sum(population.values())
        for timezone in sorted(population, key=lambda z: (-population[z], z)):
            share = region.share * population[timezone] / total
            groups.append(Group(index, region.country, timezone, share))
    return tuple(groups)


def offset_minutes(timezones: tuple[str, ...], days: NDArray[np.int64]) -> NDArray[np.int16]:
    """Give local time minus UTC in minutes, array (days, 96 quarter hours, time zones).

    Offsets change only at whole quarter hours in every zone since 1972, so a quarter hour has one offset.
    """
    return _offsets(timezones, days[:, None] * (DAY_US // 1_000_000) + np.arange(SLOTS) * SLOT_SECONDS)


def noon_offset_minutes(timezones: tuple[str, ...], days: NDArray[np.int64]) -> NDArray[np.int16]:
    """Give local time minus UTC in minutes at noon UTC, array (days, time zones)."""
    return _offsets(timezones, days * (DAY_US // 1_000_000) + DAY_US // 2_000_000)


def _offsets(timezones: tuple[str, ...], seconds: NDArray[np.int64]) -> NDArray[np.int16]:
    """Offsets at UTC seconds, the time zones as one more dimension."""
    offsets = np.empty((*seconds.shape, len(timezones)), dtype=np.int16)
    for index, timezone in enumerate(timezones):
        utc_seconds, minutes = offset_transitions(timezone)
        place = np.searchsorted(utc_seconds, seconds, side="right") - 1
        offsets[..., index] = minutes[np.maximum(place, 0)]
    return offsets
