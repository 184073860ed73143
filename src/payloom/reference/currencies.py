"""Currencies with their ISO 4217 exponents and dollar rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType

from payloom.reference.tables import read_table


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency.

    Attributes
    ----------
    currency
        ISO 4217 alphabetic code.
    numeric
        ISO 4217 numeric code, three digits as text (DE49 sends it so).
    exponent
        Decimals: one unit is ``10 ** exponent`` minor units.
    units_per_usd
        Units of the currency for one US dollar, mean of the European Central Bank's reference rates of 2024.
    name
        English name.
    """

    currency: str
    numeric: str
    exponent: int
    units_per_usd: float
    name: str

    @property
    def minor_per_usd(self) -> float:
        """Minor units of the currency for one US dollar."""
        return self.units_per_usd * float(10**self.exponent)


@cache
def load_currencies() -> Mapping[str, Currency]:
    """Currencies by alphabetic code, in alphabetical order; read-only."""
    rows = read_table("currencies.csv", tuple(field.name for field in fields(Currency)))
    return MappingProxyType(
        {
            code: Currency(code, numeric, int(exponent), float(rate), name)
            for code, numeric, exponent, rate, name in rows
        }
    )
