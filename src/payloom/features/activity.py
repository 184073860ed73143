"""How many payments, how much and how large, in windows of time: the same for every key."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from typing import Final

import numpy as np

from payloom.features.feature import Feature, Group
from payloom.features.history import DAY_MS, HOUR_MS, MINUTE_MS, MONTH_MS, WEEK_MS, Floats, Ints
from payloom.features.past import MICRO, Past

WINDOWS: Final = {"15m": 15 * MINUTE_MS, "1h": HOUR_MS, "24h": DAY_MS, "7d": WEEK_MS, "30d": MONTH_MS}
"""Windows by the text that stands in names."""

_OF: Final = {"merchant": "at the merchant", "terminal": "at the terminal", "device": "from the device"}


def of(who: str) -> str:
    """Return how a text says whose payments they are."""
    return _OF.get(who, "from the ip" if who == "ip" else f"of the {who}")


def ratio(top: Floats, bottom: Floats) -> Floats:
    """Divide, giving NaN where the divisor is 0."""
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom != 0)


def micro_usd(past: Past) -> Ints:
    """Return the amounts of all payments, in millionths of a US dollar; null counts as 0."""
    return past.micros("amount_usd")


def own_usd(past: Past) -> Floats:
    """Return the amounts of the payments that ask, in US dollars; null counts as 0."""
    return micro_usd(past)[past.rows] / MICRO


def total_usd(past: Past, key: str, window_ms: int | None = None) -> Floats:
    """Amount of the earlier payments of a key."""
    return past.total(key, micro_usd(past), window_ms) / MICRO


def mean_usd(past: Past, key: str, window_ms: int | None = None) -> Floats:
    """Mean amount of the earlier payments of a key; NaN if there are none."""
    return ratio(total_usd(past, key, window_ms), past.count(key, window_ms))


def max_usd(past: Past, key: str, window_ms: int | None = None) -> Floats:
    """Largest amount of the earlier payments of a key; NaN if there are none."""
    return past.history(key).maximum(micro_usd(past), window_ms) / MICRO


def counts(key: str, who: str, group: Group, windows: Collection[str] = tuple(WINDOWS)) -> Iterator[Feature]:
    """How often: counts of the earlier payments of a key."""
    for text in windows:
        yield Feature(
            name=f"{who}_count_{text}",
            group=group,
            entity=who,
            meaning=f"payments {of(who)} in the last {text}",
            unit="payments",
            window=text,
            needs=(key,),
            make=partial(Past.count, key=key, window_ms=WINDOWS[text]),
        )


def ages(key: str, who: str, group: Group) -> Iterator[Feature]:
    """How recent: time since the last and since the first payment of a key."""
    yield Feature(
        name=f"{who}_seconds_since_last",
        group=group,
        entity=who,
        meaning=f"time since the previous payment {of(who)}",
        unit="s",
        window="ever",
        needs=(key,),
        make=lambda past: past.history(key).milliseconds_since_last() / 1_000,
    )
    yield Feature(
        name=f"{who}_days_known",
        group=group,
        entity=who,
        meaning=f"time since the first payment {of(who)}",
        unit="d",
        window="ever",
        needs=(key,),
        make=lambda past: past.history(key).milliseconds_since_first() / DAY_MS,
    )


_MONEY: Final = {
    "sum": ("amount", total_usd),
    "mean": ("mean amount of payments", mean_usd),
    "max": ("largest amount of a payment", max_usd),
}


def money(key: str, who: str, group: Group, measure: str, window: str) -> Feature:
    """How much: the sum, mean or largest amount of the earlier payments of a key in a window."""
    what, made = _MONEY[measure]
    return Feature(
        name=f"{who}_{measure}_usd_{window}",
        group=group,
        entity=who,
        meaning=f"{what} {of(who)} in the last {window}",
        unit="USD",
        window=window,
        needs=(key, "amount_usd"),
        make=partial(made, key=key, window_ms=WINDOWS[window]),
    )


USUAL_MONEY: Final = (("mean", "24h"), ("mean", "30d"), ("sum", "24h"))
"""What is known of the amounts of every payer; with the counts it tells most of what the other windows tell."""


def usual_money(key: str, who: str) -> Iterator[Feature]:
    """How much a payer or card spends, in the windows that matter most."""
    for measure, window in USUAL_MONEY:
        yield money(key, who, "rfm", measure, window)


def every_money(key: str, who: str, but: Collection[tuple[str, str]] = ()) -> Iterator[Feature]:
    """How much: sums, means and maxima in every window, but for some that are elsewhere."""
    for window in WINDOWS:
        yield from (money(key, who, "spend", measure, window) for measure in _MONEY if (measure, window) not in but)


def amount_ratio(key: str, who: str, group: Group, window: str = "ever") -> Feature:
    """The amount against what a key usually pays."""
    since = "so far" if window == "ever" else f"of the last {window}"
    return Feature(
        name=f"{who}_amount_ratio",
        group=group,
        entity=who,
        meaning=f"amount over the mean of payments {of(who)} {since}",
        unit="ratio",
        window=window,
        needs=(key, "amount_usd"),
        make=lambda past: ratio(own_usd(past), mean_usd(past, key, WINDOWS.get(window))),
    )


def declines(key: str, who: str, group: Group) -> Feature:
    """Declines among the earlier payments of a key."""
    return Feature(
        name=f"{who}_declines_24h",
        group=group,
        entity=who,
        meaning=f"declined payments {of(who)} in the last 24h",
        unit="payments",
        window="24h",
        needs=(key,),
        needs_past=("response_code",),
        make=lambda past: past.total(key, _declined(past), DAY_MS),
    )


def _declined(past: Past) -> Ints:
    """Say which payments were declined; the answer to an earlier payment is known."""
    return (past.column("response_code").cast(str).fill_null("00") != "00").to_numpy().astype(np.int64)


def distinct(key: str, who: str, other: str, what: str, group: Group) -> Iterator[Feature]:
    """How many different: distinct values of another column in 24 hours and in 7 days."""
    for text in ("24h", "7d"):
        yield Feature(
            name=f"{who}_{what}_{text}",
            group=group,
            entity=who,
            meaning=f"different {what} among the payments {of(who)} in the last {text}",
            unit=what,
            window=text,
            needs=(key, other),
            make=partial(Past.distinct, key=key, other=other, window_ms=WINDOWS[text]),
        )


def novelty(who: str, key: str, other: str, what: str, group: Group, column: str = "") -> Feature:
    """Whether a payer never had this merchant, device or country before."""
    return Feature(
        name=f"{who}_new_{what}",
        group=group,
        entity=who,
        meaning=f"the {who} was never seen with this {what.replace('_', ' ')}",
        unit="flag",
        window="ever",
        needs=(key, other),
        make=lambda past: past.is_new(key, column or other),
    )
