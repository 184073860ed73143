"""Every country has cities, and every city can be used."""

from collections import Counter

import pytest

from payloom.reference import load_cities, load_countries, load_timezones

ASKED_FOR = [
    "US",
    "GB",
    "DE",
    "FR",
    "ES",
    "IT",
    "JP",
    "BR",
    "CA",
    "AU",
    "MX",
    "IN",
    "NL",
    "CH",
    "SE",
    "PL",
    "TH",
    "AE",
    "PT",
    "GR",
    "TR",
    "AT",
]

# Rough boxes (south, north, west, east) from an atlas: a swapped or signless coordinate falls out of them.
BOXES = {"US": (18, 72, -180, -66), "JP": (24, 46, 122, 146), "BR": (-34, 6, -74, -34), "AU": (-44, -10, 112, 154)}


@pytest.mark.parametrize("country", ASKED_FOR)
def test_every_country_has_at_least_ten_cities(country: str) -> None:
    assert Counter(city.country for city in load_cities())[country] >= 10


def test_cities_are_of_known_countries_in_known_time_zones() -> None:
    assert {city.country for city in load_cities()} == set(load_countries())
    assert {city.timezone for city in load_cities()} == set(load_timezones())


def test_the_four_us_mainland_zones_and_arizona_are_covered() -> None:
    zones = {city.timezone for city in load_cities() if city.country == "US"}
    assert zones >= {f"America/{name}" for name in ("New_York", "Chicago", "Denver", "Los_Angeles", "Phoenix")}


def test_identifiers_are_unique() -> None:
    assert len({city.geonameid for city in load_cities()}) == len(load_cities())


def test_order_is_by_country_and_falling_population() -> None:
    keys = [(city.country, -city.population) for city in load_cities()]
    assert keys == sorted(keys)


@pytest.mark.parametrize("country", BOXES)
def test_coordinates_lie_inside_the_country(country: str) -> None:
    south, north, west, east = BOXES[country]
    outside = [
        city
        for city in load_cities()
        if city.country == country and not (south < city.latitude < north and west < city.longitude < east)
    ]
    assert outside == []


def test_boroughs_are_not_counted_beside_their_city() -> None:
    names = {city.name for city in load_cities()}
    assert "New York City" in names
    assert names.isdisjoint({"Brooklyn", "Queens", "Manhattan", "Favoriten", "Iztapalapa", "Setagaya"})


@pytest.mark.parametrize(
    ("name", "latitude", "longitude"),
    [("Berlin", 52.52, 13.40), ("Sydney", -33.87, 151.21), ("Denver", 39.74, -104.98)],
)
def test_well_known_cities_are_where_they_are(name: str, latitude: float, longitude: float) -> None:
    (city,) = [city for city in load_cities() if city.name == name]
    assert city.latitude == pytest.approx(latitude, abs=0.05)
    assert city.longitude == pytest.approx(longitude, abs=0.05)
