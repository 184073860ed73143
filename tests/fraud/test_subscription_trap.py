"""Subscription trap: a trial, then equal charges at equal intervals by one merchant."""

from __future__ import annotations

import polars as pl

from tests.cell.worlds import World, make
from tests.fraud.campaign_rows import fraud_of


def world() -> World:
    # With few customers some would fall for it twice.
    size = {"rows": 60_000, "fraud_rate": "0.03", "customers": 12_000}
    return make({"world": size, "fraud": {"mix": {"subscription_trap": 1.0}}})


def rows() -> pl.DataFrame:
    return fraud_of(world())


def charges() -> pl.DataFrame:
    found = rows().filter(pl.col("role") == "purchase")
    assert found.height > 200
    return found


def test_a_campaign_is_one_merchant_and_one_price() -> None:
    """All charges of a campaign are at one merchant for one small amount; prices differ between campaigns."""
    each = (
        charges()
        .group_by("campaign_id")
        .agg(merchants=pl.col("merchant_id").n_unique(), prices=pl.col("amount_minor").n_unique())
    )
    assert (each["merchants"] == 1).all()
    assert (each["prices"] == 1).all()
    assert charges()["amount_minor"].n_unique() > 5
    assert charges()["amount_usd"].max() < 400  # type: ignore[operator]


def test_charges_come_every_week_or_every_month() -> None:
    """Charges of one victim are 7 or 30 days apart, or a multiple where one was left out."""
    victims = (
        charges()
        .sort("event_time")
        .with_columns(gap=pl.col("event_time").dt.date().diff().dt.total_days().over("campaign_id", "customer_id"))
    )
    gaps = victims["gap"].drop_nulls()
    assert gaps.len() > 50
    regular = ((gaps % 7 <= 0) | (gaps % 30 <= 0)).mean()
    assert regular > 0.9  # type: ignore[operator]
    assert {7, 30} <= set(gaps)


def test_a_trial_on_the_victims_own_device_comes_first() -> None:
    """Trials cost nothing or little, are made by the victims, and precede the charges by a week or two."""
    trials = rows().filter(pl.col("role") == "verification")
    assert trials["amount_minor"].max() <= 500  # type: ignore[operator]
    assert {"account_verification", "purchase"} == set(trials["transaction_type"])
    owners = world().frames["devices"].select("device_id", owner="customer_id")
    used = trials.drop_nulls("device_id").join(owners, on="device_id")
    assert (used["owner"] == used["customer_id"]).mean() > 0.75  # type: ignore[operator]
    key = ["campaign_id", "customer_id"]
    first = trials.group_by(key).agg(signed=pl.col("event_time").dt.date().min())
    charged = charges().group_by(key).agg(charged=pl.col("event_time").dt.date().min())
    both = first.join(charged, on=key)
    days = (both["charged"] - both["signed"]).dt.total_days()
    assert both.height > 30
    assert days.min() >= 6  # type: ignore[operator]
    assert days.median() in (7, 14)


def test_charges_look_like_any_subscription() -> None:
    """They are recurring, with a stored credential and no device, as honest subscriptions are."""
    found = charges()
    assert found["is_recurring"].all()
    assert set(found["entry_mode"]) == {"credential_on_file"}
    assert found["device_id"].null_count() == found["ip_address"].null_count() == found.height
    honest = world().genuine.filter(pl.col("is_recurring"))["amount_usd"]
    assert honest.quantile(0.1) < found["amount_usd"].median() < honest.quantile(0.95)  # type: ignore[operator]


def test_most_disputes_say_that_it_was_cancelled() -> None:
    """Cancelled recurring is the commonest reason, and not the only one."""
    reasons = rows()["chargeback_reason"].drop_nulls()
    assert reasons.value_counts(sort=True)["chargeback_reason"][0] == "cancelled_recurring"
    assert reasons.n_unique() >= 3


def test_what_comes_after_the_report_is_declined() -> None:
    """Once the victim has complained, the bank stops the charges of the case."""
    reported = pl.col("reported_at").min().over("campaign_id", "customer_id")
    stopped = (
        charges()
        .with_columns(reported=reported)
        .filter(pl.col("event_time") - pl.col("reported") > pl.duration(days=4))
    )
    assert stopped.height > 5
    # But for somebody who fell for it twice.
    assert (stopped["response_code"] == "00").mean() < 0.05  # type: ignore[operator]
    early = charges().filter(pl.col("reported_at").is_null() | (pl.col("event_time") < pl.col("reported_at")))
    assert (early["response_code"] == "00").mean() > 0.6  # type: ignore[operator]


def test_a_stopped_charge_does_not_say_that_the_card_is_lost() -> None:
    """The bank stops the merchant and leaves the card: charges are not answered with lost or stolen."""
    answers = charges().filter(pl.col("response_code") != "00")["response_code"]
    assert "57" in answers
    # Some cards were lost in the meantime.
    assert answers.is_in(["41", "43"]).mean() < 0.05  # type: ignore[operator]
