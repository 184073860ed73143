"""Who else: customers that share a device, an address, a merchant's hour or a payee, and reports on any of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np

from payloom.features.feature import Feature
from payloom.features.history import DAY_MS, HOUR_MS, Floats
from payloom.features.past import Past
from payloom.features.rfm import amounts, declined, ratio

WEEK_MS: Final = 7 * DAY_MS


def _suspect_neighbours(past: Past, key: str) -> Floats:
    """Count earlier rows of the last 30 days with this key whose payer had been reported by then."""
    reported = past.reports_of("customer_id", everybody=True) > 0
    return past.total(key, reported.astype(np.float64), 30 * DAY_MS)


def shared(key: str, what: str) -> Iterator[Feature]:
    """Yield the features of something that several customers may use: its pace, its customers, its past."""
    for text, window in (("1h", HOUR_MS), ("24h", DAY_MS), ("30d", 30 * DAY_MS)):
        yield Feature(
            f"{what}_count_{text}",
            "linkage",
            f"payments from the {what} in the last {text}",
            (key,),
            partial(Past.count, key=key, window_ms=window),
        )
    yield Feature(
        f"{what}_customers",
        "linkage",
        f"customers seen on the {what} so far",
        (key, "customer_id"),
        lambda past: past.newcomers(key, "customer_id"),
    )
    yield Feature(
        f"{what}_new_customers_7d",
        "linkage",
        f"customers first seen on the {what} in the last 7d",
        (key, "customer_id"),
        lambda past: past.newcomers(key, "customer_id", WEEK_MS),
    )
    yield Feature(
        f"customer_new_{what}",
        "linkage",
        f"the customer was never seen on this {what}",
        (key, "customer_id"),
        lambda past: past.is_new("customer_id", key),
    )
    yield Feature(
        f"customer_new_{what}s_7d",
        "linkage",
        f"{what}s that the customer began to use in the last 7d",
        (key, "customer_id"),
        lambda past: past.newcomers("customer_id", key, WEEK_MS),
    )
    yield from _past_of(key, what)


def _past_of(key: str, what: str) -> Iterator[Feature]:
    yield Feature(
        f"{what}_days_known",
        "linkage",
        f"time since the first payment from the {what}",
        (key,),
        lambda past: past.history(key).milliseconds_since_first() / DAY_MS,
    )
    yield Feature(
        f"{what}_declines_24h",
        "linkage",
        f"declined payments from the {what} in the last 24h",
        (key, "response_code"),
        lambda past: past.total(key, declined(past), DAY_MS),
    )
    yield Feature(
        f"{what}_reports",
        "linkage",
        f"reported payments from the {what} so far",
        (key,),
        lambda past: past.reports_of(key),
    )
    yield Feature(
        f"{what}_suspect_neighbours_30d",
        "linkage",
        f"payments from the {what} in the last 30d by customers who had been reported",
        (key, "customer_id"),
        lambda past: _suspect_neighbours(past, key),
    )


def _reports(key: str, who: str) -> Iterator[Feature]:
    for text, window in (("30d", 30 * DAY_MS), ("ever", None)):
        yield Feature(
            f"{who}_reports_{text}",
            "linkage",
            f"reported payments of the {who}" + (f" in the last {text}" if window else " so far"),
            (key,),
            partial(Past.reports_of, key=key, window_ms=window),
        )


_BURSTS: Final = (
    Feature(
        "merchant_new_cards_1h",
        "linkage",
        "cards that came to the merchant for the first time in the last hour",
        ("merchant_id", "card_id"),
        lambda past: past.newcomers("merchant_id", "card_id", HOUR_MS),
    ),
    Feature(
        "merchant_bin_count_1h",
        "linkage",
        "payments of cards of this BIN at the merchant in the last hour",
        ("merchant_id", "bin_id"),
        lambda past: past.history("merchant_id", "bin_id").count(HOUR_MS),
    ),
    Feature(
        "merchant_suspect_neighbours_30d",
        "linkage",
        "payments at the merchant in the last 30d by customers who had been reported",
        ("merchant_id", "customer_id"),
        lambda past: _suspect_neighbours(past, "merchant_id"),
    ),
)

_TRANSFER: Final = ("account_id", "payee_account_id")

_ACCOUNTS: Final = (
    Feature(
        "payee_new",
        "linkage",
        "the account never paid this payee",
        _TRANSFER,
        lambda past: past.is_new(*_TRANSFER),
    ),
    *(
        Feature(
            f"account_new_payees_{text}",
            "linkage",
            f"payees that the account first paid in the last {text} (fan-out)",
            _TRANSFER,
            partial(Past.newcomers, key="account_id", other="payee_account_id", window_ms=window),
        )
        for text, window in (("24h", DAY_MS), ("7d", WEEK_MS))
    ),
    *(
        Feature(
            f"payee_new_payers_{text}",
            "linkage",
            f"accounts that first paid the payee in the last {text} (fan-in)",
            _TRANSFER,
            partial(Past.newcomers, key="payee_account_id", other="account_id", window_ms=window),
        )
        for text, window in (("24h", DAY_MS), ("7d", WEEK_MS))
    ),
    Feature(
        "payee_days_known",
        "linkage",
        "time since the first transfer to the payee",
        _TRANSFER,
        lambda past: past.history("payee_account_id").milliseconds_since_first() / DAY_MS,
    ),
    Feature(
        "payee_received_usd_7d",
        "linkage",
        "amount that the payee received in the last 7d",
        (*_TRANSFER, "amount_usd"),
        lambda past: past.total("payee_account_id", amounts(past), WEEK_MS),
    ),
    Feature(
        "payee_payments_30d",
        "linkage",
        "payments that the payee's account made in the last 30d",
        _TRANSFER,
        lambda past: past.crossed("payee_account_id", "account_id").count(30 * DAY_MS),
    ),
    Feature(
        "account_received_count_7d",
        "linkage",
        "transfers that the paying account received in the last 7d",
        _TRANSFER,
        lambda past: past.crossed("account_id", "payee_account_id").count(WEEK_MS),
    ),
    Feature(
        "account_passes_on",
        "linkage",
        "amount over what the paying account received in the last 7d",
        (*_TRANSFER, "amount_usd"),
        lambda past: ratio(
            amounts(past)[past.rows],
            past.crossed("account_id", "payee_account_id").total(amounts(past), WEEK_MS),
        ),
    ),
    Feature(
        "account_seconds_since_received",
        "linkage",
        "time since the paying account last received a transfer",
        _TRANSFER,
        lambda past: past.crossed("account_id", "payee_account_id").milliseconds_since_last() / 1_000,
    ),
)

LINKAGE: Final = (
    *shared("device_id", "device"),
    *shared("ip_address", "ip"),
    *_BURSTS,
    *_reports("customer_id", "customer"),
    *_reports("card_id", "card"),
    *_reports("payee_account_id", "payee"),
    *_ACCOUNTS,
)
