"""Recency, frequency and money: how this payment compares with what the payer, account and card did before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from payloom.features.activity import ages, amount_ratio, counts, declines, distinct, novelty, usual_money
from payloom.features.feature import Feature
from payloom.features.habits import HABITS
from payloom.features.history import HOUR_MS, Floats, History
from payloom.features.past import IP_RANGE, Past

EARTH_RADIUS_KM: Final = 6_371.0


def _payer(key: str, who: str) -> Iterator[Feature]:
    """Yield what the earlier payments of a payer or card tell."""
    yield from counts(key, who, "rfm")
    yield from ages(key, who, "rfm")
    yield from usual_money(key, who)
    yield amount_ratio(key, who, "rfm")
    yield declines(key, who, "rfm")


def _account() -> Iterator[Feature]:
    """Yield the same of the account, in fewer windows: most customers have one account, most accounts one card."""
    key, who = "account_id", "account"
    yield from counts(key, who, "rfm", ("1h", "24h", "7d", "30d"))
    yield from ages(key, who, "rfm")
    yield from usual_money(key, who)
    yield amount_ratio(key, who, "rfm")
    yield declines(key, who, "rfm")


def _placed(past: Past) -> History:
    """Return the payer's history at terminals of which the place is known."""
    nowhere = (past.column("latitude").is_null() | past.column("longitude").is_null()).to_numpy()
    return past.view(np.where(nowhere, np.int32(-1), past.codes("customer_id")))


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


def _journey(name: str, meaning: str, unit: str) -> Feature:
    return Feature(
        name=name,
        group="rfm",
        entity="customer",
        meaning=meaning,
        unit=unit,
        window="ever",
        needs=("customer_id", "latitude", "longitude"),
        make=_distance_km if unit == "km" else _speed_km_per_hour,
    )


RFM: Final = (
    *_payer("customer_id", "customer"),
    *_account(),
    *_payer("card_id", "card"),
    *distinct("card_id", "card", "merchant_id", "merchants", "rfm"),
    *HABITS,
    novelty("customer", "customer_id", "merchant_id", "merchant", "rfm"),
    novelty("customer", "customer_id", "mcc", "trade", "rfm"),
    novelty("customer", "customer_id", "merchant_country", "merchant_country", "rfm"),
    novelty("customer", "customer_id", "ip_country", "ip_country", "rfm"),
    novelty("customer", "customer_id", "ip_address", "ip_range", "rfm", IP_RANGE),
    novelty("customer", "customer_id", "channel", "channel", "rfm"),
    novelty("card", "card_id", "entry_mode", "entry_mode", "rfm"),
    _journey("km_from_last", "distance from the payer's previous terminal", "km"),
    _journey("km_per_hour", "speed from the payer's previous terminal", "km/h"),
)
