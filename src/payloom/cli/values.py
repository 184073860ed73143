"""Text of an option to a value; text that can't be read is left for the config to refuse."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

_COUNT: Final = re.compile(r"([+-]?)(\d[\d_]{0,39})(\.\d{1,20})?(?:[eE]\+?(\d{1,2}))?([kKmMgGbBtT]?)", re.ASCII)
_SCALE: Final = {"": 0, "k": 3, "m": 6, "g": 9, "b": 9, "t": 12}

_SIZE: Final = re.compile(r"(\d{1,12})(\.\d{1,6})?\s*([kKmMgGtT]?)(i?)[bB]?", re.ASCII)
_POWER: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def count(text: str) -> int | str:
    """Read a whole number: ``1_000_000``, ``1e6``, ``1M``, ``1.5k``.

    Parameters
    ----------
    text : str
        What the user wrote; k, M, G (or B) and T are powers of 1,000.

    Returns
    -------
    int or str
        The number, or the text itself when it is no whole number.
    """
    match = _COUNT.fullmatch(text.strip())
    if match is None:
        return text
    sign, whole, fraction, exponent, suffix = match.groups()
    number = Decimal(f"{sign}{whole.replace('_', '')}{fraction or ''}")
    scaled = number.scaleb(int(exponent or 0) + _SCALE[suffix.lower()])
    return int(scaled) if scaled == scaled.to_integral_value() else text


def size_bytes(text: str) -> int | None:
    """Read a size in memory: ``512MB``, ``1GiB``, ``1.5 GB``; None when it is none."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return None
    whole, fraction, prefix, binary = match.groups()
    base = 1_024 if binary else 1_000
    return int(Decimal(whole + (fraction or "")) * base ** _POWER[prefix.lower()])


def size_text(size: int) -> str:
    """Return a number of bytes as people write it, such as ``95.2 MB``."""
    number = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 999.5:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.3g} {unit}"
        number /= 1_000
    return f"{number:,.3g} TB"


def duration_text(seconds: float) -> str:
    """Return a time as people write it, such as ``2.5 min``."""
    for unit, length in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:.1f} s"


def table_lines(rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), indent: int = 0) -> list[str]:
    """Lines of a table without borders; the columns in `right` are set flush right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(" " * indent + "  ".join(cells).rstrip())
    return lines
