"""Values as a message shows them: short, on one line, without control characters."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

_MAX_BITS: Final = 200


def shown_text(text: str, limit: int = 80) -> str:
    """Return `text` printable and at most `limit` characters long."""
    clean = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[: limit + 1])
    return clean if len(clean) <= limit else clean[: limit - 3] + "..."


def shown_value(value: Any) -> str:
    """Return a given value as TOML would write it, shortened; empty for a list or table."""
    if isinstance(value, str):
        return f'"{shown_text(value, 40)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _shown_int(value)
    if isinstance(value, (float, Decimal)):
        return shown_text(str(getattr(value, "text", value)), 40)
    return value.isoformat() if isinstance(value, date) else ""


def _shown_int(value: int) -> str:
    if value.bit_length() <= _MAX_BITS:
        return str(value)
    sign = "-" if value < 0 else ""
    # log10(2) to five places; Python refuses to print a number of more than 4,300 digits.
    return f"{sign}(a number of about {value.bit_length() * 30_103 // 100_000 + 1:,} digits)"
