"""Values are missing where the schema says so, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pytest

from payloom.schema import TABLES
from tests.cell.worlds import World, default_world, odd_world

NEVER = pl.lit(False)
ALWAYS = pl.lit(True)


def column(name: str) -> pl.Expr:
    return pl.col(name)


TRANSFER = column("transaction_type") == "transfer"
REFUND = column("transaction_type") == "refund"
PRESENT = column("channel").is_in(["in_store", "atm"])
REMOTE = column("channel").is_in(["online", "app", "moto"])
PAYER_ABSENT = REFUND | column("is_recurring") | (column("channel") == "moto")
"""Nobody holds a device: the merchant pays back, charges by itself, or keys in what it was told."""

CHECKS_ADDRESS = column("issuer_country").is_in(["US", "CA", "GB"])
TYPED_IN = column("entry_mode").is_in(["ecommerce", "manual"])


@dataclass(frozen=True)
class Rule:
    """When a value must be missing, and when it may be besides."""

    text: str
    must: pl.Expr
    may: pl.Expr = NEVER


_TRANSFER = Rule("for a transfer", TRANSFER)
_NO_TERMINAL = Rule("when the card is not present, and for a transfer", REMOTE | TRANSFER)
_NOBODY = "when the payer has no device in it: card present, recurring, moto, refund"
_ADDRESS = Rule(_NOBODY, PRESENT | PAYER_ABSENT)

PAYMENT_RULES = {
    "payee_account_id": Rule("unless it is a transfer", ~TRANSFER),
    **dict.fromkeys(("card_id", "bin_id", "issuer_id", "acquirer_id", "card_brand", "card_type"), _TRANSFER),
    **dict.fromkeys(("issuer_country", "merchant_id", "merchant_country", "entry_mode"), _TRANSFER),
    "terminal_id": _NO_TERMINAL,
    "mcc": Rule("for a transfer, and at random", TRANSFER, ALWAYS),
    "latitude": Rule(f"{_NO_TERMINAL.text}; at random with longitude", REMOTE | TRANSFER, ALWAYS),
    "longitude": Rule(f"{_NO_TERMINAL.text}; at random with latitude", REMOTE | TRANSFER, ALWAYS),
    "cvm": _NO_TERMINAL,
    "wallet": Rule("unless a device wallet was used", column("cvm").is_null() | (column("cvm") != "device")),
    "device_id": Rule(f"{_NOBODY}; at random with device_type", PRESENT | PAYER_ABSENT, ALWAYS),
    "device_type": Rule("with device_id", column("device_id").is_null()),
    "ip_address": _ADDRESS,
    "ip_country": _ADDRESS,
    "ip_type": _ADDRESS,
    "three_ds": Rule("when the card is present, and for a transfer", PRESENT | TRANSFER),
    "avs_result": Rule(
        "unless card data is entered remotely and the issuer is in US, CA or GB; in a refund",
        ~(TYPED_IN & CHECKS_ADDRESS) | REFUND,
    ),
    "cvv_result": Rule(
        "when the card is present or its credential is stored, in a refund, and for a transfer",
        PRESENT | TRANSFER | REFUND | (column("entry_mode") == "credential_on_file"),
    ),
    "original_transaction_id": Rule("unless a refund", ~REFUND),
}

_NOT_REPORTED = column("reported_at").is_null()
_DECLINED = column("response_code") != "00"

LABEL_RULES = {
    "reported_at": Rule("when it was never reported", _DECLINED, ALWAYS),
    "report_channel": Rule("with reported_at", _NOT_REPORTED),
    "chargeback_reason": Rule(
        "when it never happened; always for a declined payment", _DECLINED | _NOT_REPORTED, ALWAYS
    ),
    "chargeback_at": Rule("with chargeback_reason", column("chargeback_reason").is_null()),
}

BUSINESS = column("account_kind") == "business"

_ONLINE = Rule("for an online merchant", column("is_online"))

RULES = {
    "payments": PAYMENT_RULES,
    "fraud_labels": LABEL_RULES,
    "customers": {"closed_on": Rule("while the customer stays", NEVER, ALWAYS)},
    "accounts": {
        "customer_id": Rule("for the account of a business", BUSINESS),
        "merchant_id": Rule("unless it is the account of a business", ~BUSINESS),
        "closed_on": Rule("while it is open", NEVER, ALWAYS),
    },
    "cards": {"replaced_by_card_id": Rule("while none has", NEVER, ALWAYS)},
    "devices": {"retired_on": Rule("while it is in use", NEVER, ALWAYS)},
    "merchants": dict.fromkeys(("city", "latitude", "longitude"), _ONLINE),
}

cases = [(table, name) for table, rules in RULES.items() for name in rules]


def frame_of(world: World, table: str) -> pl.DataFrame:
    if table != "fraud_labels":
        return world.frames[table]
    answers = world.payments.select("transaction_id", "response_code")
    return world.frames[table].join(answers, on="transaction_id", how="left")


@pytest.mark.parametrize("table", TABLES)
def test_every_nullable_column_has_a_rule(table) -> None:
    """A column that may be null has a check here; one that may not has none."""
    assert set(RULES[table]) == {c.name for c in TABLES[table].columns if c.nullable}


@pytest.mark.parametrize("made", [default_world, odd_world])
@pytest.mark.parametrize(("table", "name"), cases)
def test_values_are_missing_where_the_rule_says(made, table, name) -> None:
    """A value is null where it must be, and is not null where it may not be."""
    rule, frame = RULES[table][name], frame_of(made(), table)
    wrong = frame.filter((rule.must & pl.col(name).is_not_null()) | (pl.col(name).is_null() & ~rule.must & ~rule.may))
    assert wrong.height == 0, wrong.head(3).to_dicts()


@pytest.mark.parametrize(("table", "name"), cases)
def test_the_schema_says_when_a_value_is_missing(table, name) -> None:
    """The rule that is checked here is the one that readers of the schema are told."""
    assert TABLES[table].column(name).null == RULES[table][name].text


@pytest.mark.parametrize("made", [default_world, odd_world])
def test_required_columns_have_no_null(made) -> None:
    """A column that is never null never is, in any table."""
    world = made()
    for table, declared in TABLES.items():
        for name in (c.name for c in declared.columns if not c.nullable):
            assert world.tables[table][name].null_count == 0, (table, name)
            assert not world.tables[table].schema.field(name).nullable


@pytest.mark.parametrize("made", [default_world, odd_world])
def test_coordinates_and_devices_go_together(made) -> None:
    """Latitude and longitude are missing together; so are a device and its kind."""
    payments = made().payments
    for first, second in (("latitude", "longitude"), ("device_id", "device_type"), ("ip_address", "ip_type")):
        assert (payments[first].is_null() == payments[second].is_null()).all()
    assert not payments["latitude"].is_nan().any()


@pytest.mark.parametrize("made", [default_world, odd_world])
def test_plain_columns_hold_what_they_promise(made) -> None:
    """Codes are declared ones, amounts are not negative, and only account verifications are for 0."""
    world = made()
    for table, declared in TABLES.items():
        for known in (c for c in declared.columns if c.codes):
            found = set(world.frames[table][known.name].drop_nulls().unique())
            assert found <= set(known.codes), (table, known.name)
    payments = world.payments
    free = payments["transaction_type"] == "account_verification"
    assert (payments["amount_minor"] == 0).equals(free)
    assert (payments["amount_minor"] >= 0).all()
