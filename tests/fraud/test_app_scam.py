"""A push payment scam is the victim's own doing: own device, a new payee, more and more money."""

from __future__ import annotations

import polars as pl

from tests.cell.worlds import World, make
from tests.counts import count
from tests.fraud.campaign_rows import fraud_of


def world() -> World:
    return make(
        {
            "world": {"rows": count(40_000, 200_000), "fraud_rate": "0.02", "customers": 4_000},
            "fraud": {"mix": {"app_scam": 1.0}},
        }
    )


def test_victims_pay_from_their_own_devices() -> None:
    """Devices of scam payments belong to the payer, as often as in genuine transfers."""
    owners = world().frames["devices"].select("device_id", owner="customer_id")
    share = {}
    transfers = world().payments.filter(pl.col("transaction_type") == "transfer").join(owners, on="device_id")
    for fraud in (True, False):
        rows = transfers.filter(pl.col("is_fraud") == fraud)
        share[fraud] = (rows["owner"] == rows["customer_id"]).mean()
    assert share[True] > share[False] - 0.08  # type: ignore[operator]


def test_payees_are_new() -> None:
    """Hardly any victim ever paid the mule before."""
    fraud = fraud_of(world())
    first = fraud.group_by("account_id", "payee_account_id").agg(first=pl.col("event_time").min())
    genuine = world().payments.filter(pl.col("transaction_type") == "transfer", ~pl.col("is_fraud"))
    known = genuine.join(first, on=["account_id", "payee_account_id"]).filter(pl.col("event_time") < pl.col("first"))
    assert known.height < 0.05 * first.height


def test_amounts_grow() -> None:
    """The second payment of a victim is larger than the first in most cases, and few send more than six."""
    fraud = fraud_of(world())
    each = fraud.group_by("campaign_id", "customer_id", maintain_order=True).agg("amount_minor")
    several = each.filter(pl.col("amount_minor").list.len() > 1)["amount_minor"]
    assert several.len() > 20
    assert (several.list.get(1) > several.list.get(0)).mean() > 0.8  # type: ignore[operator]
    assert each["amount_minor"].list.len().max() <= 6  # type: ignore[operator]


def test_most_scams_are_a_day_and_some_go_on_for_weeks() -> None:
    """An invented shop or a call is over within the day; an investment goes on."""
    spans = (
        fraud_of(world())
        .group_by("campaign_id")
        .agg(days=(pl.col("event_time").max() - pl.col("event_time").min()).dt.total_days())["days"]
    )
    assert 0.5 < (spans < 1).mean() < 0.97  # type: ignore[operator]
    assert (spans >= 6).any()


def test_amounts_overlap_genuine_ones() -> None:
    """The median scam payment lies between the genuine transfers' median and their 97th percentile."""
    genuine = world().payments.filter(pl.col("transaction_type") == "transfer", ~pl.col("is_fraud"))["amount_usd"]
    median = fraud_of(world())["amount_usd"].median()
    assert genuine.quantile(0.5) < median < genuine.quantile(0.97)  # type: ignore[operator]


def test_nobody_pays_on_after_the_own_report() -> None:
    """A scam is reported when it is over: no payment comes more than a day after the first was reported."""
    fraud = fraud_of(world()).filter(pl.col("reported_at").is_not_null())
    first = fraud.group_by("campaign_id", "customer_id").agg(known=pl.col("reported_at").min())
    late = fraud_of(world()).join(first, on=["campaign_id", "customer_id"])
    late = late.filter(pl.col("event_time") > pl.col("known") + pl.duration(days=1))
    assert late.height < 0.01 * fraud.height
