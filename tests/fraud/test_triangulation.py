"""Triangulation: one real shop, one card after the other, goods that go to somebody else."""

from __future__ import annotations

import polars as pl

from tests.cell.worlds import World
from tests.fraud.campaign_rows import fraud_of, world_of


def world() -> World:
    return world_of("triangulation")


def rows() -> pl.DataFrame:
    return fraud_of(world())


def large_campaigns() -> pl.DataFrame:
    each = (
        rows()
        .group_by("campaign_id")
        .agg(
            events=pl.len(),
            merchants=pl.col("merchant_id").n_unique(),
            cards=pl.col("card_id").n_unique(),
            devices=pl.col("device_id").drop_nulls().n_unique(),
            amounts=pl.struct("amount_minor", "currency").n_unique(),
            days=pl.col("event_time").dt.date().n_unique(),
        )
    )
    found = each.filter(pl.col("events") >= 12)
    assert found.height >= 10
    return found


def test_many_cards_pay_at_one_shop_from_few_devices() -> None:
    """A campaign has one merchant, a card for nearly each order, and hardly more devices than people who order."""
    found = large_campaigns()
    assert (found["merchants"] == 1).all()
    assert (found["cards"] / found["events"]).mean() > 0.6  # type: ignore[operator]
    # Two people, of whom one may get a new device meanwhile.
    assert found["devices"].max() <= 3  # type: ignore[operator]


def test_the_bogus_shop_sells_a_few_articles_for_weeks() -> None:
    """Prices repeat within a campaign, and orders spread over many days."""
    found = large_campaigns()
    assert found["amounts"].max() <= 6  # type: ignore[operator]
    assert (found["days"] >= 4).all()


def test_addresses_match_less_than_those_of_honest_people() -> None:
    """The parcel goes elsewhere: N and Z come more often, yet many cards match by chance."""
    checked = world().payments.filter(pl.col("avs_result").is_not_null(), pl.col("entry_mode") == "ecommerce")
    share = dict(
        checked.group_by("is_fraud").agg(pl.col("avs_result").is_in(["N", "Z"]).mean().alias("share")).iter_rows()
    )
    assert 0.4 < share[True] < 0.7
    assert share[False] < 0.25


def test_orders_are_ordinary() -> None:
    """Amounts lie among those of honest people online: the median between their quartiles."""
    honest = world().genuine.filter(pl.col("channel").is_in(["online", "app"]), pl.col("amount_usd") > 0)
    median = rows()["amount_usd"].median()
    assert honest["amount_usd"].quantile(0.25) < median < honest["amount_usd"].quantile(0.9)  # type: ignore[operator]


def test_most_cards_are_of_the_shops_country() -> None:
    """Foreign cards are looked at twice, so most are domestic, and some are not."""
    found = rows()
    domestic = (found["issuer_country"] == found["merchant_country"]).mean()
    assert 0.6 < domestic < 0.95  # type: ignore[operator]
