"""Card testing: a burst of tiny amounts, some of it along one BIN, and the good cards used days later."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tests.cell.worlds import World
from tests.fraud.campaign_rows import fraud_of, world_of


def world() -> World:
    return world_of("card_testing", rows=60_000)


def rows(role: str) -> pl.DataFrame:
    return fraud_of(world()).filter(pl.col("role") == role)


def test_tests_are_many_cards_at_one_merchant_for_next_to_nothing() -> None:
    """A test run has one merchant, amounts up to three units, and a card for nearly each test of a bought list."""
    tests = rows("test")
    assert tests["amount_minor"].max() <= 300  # type: ignore[operator]
    assert (tests["amount_minor"] == 100).mean() > 0.4  # type: ignore[operator]
    each = tests.group_by("campaign_id").agg(
        merchants=pl.col("merchant_id").n_unique(), cards=pl.col("card_id").n_unique() / pl.len(), events=pl.len()
    )
    assert (each["merchants"] == 1).all()
    assert each.filter(pl.col("events") >= 10)["cards"].quantile(0.75) > 0.8  # type: ignore[operator]


def test_most_tests_are_declined_as_attacks_are() -> None:
    """Attack declines are 40 to 90 %, with wrong numbers, expiry dates and codes among the answers."""
    answers = rows("test")["response_code"]
    assert 0.4 < (answers != "00").mean() < 0.9  # type: ignore[operator]
    assert {"05", "14", "54", "N7"} <= set(answers)


def test_some_campaigns_count_up_one_issuers_cards() -> None:
    """In a part of the campaigns most tested cards have one BIN; in the others no BIN has a third."""
    each = (
        rows("test")
        .group_by("campaign_id")
        .agg(
            events=pl.len(),
            top=pl.col("bin_id").value_counts(sort=True).struct.field("count").first() / pl.len(),
            issuer=pl.col("issuer_id").value_counts(sort=True).struct.field("count").first() / pl.len(),
        )
    )
    large = each.filter(pl.col("events") >= 12)
    counted = large.filter(pl.col("issuer") > 0.7)
    assert 0.1 < counted.height / large.height < 0.8
    assert (counted["top"] > 0.35).all()
    assert (large.filter(pl.col("issuer") <= 0.7)["top"] < 0.34).mean() > 0.8  # type: ignore[operator]


def test_good_cards_are_used_days_later() -> None:
    """About a third of the tried cards see a purchase, one to six days after the test; nearly all had passed it."""
    tests, uses = rows("test"), rows("purchase")
    key = ["campaign_id", "card_id"]
    tried = tests.group_by(key).agg(tested=pl.col("event_time").min(), passed=(pl.col("response_code") == "00").any())
    used = uses.group_by(key).agg(first=pl.col("event_time").min(), purchases=pl.len())
    both = tried.join(used, on=key)
    assert 0.15 < both.height / tried.height < 0.5
    assert both["passed"].mean() > 0.85  # type: ignore[operator]
    # Testing may have run on into the second day.
    wait = both["first"] - both["tested"]
    assert timedelta(0) < wait.min()  # type: ignore[operator]
    assert wait.max() < timedelta(days=7)  # type: ignore[operator]
    # A campaign whose tests lie before the period uses cards that nobody saw tested.
    assert both.height / used.height > 0.75


def test_uses_are_ordinary_purchases_from_other_devices() -> None:
    """Whoever bought the cards has devices of their own, and spends what others spend."""
    tests, uses = rows("test"), rows("purchase")
    assert uses["amount_usd"].median() > 10  # type: ignore[operator]
    assert (uses["response_code"] == "00").mean() > 0.5  # type: ignore[operator]
    shared = tests.select("campaign_id", "device_id").join(
        uses.select("campaign_id", "device_id"), on=["campaign_id", "device_id"], how="semi"
    )
    assert shared.height < 0.05 * tests.height
