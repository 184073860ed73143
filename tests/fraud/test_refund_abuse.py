"""Refund abuse: purchase and refund, again and again, by one customer at the same shops."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tests.cell.worlds import World
from tests.fraud.campaign_rows import fraud_of, world_of


def world() -> World:
    return world_of("refund_abuse")


def rows() -> pl.DataFrame:
    return fraud_of(world())


def refunds() -> pl.DataFrame:
    """Fraudulent refunds beside what they give back, whose columns are named original.column."""
    originals = rows().rename(lambda name: f"original.{name}")
    found = (
        rows()
        .filter(pl.col("role") == "refund")
        .join(originals, left_on="original_transaction_id", right_on="original.transaction_id", how="left")
    )
    assert found.height > 100
    return found


def test_a_refund_gives_back_a_purchase_of_the_campaign() -> None:
    """Each points at an approved purchase of the same campaign, card, shop and trade, with its codes."""
    found = refunds()
    assert found["original.campaign_id"].equals(found["campaign_id"])
    assert set(found["original.transaction_type"]) == {"purchase"}
    assert set(found["original.response_code"]) == set(found["response_code"]) == {"00"}
    for name in ("customer_id", "account_id", "merchant_id", "mcc", "currency", "entry_mode"):
        assert found[name].equals(found[f"original.{name}"]), name
    assert found["original_transaction_id"].is_unique().all()


def test_most_refunds_are_of_the_whole_sum() -> None:
    """Never more than was paid; some shops keep back a fee of at most a sixth."""
    share = refunds()["amount_minor"] / refunds()["original.amount_minor"]
    assert share.max() == 1.0
    assert 0.7 < (share == 1.0).mean() < 0.95  # type: ignore[operator]
    assert share.min() > 0.6  # type: ignore[operator]


def test_goods_go_back_within_a_fortnight() -> None:
    """Refunds come one to thirteen days after the purchase, like those of honest people."""
    days = refunds().select(lag=pl.col("event_time").dt.date() - pl.col("original.event_time").dt.date())["lag"]
    assert days.min() >= timedelta(days=1)  # type: ignore[operator]
    assert days.max() <= timedelta(days=13)  # type: ignore[operator]
    assert days.n_unique() > 3


def test_a_campaign_is_one_customer_who_refunds_serially() -> None:
    """One customer and at most two shops; a good third of the events of larger campaigns are refunds."""
    each = (
        rows()
        .group_by("campaign_id")
        .agg(
            customers=pl.col("customer_id").n_unique(),
            merchants=pl.col("merchant_id").n_unique(),
            refunded=(pl.col("role") == "refund").mean(),
            events=pl.len(),
        )
    )
    assert (each["customers"] == 1).all()
    assert each["merchants"].max() <= 2  # type: ignore[operator]
    large = each.filter(pl.col("events") >= 10)["refunded"]
    assert 0.25 < large.mean() <= 0.5  # type: ignore[operator]


def test_the_customer_pays_as_always() -> None:
    """Purchases come from the customer's own devices: nothing but the refunds stands out."""
    owners = world().frames["devices"].select("device_id", owner="customer_id")
    bought = rows().filter(pl.col("device_id").is_not_null()).join(owners, on="device_id")
    assert (bought["owner"] == bought["customer_id"]).mean() > 0.75  # type: ignore[operator]


def test_no_refund_is_charged_back() -> None:
    """Nobody claims back what was given back."""
    assert refunds()["chargeback_reason"].null_count() == refunds().height
