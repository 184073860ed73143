"""When a value must be missing and when it may be: the schema's words as expressions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from payloom.quality.rule import RowRule, Rule
from payloom.schema import Column, Table

_col = pl.col
_NEVER: Final = pl.lit(value=False)


@dataclass(frozen=True, slots=True)
class NullRule:
    """A null rule as an expression.

    Attributes
    ----------
    needs
        Columns that `must` reads.
    must
        Where the value has to be missing.
    at_random
        Whether it may be missing elsewhere too.
    """

    needs: tuple[str, ...]
    must: pl.Expr
    at_random: bool = False


_TYPE, _CHANNEL = "transaction_type", "channel"
_TRANSFER: Final = _col(_TYPE) == "transfer"
_REFUND: Final = _col(_TYPE) == "refund"
_PRESENT: Final = _col(_CHANNEL).is_in(["in_store", "atm"])
_PAYER_ABSENT: Final = _REFUND | _col("is_recurring") | (_col(_CHANNEL) == "moto")
_CHECKS_ADDRESS: Final = _col("issuer_country").is_in(["US", "CA", "GB"])
_TYPED_IN: Final = _col("entry_mode").is_in(["ecommerce", "manual"])

_FOR_TRANSFER: Final = NullRule((_TYPE,), _TRANSFER)
_NO_TERMINAL: Final = NullRule((_TYPE, _CHANNEL), ~_PRESENT | _TRANSFER)
_NO_DEVICE: Final = NullRule((_TYPE, _CHANNEL, "is_recurring"), _PRESENT | _PAYER_ABSENT)
_FREE: Final = NullRule((), _NEVER, at_random=True)
_ONLINE: Final = NullRule(("is_online",), _col("is_online"))


def _at_random(rule: NullRule) -> NullRule:
    return NullRule(rule.needs, rule.must, at_random=True)


_PAYMENTS: Final[dict[str, NullRule]] = {
    "payee_account_id": NullRule((_TYPE,), ~_TRANSFER),
    "card_id": _FOR_TRANSFER,
    "bin_id": _FOR_TRANSFER,
    "issuer_id": _FOR_TRANSFER,
    "acquirer_id": _FOR_TRANSFER,
    "card_brand": _FOR_TRANSFER,
    "card_type": _FOR_TRANSFER,
    "issuer_country": _FOR_TRANSFER,
    "merchant_id": _FOR_TRANSFER,
    "merchant_country": _FOR_TRANSFER,
    "entry_mode": _FOR_TRANSFER,
    "terminal_id": _NO_TERMINAL,
    "mcc": _at_random(_FOR_TRANSFER),
    "latitude": _at_random(_NO_TERMINAL),
    "longitude": _at_random(_NO_TERMINAL),
    "cvm": _NO_TERMINAL,
    "wallet": NullRule(("cvm",), _col("cvm").is_null() | (_col("cvm") != "device")),
    "device_id": _at_random(_NO_DEVICE),
    "device_type": NullRule(("device_id",), _col("device_id").is_null()),
    "ip_address": _NO_DEVICE,
    "ip_country": _NO_DEVICE,
    "ip_type": _NO_DEVICE,
    "three_ds": NullRule((_TYPE, _CHANNEL), _PRESENT | _TRANSFER),
    "avs_result": NullRule(
        (_TYPE, "entry_mode", "issuer_country"),
        ~(_TYPED_IN & _CHECKS_ADDRESS).fill_null(value=False) | _REFUND,
    ),
    "cvv_result": NullRule(
        (_TYPE, _CHANNEL, "entry_mode"),
        _PRESENT | _TRANSFER | _REFUND | (_col("entry_mode") == "credential_on_file"),
    ),
    "original_transaction_id": NullRule((_TYPE,), ~_REFUND),
}

_LABELS: Final[dict[str, NullRule]] = {
    "reported_at": _FREE,
    "report_channel": NullRule(("reported_at",), _col("reported_at").is_null()),
    "chargeback_reason": NullRule(("reported_at",), _col("reported_at").is_null(), at_random=True),
    "chargeback_at": NullRule(("chargeback_reason",), _col("chargeback_reason").is_null()),
}

_BUSINESS: Final = _col("account_kind") == "business"

NULL_RULES: Final[dict[str, dict[str, NullRule]]] = {
    "payments": _PAYMENTS,
    "fraud_labels": _LABELS,
    "customers": {"closed_on": _FREE},
    "accounts": {
        "customer_id": NullRule(("account_kind",), _BUSINESS),
        "merchant_id": NullRule(("account_kind",), ~_BUSINESS),
        "closed_on": _FREE,
    },
    "cards": {"replaced_by_card_id": _FREE},
    "devices": {"retired_on": _FREE},
    "merchants": {"city": _ONLINE, "latitude": _ONLINE, "longitude": _ONLINE},
}
"""By table and column; a column that the schema says is never null has none."""


def null_rules(table: Table, *, ours: bool) -> list[RowRule]:
    """Return the null rules of a table; for data of others only those of columns that are never null."""
    found = [_required(table, column) for column in table.columns if is_required(column, ours=ours)]
    if ours:
        found += [rule for column in table.columns if column.nullable for rule in _conditional(table, column)]
    return found


def is_required(column: Column, *, ours: bool) -> bool:
    """Whether a value may never be missing; in data of others dollars are missing where payloom knows no rate."""
    return not column.nullable and (ours or column.name != "amount_usd")


def missing_share(column: str) -> tuple[tuple[str, ...], pl.Expr]:
    """Return the columns that decide where a payment's value may be missing at random, and where that is."""
    rule = _PAYMENTS[column]
    return rule.needs, ~rule.must


def _required(table: Table, column: Column) -> RowRule:
    name = f"{table.name}.{column.name}.not_null"
    rule = Rule(name, table.name, (column.name,), "values", f"{column.name} is never missing")
    return RowRule(rule, _col(column.name).is_null())


def _conditional(table: Table, column: Column) -> list[RowRule]:
    declared, value = NULL_RULES[table.name][column.name], _col(column.name)
    if declared is _FREE:
        return []
    breaks = value.is_not_null() & declared.must
    if not declared.at_random:
        breaks = breaks | (value.is_null() & ~declared.must)
    name = f"{table.name}.{column.name}.null_rule"
    holds = f"{column.name} is missing {column.null}, and " + (
        "present nowhere there" if declared.at_random else "nowhere else"
    )
    return [RowRule(Rule(name, table.name, (column.name, *declared.needs), "values", holds), breaks)]
