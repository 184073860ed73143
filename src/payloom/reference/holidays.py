"""National public holidays from 2015 to 2045."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType

from payloom.reference.tables import read_table


@cache
def _days_by_country() -> dict[str, list[tuple[str, str]]]:
    """(name, days as text) by country: only the countries asked for are worth parsing further."""
    lines: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for country, name, dates in read_table("holidays.csv", ("country", "name", "dates")):
        lines[country].append((name, dates))
    return dict(lines)


@cache
def load_holidays(country: str) -> Mapping[date, str]:
    """Public holidays that the whole country has, observed days and days in lieu included.

    Parameters
    ----------
    country
        ISO 3166-1 alpha-2 code.

    Returns
    -------
    mapping of date to str
        In order of time, read-only; names that share a day are joined by "; ". Feasts that follow the moon are
        predictions; those of India end with 2035.

    Raises
    ------
    KeyError
        If the country is not in `payloom.reference.load_countries`.
    """
    names: dict[date, str] = {}
    for name, dates in _days_by_country()[country]:
        for day in map(date.fromisoformat, dates.split()):
            names[day] = f"{names[day]}; {name}" if day in names else name
    return MappingProxyType(dict(sorted(names.items())))
