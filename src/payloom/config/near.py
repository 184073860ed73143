"""The name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to `name`, or None when none is close."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    folded = name[:100].casefold().replace("-", "_").replace(" ", "_")
    close = difflib.get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str], aliases: Mapping[str, str] | None = None) -> str:
    """Return ``did you mean "x"?`` for the nearest known name, or an empty text."""
    alias = (aliases or {}).get(name.upper())
    match = alias or nearest(name, known)
    return f'did you mean "{match}"?' if match else ""
