"""Public holidays fall on the days that the calendars say."""

from datetime import date, timedelta

import pytest

from payloom.reference import load_countries, load_holidays


def easter_sunday(year: int) -> date:
    """Gregorian computus (Meeus, Jones, Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


@pytest.mark.parametrize(
    ("country", "day"),
    [
        ("US", date(2025, 7, 4)),
        ("US", date(2025, 11, 27)),
        ("GB", date(2025, 12, 26)),
        ("DE", date(2025, 10, 3)),
        ("FR", date(2025, 7, 14)),
        ("JP", date(2025, 4, 29)),
        ("BR", date(2025, 9, 7)),
        ("IN", date(2025, 8, 15)),
        ("TR", date(2025, 10, 29)),
        ("TH", date(2025, 4, 14)),
        ("AE", date(2025, 12, 2)),
    ],
)
def test_national_days_are_holidays(country: str, day: date) -> None:
    assert day in load_holidays(country)


@pytest.mark.parametrize("year", range(2015, 2046))
@pytest.mark.parametrize("country", ["DE", "FR", "IT", "PL", "AT", "NL", "SE"])
def test_easter_monday_follows_the_moon(country: str, year: int) -> None:
    assert easter_sunday(year) + timedelta(1) in load_holidays(country)


@pytest.mark.parametrize("country", list(load_countries()))
def test_every_year_from_2015_to_2045_has_holidays(country: str) -> None:
    days = load_holidays(country)
    assert {day.year for day in days} == set(range(2015, 2046))
    assert all(3 <= sum(day.year == year for day in days) <= 35 for year in range(2015, 2046))


@pytest.mark.parametrize("country", list(load_countries()))
def test_days_come_in_order_of_time(country: str) -> None:
    assert list(load_holidays(country)) == sorted(load_holidays(country))


def test_an_ordinary_day_is_none() -> None:
    assert date(2025, 6, 17) not in load_holidays("DE")


def test_two_holidays_on_one_day_are_both_named() -> None:
    """28 May 2015 names nothing twice; Ascension met the First of May in 2008 only, so look at a known pair."""
    pairs = [name for country in load_countries() for name in load_holidays(country).values() if "; " in name]
    assert pairs
    assert all(len(set(name.split("; "))) == len(name.split("; ")) for name in pairs)


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(KeyError, match="XX"):
        load_holidays("XX")
