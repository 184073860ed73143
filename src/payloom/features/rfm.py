"""Recency, frequency and money: how this payment compares with what the payer, account and card did before."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import polars as pl

from payloom.features.feature import Feature
from payloom.features.history import DAY_MS, HOUR_MS, Floats, History
from payloom.features.past import Past

WINDOWS: Final = {"1h": HOUR_MS, "24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS}

EARTH_RADIUS_KM: Final = 6_371.0


def ratio(top: Floats, bottom: Floats) -> Floats:
    """Divide, giving NaN where the divisor is 0."""
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom != 0)


def amounts(past: Past) -> Floats:
    """Return the amounts of all payments, in US dollars; null counts as 0."""
    return np.nan_to_num(past.number("amount_usd"))


def declined(past: Past) -> Floats:
    """Say which payments were declined; the answer to an earlier payment is known."""
    return (past.frame["response_code"].cast(pl.String).fill_null("00") != "00").to_numpy().astype(np.float64)


def frequency(key: str, who: str) -> Iterator[Feature]:
    """Counts and times of the earlier payments of a key."""
    for text, window in WINDOWS.items():
        yield Feature(
            f"{who}_count_{text}",
            "rfm",
            f"payments of the {who} in the last {text}",
            (key,),
            partial(Past.count, key=key, window_ms=window),
        )
    yield Feature(
        f"{who}_seconds_since_last",
        "rfm",
        f"time since the {who}'s previous payment",
        (key,),
        lambda past: past.history(key).milliseconds_since_last() / 1_000,
    )
    yield Feature(
        f"{who}_days_known",
        "rfm",
        f"time since the {who}'s first payment",
        (key,),
        lambda past: past.history(key).milliseconds_since_first() / DAY_MS,
    )


def mean_amount(past: Past, key: str, window_ms: int | None = None) -> Floats:
    """Mean amount of the earlier payments of a key; NaN if there are none."""
    return ratio(past.total(key, amounts(past), window_ms), past.count(key, window_ms))


def money(key: str, who: str) -> Iterator[Feature]:
    """Amounts of the earlier payments of a key."""
    needs = (key, "amount_usd")
    for text in ("24h", "30d"):
        window = WINDOWS[text]
        yield Feature(
            f"{who}_mean_usd_{text}",
            "rfm",
            f"mean amount of the {who} in the last {text}",
            needs,
            partial(mean_amount, key=key, window_ms=window),
        )
    yield Feature(
        f"{who}_sum_usd_24h",
        "rfm",
        f"amount of the {who} in the last 24h",
        needs,
        lambda past: past.total(key, amounts(past), DAY_MS),
    )
    yield Feature(
        f"{who}_amount_ratio",
        "rfm",
        f"amount over the {who}'s mean so far",
        needs,
        lambda past: ratio(amounts(past)[past.rows], mean_amount(past, key)),
    )


def answers(key: str, who: str) -> Iterator[Feature]:
    """Declines among the earlier payments of a key."""
    yield Feature(
        f"{who}_declines_24h",
        "rfm",
        f"declined payments of the {who} in the last 24h",
        (key, "response_code"),
        lambda past: past.total(key, declined(past), DAY_MS),
    )


def payer(key: str, who: str) -> Iterator[Feature]:
    """Yield all features of one kind of payer."""
    yield from frequency(key, who)
    yield from money(key, who)
    yield from answers(key, who)


def novelty(who: str, key: str, other: str, what: str) -> Feature:
    """Whether a payer never had this merchant, trade or country before."""
    return Feature(
        f"{who}_new_{what}",
        "rfm",
        f"the {who} was never seen with this {what.replace('_', ' ')}",
        (key, other),
        lambda past: past.is_new(key, other),
    )


def _placed(past: Past) -> History:
    """Return the payer's history at terminals of which the place is known."""
    nowhere = past.frame.select(pl.any_horizontal(pl.col("latitude", "longitude").is_null())).to_series().to_numpy()
    return past.view(np.where(nowhere, -1, past.codes("customer_id")))


def _distance_km(past: Past) -> Floats:
    """Great-circle distance from the payer's previous terminal; NaN where either is unknown."""
    history = _placed(past)
    places = [np.radians(past.number(name)) for name in ("latitude", "longitude")]
    lat, lon = (place[past.rows] for place in places)
    lat_0, lon_0 = (history.last(place) for place in places)
    a = np.sin((lat - lat_0) / 2) ** 2 + np.cos(lat) * np.cos(lat_0) * np.sin((lon - lon_0) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(a, 0, 1))))


def _speed_km_per_hour(past: Past) -> Floats:
    hours = _placed(past).milliseconds_since_last() / HOUR_MS
    return _distance_km(past) / np.maximum(hours, 1 / 60)


_PLACED: Final = ("customer_id", "latitude", "longitude")

RFM: Final = (
    *payer("customer_id", "customer"),
    *payer("account_id", "account"),
    *payer("card_id", "card"),
    novelty("customer", "customer_id", "merchant_id", "merchant"),
    novelty("customer", "customer_id", "mcc", "trade"),
    novelty("customer", "customer_id", "merchant_country", "merchant_country"),
    novelty("customer", "customer_id", "channel", "channel"),
    novelty("card", "card_id", "entry_mode", "entry_mode"),
    Feature("km_from_last", "rfm", "distance from the payer's previous terminal", _PLACED, _distance_km),
    Feature("km_per_hour", "rfm", "speed from the payer's previous terminal", _PLACED, _speed_km_per_hour),
)
