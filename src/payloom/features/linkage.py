"""Who else: customers and cards that share a device, an address, a merchant's hour or a payee, and reports on them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np

from payloom.features.activity import WINDOWS, ages, counts, declines, distinct, novelty, of
from payloom.features.feature import Feature
from payloom.features.history import HOUR_MS, MONTH_MS, WEEK_MS, Floats
from payloom.features.past import Past
from payloom.features.transfers import TRANSFERS


def _suspect_neighbours(past: Past, key: str) -> Floats:
    """Count earlier rows of the last 30 days with this key whose payer had been reported by then."""
    return past.total(key, past.was_reported("customer_id").astype(np.int64), MONTH_MS)


def _suspects(key: str, what: str) -> Feature:
    return Feature(
        name=f"{what}_suspect_neighbours_30d",
        group="linkage",
        entity=what,
        meaning=f"payments {of(what)} in the last 30d by customers who had been reported",
        unit="payments",
        window="30d",
        known="reports",
        needs=(key, "customer_id"),
        make=lambda past: _suspect_neighbours(past, key),
    )


def _shared(key: str, what: str) -> Iterator[Feature]:
    """Yield the features of something that several customers may use: its pace, its customers, its past."""
    yield from counts(key, what, "linkage")
    yield from ages(key, what, "linkage")
    yield declines(key, what, "linkage")
    yield from distinct(key, what, "card_id", "cards", "linkage")
    yield from _customers(key, what)
    yield from _reports(key, what, ("ever",))
    yield _suspects(key, what)


def _customers(key: str, what: str) -> Iterator[Feature]:
    """Yield who is seen on it, and what else its customer uses."""
    newcomers = partial(Feature, group="linkage", needs=(key, "customer_id"))
    yield newcomers(
        name=f"{what}_customers",
        entity=what,
        meaning=f"customers seen on the {what} so far",
        unit="customers",
        window="ever",
        make=lambda past: past.newcomers(key, "customer_id"),
    )
    yield newcomers(
        name=f"{what}_new_customers_7d",
        entity=what,
        meaning=f"customers first seen on the {what} in the last 7d",
        unit="customers",
        window="7d",
        make=lambda past: past.newcomers(key, "customer_id", WEEK_MS),
    )
    yield novelty("customer", "customer_id", key, what, "linkage")
    yield newcomers(
        name=f"customer_new_{what}s_7d",
        entity="customer",
        meaning=f"{what}s that the customer began to use in the last 7d",
        unit=f"{what}s",
        window="7d",
        make=lambda past: past.newcomers("customer_id", key, WEEK_MS),
    )


def _reports(key: str, who: str, windows: tuple[str, ...] = ("30d", "ever")) -> Iterator[Feature]:
    for text in windows:
        since = "so far" if text == "ever" else f"in the last {text}"
        yield Feature(
            name=f"{who}_reports" if windows == ("ever",) else f"{who}_reports_{text}",
            group="linkage",
            entity=who,
            meaning=f"reported payments {of(who)} {since}",
            unit="payments",
            window=text,
            known="reports",
            needs=(key,),
            make=partial(Past.reports_of, key=key, window_ms=WINDOWS.get(text)),
        )


_BURSTS: Final = (
    Feature(
        name="merchant_new_cards_1h",
        group="linkage",
        entity="merchant",
        meaning="cards that came to the merchant for the first time in the last hour",
        unit="cards",
        window="1h",
        needs=("merchant_id", "card_id"),
        make=lambda past: past.newcomers("merchant_id", "card_id", HOUR_MS),
    ),
    Feature(
        name="merchant_bin_count_1h",
        group="linkage",
        entity="merchant",
        meaning="payments of cards of this BIN at the merchant in the last hour",
        unit="payments",
        window="1h",
        needs=("merchant_id", "bin_id"),
        make=lambda past: past.history("merchant_id", "bin_id").count(HOUR_MS),
    ),
    _suspects("merchant_id", "merchant"),
)

LINKAGE: Final = (
    *_shared("device_id", "device"),
    *_shared("ip_address", "ip"),
    *distinct("card_id", "card", "device_id", "devices", "linkage"),
    *_BURSTS,
    *_reports("customer_id", "customer"),
    *_reports("card_id", "card"),
    *_reports("payee_account_id", "payee"),
    *TRANSFERS,
)
