"""Numbers and names as the page writes them."""

from __future__ import annotations

from math import isfinite, isnan, log10
from typing import Final

NONE: Final = "–"
LONGEST_NAME: Final = 140
"""Characters of a name from the data that are shown; columns of hostile files can be called anything."""

_LARGE: Final = 1e12
_LOOKALIKES: Final = str.maketrans(
    dict(zip("<>&\"'`{}", "\u2039\u203a\uff06\u201d\u2019\u02cb\u2774\u2775", strict=True))
)
"""Signs that look alike and mean nothing to a browser, whether it escapes once, twice or never."""

_SIGNS: Final = {"USD": ("$", ""), "share": ("", " %"), "ratio": ("", " ×"), "ln": ("", ""), "slope": ("", "")}


def shown(text: str) -> str:
    """Return a text from the data as it can stand in a page: short, and with nothing invisible in it.

    Controls, lone surrogates and marks that turn the direction of writing are written as their escapes.
    """
    cut = text[: LONGEST_NAME + 1]
    visible = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in cut)
    return visible if len(visible) <= LONGEST_NAME else f"{visible[: LONGEST_NAME - 1]}…"


def harmless(text: str) -> str:
    """Return a text for pages whose library escapes nothing: no HTML, script or template can take it for its own."""
    return shown(text.translate(_LOOKALIKES))


def number(value: float | None, unit: str = "") -> str:
    """Write a number with three significant digits and its unit; a dash for none."""
    if value is None or isnan(value):
        return NONE
    if not isfinite(value):
        return "∞" if value > 0 else "−∞"
    before, after = _SIGNS.get(unit, ("", f" {shown(unit)}" if unit else ""))
    digits = _digits(abs(value) * (100 if unit == "share" else 1))
    return f"{'−' if value < 0 and digits.strip('0.') else ''}{before}{digits}{after}"


def interval(low: float, high: float, unit: str = "") -> str:
    """Write an accepted interval."""
    if low == high:
        return number(low, unit)
    if low == float("-inf"):
        return f"at most {number(high, unit)}"
    if high == float("inf"):
        return f"at least {number(low, unit)}"
    before, after = _SIGNS.get(unit, ("", f" {shown(unit)}" if unit else ""))
    first, second = number(low, unit), number(high, unit)
    return f"{first.removesuffix(after) if after else first} – {second.removeprefix(before) if before else second}"


def score(value: float | None) -> str:
    """Write an AUC and the like, with three digits after the point."""
    return NONE if value is None or not isfinite(value) else f"{value:.3f}"


def duration(seconds: float) -> str:
    """Write a wall time."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


def brief(value: float, unit: str = "") -> str:
    """Write a number for a crowded cell: two digits, shares in percent without the sign, nothing below 0.05."""
    size = value * 100 if unit == "share" else value
    return "" if not isfinite(size) or abs(size) < 0.05 else f"{size:.1f}" if abs(size) < 9.95 else f"{size:,.0f}"


def one_in(part: int, whole: int) -> str:
    """Write a rate as one in so many."""
    return f"1 in {whole / part:,.0f}" if part > 0 else "none"


def _digits(size: float) -> str:
    if size == 0:
        return "0"
    if size >= _LARGE or size < 1e-6:
        return f"{size:.2e}"
    if size >= 100:
        return f"{size:,.0f}"
    places = max(0, 2 - int(log10(size) // 1))
    written = f"{size:.{places}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
