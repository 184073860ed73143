"""Countries of the world that payloom knows, with their currencies and habits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType

from payloom.reference.tables import read_table


@dataclass(frozen=True, slots=True)
class Country:
    """A country; the three figures are estimates, see ``data/README.md``.

    Attributes
    ----------
    country
        ISO 3166-1 alpha-2 code.
    name
        English short name.
    currency
        ISO 4217 alphabetic code.
    tourism_weight
        Millions of foreign arrivals a year: how often a trip abroad goes there.
    contactless_share
        Share of card payments in person that are contactless, 0 to 1.
    online_factor
        Factor on the online share of every trade; 1 for the world's average.
    """

    country: str
    name: str
    currency: str
    tourism_weight: float
    contactless_share: float
    online_factor: float


@cache
def load_countries() -> Mapping[str, Country]:
    """Countries by code, in alphabetical order; read-only."""
    rows = read_table("countries.csv", tuple(field.name for field in fields(Country)))
    return MappingProxyType(
        {
            code: Country(code, name, currency, float(tourism), float(contactless), float(online))
            for code, name, currency, tourism, contactless, online in rows
        }
    )
