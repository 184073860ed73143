"""Money between accounts: payees that are new, that many pay, and that pass it on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from payloom.features.activity import micro_usd, own_usd, ratio
from payloom.features.feature import Feature
from payloom.features.history import DAY_MS, MONTH_MS, WEEK_MS, Floats
from payloom.features.past import MICRO, Past

_NEEDS: Final = ("account_id", "payee_account_id")

_of_payee: Final = partial(Feature, group="linkage", entity="payee", needs=_NEEDS)
_of_account: Final = partial(Feature, group="linkage", entity="account", needs=_NEEDS)


def _fans() -> Iterator[Feature]:
    """Yield to how many new payees an account pays, and from how many new payers a payee receives."""
    for text, window in (("24h", DAY_MS), ("7d", WEEK_MS)):
        yield _of_account(
            name=f"account_new_payees_{text}",
            meaning=f"payees that the account first paid in the last {text} (fan-out)",
            unit="accounts",
            window=text,
            make=partial(Past.newcomers, key="account_id", other="payee_account_id", window_ms=window),
        )
    for text, window in (("24h", DAY_MS), ("7d", WEEK_MS)):
        yield _of_payee(
            name=f"payee_new_payers_{text}",
            meaning=f"accounts that first paid the payee in the last {text} (fan-in)",
            unit="accounts",
            window=text,
            make=partial(Past.newcomers, key="payee_account_id", other="account_id", window_ms=window),
        )


def _received_usd(past: Past) -> Floats:
    """Amount that the paying account received in the last 7 days."""
    return past.crossed("account_id", "payee_account_id").total(micro_usd(past), WEEK_MS) / MICRO


TRANSFERS: Final = (
    _of_payee(
        name="payee_new",
        meaning="the account never paid this payee",
        unit="flag",
        window="ever",
        make=lambda past: past.is_new(*_NEEDS),
    ),
    *_fans(),
    _of_payee(
        name="payee_days_known",
        meaning="time since the first transfer to the payee",
        unit="d",
        window="ever",
        make=lambda past: past.history("payee_account_id").milliseconds_since_first() / DAY_MS,
    ),
    _of_payee(
        name="payee_received_usd_7d",
        meaning="amount that the payee received in the last 7d",
        unit="USD",
        window="7d",
        needs=(*_NEEDS, "amount_usd"),
        make=lambda past: past.total("payee_account_id", micro_usd(past), WEEK_MS) / MICRO,
    ),
    _of_payee(
        name="payee_payments_30d",
        meaning="payments that the payee's account made in the last 30d",
        unit="payments",
        window="30d",
        make=lambda past: past.crossed("payee_account_id", "account_id").count(MONTH_MS),
    ),
    _of_account(
        name="account_received_count_7d",
        meaning="transfers that the paying account received in the last 7d",
        unit="payments",
        window="7d",
        make=lambda past: past.crossed("account_id", "payee_account_id").count(WEEK_MS),
    ),
    _of_account(
        name="account_passes_on",
        meaning="amount over what the paying account received in the last 7d",
        unit="ratio",
        window="7d",
        needs=(*_NEEDS, "amount_usd"),
        make=lambda past: ratio(own_usd(past), _received_usd(past)),
    ),
    _of_account(
        name="account_seconds_since_received",
        meaning="time since the paying account last received a transfer",
        unit="s",
        window="ever",
        make=lambda past: past.crossed("account_id", "payee_account_id").milliseconds_since_last() / 1_000,
    ),
)
