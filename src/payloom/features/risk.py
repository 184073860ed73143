"""What is known of the other side before the payment: reports, declines and pace at the merchant and the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from payloom.features.feature import Feature
from payloom.features.history import DAY_MS, HOUR_MS, Floats
from payloom.features.past import Past
from payloom.features.rfm import amounts, declined, mean_amount, ratio

PSEUDO_PAYMENTS: Final = 20.0
"""Payments without a report that are added to each merchant, so that one report at a small one is no certainty."""


def _risk(past: Past, key: str) -> Floats:
    reports = past.reports_of(key, 30 * DAY_MS)
    return reports / (past.count(key, 30 * DAY_MS) + PSEUDO_PAYMENTS)


def place(key: str, what: str) -> Iterator[Feature]:
    """Yield the features of one kind of place."""
    yield Feature(
        f"{what}_risk_30d",
        "risk",
        f"reports of the last 30d over payments of the last 30d at the {what} (plus {PSEUDO_PAYMENTS:.0f})",
        (key,),
        lambda past: _risk(past, key),
    )
    yield Feature(
        f"{what}_reports",
        "risk",
        f"reported payments at the {what} so far",
        (key,),
        lambda past: past.reports_of(key),
    )
    for text, window in (("1h", HOUR_MS), ("24h", DAY_MS), ("30d", 30 * DAY_MS)):
        yield Feature(
            f"{what}_count_{text}",
            "risk",
            f"payments at the {what} in the last {text}",
            (key,),
            partial(Past.count, key=key, window_ms=window),
        )
    yield Feature(
        f"{what}_declines_24h",
        "risk",
        f"declined payments at the {what} in the last 24h",
        (key, "response_code"),
        lambda past: past.total(key, declined(past), DAY_MS),
    )
    yield Feature(
        f"{what}_amount_ratio",
        "risk",
        f"amount over the {what}'s mean of the last 30d",
        (key, "amount_usd"),
        lambda past: ratio(amounts(past)[past.rows], mean_amount(past, key, 30 * DAY_MS)),
    )
    yield Feature(
        f"{what}_days_known",
        "risk",
        f"time since the first payment at the {what}",
        (key,),
        lambda past: past.history(key).milliseconds_since_first() / DAY_MS,
    )


RISK: Final = (*place("merchant_id", "merchant"), *place("terminal_id", "terminal"))
