"""Rules between the columns of a row: what must agree with what."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from payloom.quality.rule import RowRule, Rule
from payloom.reference import load_cities, load_currencies

_col = pl.col
LATEST_DAYS: Final = 120
"""Days after which nobody reports a payment or charges it back any more: the schemes' limit, and that of the world."""

CENT: Final = 0.005
"""Dollar amounts are rounded to cents."""

_MODES: Final = {
    "in_store": ("chip", "contactless", "magstripe", "fallback"),
    "atm": ("chip", "contactless", "magstripe", "fallback"),
    "online": ("ecommerce", "credential_on_file"),
    "app": ("ecommerce", "credential_on_file"),
    "moto": ("manual",),
}
"""How card data gets in, by channel."""

_ADDRESSES: Final = r"^(10\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|2(4\d|5[0-5])\.|2001:db8:)"
"""Ranges that are not routed in public."""


def agreement_rules(table: str, *, ours: bool) -> list[RowRule]:
    """Return the rules between columns of one table; data of others keeps only what is true of all payments."""
    if table == "payments":
        return _of_payments() if ours else []
    if table == "fraud_labels":
        return _of_labels() if ours else []
    return _of_lives(table) if ours else []


def _rule(table: str, name: str, columns: tuple[str, ...], holds: str, breaks: pl.Expr) -> RowRule:
    return RowRule(Rule(f"{table}.{name}", table, columns, "values", holds), breaks)


def _of_payments() -> list[RowRule]:
    kind, channel, amount = _col("transaction_type"), _col("channel"), _col("amount_minor")
    rules = (
        (
            "amount_minor.zero",
            ("amount_minor", "transaction_type"),
            "an account verification is for 0, and nothing else is",
            (amount == 0) != (kind == "account_verification"),
        ),
        (
            "amount_usd.rate",
            ("amount_usd", "amount_minor", "currency"),
            "amount_usd is amount_minor at the rate of its currency, rounded to cents",
            _wrong_dollars(),
        ),
        (
            "local_offset_min.quarter",
            ("local_offset_min",),
            "local_offset_min is a multiple of 15",
            _col("local_offset_min") % 15 != 0,
        ),
        (
            "entry_mode.channel",
            ("entry_mode", "channel", "transaction_type"),
            "entry_mode fits the channel: cards are read where they are present",
            _wrong_mode() & (kind != "transfer"),
        ),
        (
            "channel.cash",
            ("channel", "transaction_type"),
            "cash is withdrawn at machines, and machines do nothing else",
            (channel == "atm") != (kind == "cash_withdrawal"),
        ),
    )
    return [_rule("payments", *rule) for rule in (*rules, *_of_parties())]


def _of_parties() -> tuple[tuple[str, tuple[str, ...], str, pl.Expr], ...]:
    return (
        (
            "ip_address.reserved",
            ("ip_address",),
            "ip_address is in 10/8, 100.64/10, 240/4 or 2001:db8::/32",
            ~_col("ip_address").str.contains(_ADDRESSES),
        ),
        (
            "ip_type.address",
            ("ip_type", "ip_address"),
            "addresses of businesses are in 10/8, those of mobile networks in 100.64/10, and no others are",
            ((_col("ip_type") == "business") != _col("ip_address").str.starts_with("10."))
            | ((_col("ip_type") == "mobile") != _col("ip_address").str.starts_with("100.")),
        ),
        (
            "payee_account_id.other",
            ("payee_account_id", "account_id"),
            "a transfer goes to another account",
            _col("payee_account_id") == _col("account_id"),
        ),
        (
            "longitude.together",
            ("longitude", "latitude"),
            "latitude and longitude are missing together",
            _col("latitude").is_null() != _col("longitude").is_null(),
        ),
    )


def _wrong_mode() -> pl.Expr:
    channel, mode = _col("channel"), _col("entry_mode")
    return pl.any_horizontal([(channel == name) & ~mode.is_in(modes) for name, modes in _MODES.items()])


def _wrong_dollars() -> pl.Expr:
    rates = {code: currency.minor_per_usd for code, currency in load_currencies().items()}
    minor_per_usd = _col("currency").replace_strict(rates, default=None, return_dtype=pl.Float64)
    usd = _col("amount_usd")
    return (usd - _col("amount_minor") / minor_per_usd).abs() > CENT + 1e-9 * usd.abs() + 1e-9


def _outside(later: str, earlier: str) -> pl.Expr:
    return ~(_col(later) - _col(earlier)).is_between(timedelta(0), timedelta(days=LATEST_DAYS), closed="right")


def _of_labels() -> list[RowRule]:
    rules = (
        (
            "reported_at.order",
            ("reported_at", "event_time"),
            f"a payment is reported after it was made, within {LATEST_DAYS} days",
            _outside("reported_at", "event_time"),
        ),
        (
            "chargeback_at.order",
            ("chargeback_at", "reported_at"),
            f"a chargeback comes after the report, within {LATEST_DAYS} days",
            _outside("chargeback_at", "reported_at"),
        ),
        (
            "is_fraud.disputed",
            ("is_fraud", "typology", "role"),
            "only a first-party dispute is no fraud, and its role is disputed",
            (_col("typology") == "first_party_dispute") == _col("is_fraud"),
        ),
    )
    return [_rule("fraud_labels", *rule) for rule in rules]


def _of_lives(table: str) -> list[RowRule]:
    ends = {
        "customers": ("opened_on", "closed_on"),
        "accounts": ("opened_on", "closed_on"),
        "cards": ("issued_on", "expires_on"),
        "devices": ("activated_on", "retired_on"),
    }
    if table not in ends:
        return _of_merchants()
    first, last = ends[table]
    holds = f"{last} is not before {first}"
    rules = [_rule(table, f"{last}.order", (last, first), holds, _col(last) < _col(first))]
    return rules + ([_city(table, "home_city", "home_country")] if table == "customers" else [])


def _city(table: str, city: str, country: str) -> RowRule:
    known = [f"{one.country} {one.name}" for one in load_cities()]
    there = pl.concat_str(_col(country).cast(pl.String), _col(city), separator=" ").is_in(known)
    return _rule(table, f"{city}.country", (city, country), f"{city} is a city of {country}", ~there)


def _of_merchants() -> list[RowRule]:
    holds = "only an online merchant has no terminal"
    breaks = (_col("terminals") == 0) != _col("is_online")
    online = _rule("merchants", "terminals.online", ("terminals", "is_online"), holds, breaks)
    return [online, _city("merchants", "city", "country")]
