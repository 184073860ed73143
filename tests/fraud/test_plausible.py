"""Fraud keeps the rules of the trade: what cannot happen to an honest payment does not happen to a fraudulent one."""

from __future__ import annotations

import polars as pl

from tests.cell.worlds import make
from tests.fraud.test_mix import MUCH


def fraud(*conditions: pl.Expr) -> pl.DataFrame:
    """Frauds of a world that has many, at least ten of them under the conditions."""
    found = make(MUCH).payments.filter(pl.col("is_fraud"), *conditions)
    assert found.height >= 10
    return found


def test_checks_of_codes_agree_with_answers() -> None:
    """N7 goes with a security code that did not match."""
    assert set(fraud(pl.col("response_code") == "N7")["cvv_result"]) <= {"N", None}


def test_orders_by_phone_have_no_three_ds() -> None:
    """3-D Secure needs a browser or an app."""
    assert set(fraud(pl.col("channel") == "moto")["three_ds"]) == {"none"}


def test_verifications_want_no_funds() -> None:
    """A payment of 0 is not declined for want of funds, nor for its amount."""
    answers = fraud(pl.col("transaction_type") == "account_verification")["response_code"]
    assert not set(answers) & {"51", "61"}


def test_apps_run_on_phones() -> None:
    """The channel is an app only on a phone or tablet."""
    assert set(fraud(pl.col("channel") == "app")["device_type"]) <= {"ios", "android", None}


def test_addresses_are_checked_where_they_can_be() -> None:
    """AVS and 3-D Secure follow the rules of the issuer's country and of the entry mode."""
    checked = fraud(pl.col("avs_result").is_not_null())
    assert set(checked["issuer_country"]) <= {"US", "CA", "GB"}
    assert set(checked["entry_mode"]) <= {"ecommerce", "manual"}


def test_codes_that_fraud_is_answered_online_are_answered_to_all() -> None:
    """Every answer that online fraud gets, honest online payments get as well."""
    payments = make(MUCH).payments.filter(pl.col("channel").is_in(["online", "app"]))
    counts = payments.group_by("response_code").agg(fraud=pl.col("is_fraud").sum(), honest=(~pl.col("is_fraud")).sum())
    assert counts.filter(pl.col("fraud") > 20, pl.col("honest") == 0)["response_code"].to_list() == []
