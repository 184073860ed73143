"""Codes of places, money and trades, as the reference data lists them."""

from __future__ import annotations

from typing import Final

from payloom.reference import load_countries, load_currencies, load_trades

CURRENCY: Final = tuple(sorted(load_currencies()))
"""ISO 4217 alphabetic code, sorted."""

COUNTRY: Final = tuple(sorted(load_countries()))
"""ISO 3166-1 alpha-2 code, sorted."""

MCC: Final = tuple(sorted({trade.mcc for trade in load_trades()}))
"""ISO 18245 merchant category code, sorted."""
