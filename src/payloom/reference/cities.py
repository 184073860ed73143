"""Cities where customers live and shops stand (GeoNames, CC BY 4.0)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from payloom.reference.tables import read_table

# A named tuple, not a dataclass: a thousand of them are made at start-up.


class City(NamedTuple):
    """A city with its coordinates (WGS 84), people and time zone."""

    geonameid: int
    """GeoNames identifier."""
    name: str
    country: str
    """ISO 3166-1 alpha-2."""
    latitude: float
    """Degrees north, four decimals (11 m)."""
    longitude: float
    """Degrees east."""
    population: int
    """People, without suburbs that are cities of their own; a weight rather than a census."""
    timezone: str
    """IANA name; `payloom.reference.offset_transitions` knows every one."""


@cache
def load_cities() -> tuple[City, ...]:
    """All cities, by country code and then by falling population.

    Returns
    -------
    tuple of City
        About 900; boroughs of a larger city in the table are left out.
    """
    return tuple(
        City(int(number), name, country, float(latitude), float(longitude), int(population), timezone)
        for number, name, country, latitude, longitude, population, timezone in read_table("cities.csv", City._fields)
    )
