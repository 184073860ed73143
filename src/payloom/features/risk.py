"""What is known of the other side before the payment: reports, declines and pace at the merchant and the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from payloom.features.activity import WINDOWS, ages, amount_ratio, counts, declines
from payloom.features.feature import Feature
from payloom.features.history import Floats
from payloom.features.past import Past

PSEUDO_PAYMENTS: Final = 20.0
"""Payments without a report that are added to each merchant, so that one report at a small one is no certainty."""


def _risk(past: Past, key: str, window_ms: int) -> Floats:
    return past.reports_of(key, window_ms) / (past.count(key, window_ms) + PSEUDO_PAYMENTS)


def _reports(key: str, what: str) -> Iterator[Feature]:
    """Yield the fraud rate of a place as it was known then, and how often it was reported."""
    for text in ("7d", "30d"):
        yield Feature(
            name=f"{what}_risk_{text}",
            group="risk",
            entity=what,
            meaning=f"reports that came in the last {text} over payments of the last {text} at the {what} "
            f"(plus {PSEUDO_PAYMENTS:.0f})",
            unit="share",
            window=text,
            known="reports",
            needs=(key,),
            make=partial(_risk, key=key, window_ms=WINDOWS[text]),
        )
    yield Feature(
        name=f"{what}_reports",
        group="risk",
        entity=what,
        meaning=f"reported payments at the {what} so far",
        unit="payments",
        window="ever",
        known="reports",
        needs=(key,),
        make=lambda past: past.reports_of(key),
    )


def _place(key: str, what: str) -> Iterator[Feature]:
    """Yield what the earlier payments at a place tell."""
    yield from _reports(key, what)
    # The terminal has fewer windows: it says where, the merchant says who.
    yield from counts(key, what, "risk", tuple(WINDOWS) if what == "merchant" else ("1h", "24h", "30d"))
    yield from ages(key, what, "risk")
    yield declines(key, what, "risk")
    yield amount_ratio(key, what, "risk", "30d")


RISK: Final = (*_place("merchant_id", "merchant"), *_place("terminal_id", "terminal"))
