"""Reference data that ships inside the package; see ``data/README.md`` for sources and licences."""

from payloom.reference.cities import City, load_cities
from payloom.reference.countries import Country, load_countries
from payloom.reference.currencies import Currency, load_currencies
from payloom.reference.holidays import load_holidays
from payloom.reference.math_tables import MathTables, load_math_tables
from payloom.reference.mcc import Trade, load_trades
from payloom.reference.timezones import load_timezones, offset_transitions

__all__ = [
    "City",
    "Country",
    "Currency",
    "MathTables",
    "Trade",
    "load_cities",
    "load_countries",
    "load_currencies",
    "load_holidays",
    "load_math_tables",
    "load_timezones",
    "load_trades",
    "offset_transitions",
]
