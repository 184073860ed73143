"""Codes of places, money and trades."""

from __future__ import annotations

from typing import Final

CURRENCY: Final = ("CAD", "EUR", "GBP", "JPY", "USD")
"""ISO 4217 alphabetic code, sorted."""

COUNTRY: Final = ("CA", "DE", "FR", "GB", "JP", "US")
"""ISO 3166-1 alpha-2 code, sorted."""

MCC: Final = ("5411", "5541", "5812", "6011")
"""ISO 18245 merchant category code, sorted."""
