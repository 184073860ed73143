"""Cards copied at one terminal are used weeks later, elsewhere."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tests.cell.worlds import World
from tests.fraud.campaign_rows import fraud_of, plain, world_of

ENOUGH_CARDS = 4
"""Cards of a campaign from which a shared terminal means something."""


def world() -> World:
    return world_of("counterfeit", 100_000, "0.003", planted={"share": 0.006, "mix": {"breached_terminal": 1.0}})


def rows() -> pl.DataFrame:
    return fraud_of(world())


def visits_before() -> pl.DataFrame:
    """Genuine visits, in person, to terminals by the cards of each campaign, 20 to 130 days before its first event."""
    cards = rows().group_by("campaign_id", "card_id").agg()
    begin = rows().group_by("campaign_id").agg(begin=pl.col("event_time").min())
    large = cards.group_by("campaign_id").len().filter(pl.col("len") >= ENOUGH_CARDS).select("campaign_id", cards="len")
    genuine = world().genuine.filter(pl.col("terminal_id").is_not_null()).select("card_id", "terminal_id", "event_time")
    ago = pl.col("begin") - pl.col("event_time")
    return (
        cards.join(begin, on="campaign_id")
        .join(large, on="campaign_id")
        .join(genuine, on="card_id")
        .filter(ago.is_between(timedelta(days=2), timedelta(days=130)))
    )


def shared_terminal() -> pl.DataFrame:
    """Of each campaign, how many of its cards one terminal saw at most."""
    seen = visits_before().group_by("campaign_id", "cards", "terminal_id").agg(pl.col("card_id").n_unique())
    return seen.group_by("campaign_id", "cards").agg(shared=pl.col("card_id").max())


def test_victims_of_a_campaign_share_a_terminal_weeks_earlier() -> None:
    """From spring on, nearly all cards of a campaign were at one terminal before; the data alone show it."""
    later = rows().group_by("campaign_id").agg(begin=pl.col("event_time").min())
    later = later.filter(pl.col("begin").dt.ordinal_day() > 130)
    found = shared_terminal().join(later, on="campaign_id")
    assert plain(found["cards"].sum()) >= 30
    assert plain(found["shared"].sum()) > 0.8 * plain(found["cards"].sum())
    assert plain((found["shared"] > 0.5 * found["cards"]).mean()) > 0.8


def test_no_terminal_is_shared_like_that_by_chance() -> None:
    """As many cards of others who shop in that city share no terminal so often."""
    genuine = world().genuine.filter(pl.col("terminal_id").is_not_null())
    victims = rows()["card_id"].unique().implode()
    others = genuine.filter(~pl.col("card_id").is_in(victims))
    cards = others["card_id"].unique().len()
    busiest = plain(others.group_by("terminal_id").agg(pl.col("card_id").n_unique())["card_id"].max())
    assert busiest < 0.3 * cards


def test_a_share_of_the_exposed_cards_sees_fraud() -> None:
    """Most people who paid at a breached terminal are spared: about one in four cards of a sold batch is used."""
    hit = rows()["card_id"].n_unique()
    planted = round(world().config.planted.share * world().payments.height)
    assert 0.05 < hit / planted < 0.6


def test_clones_are_used_far_from_their_owners() -> None:
    """Half of the fraud in person is in a country where the card was not issued."""
    present = rows().filter(pl.col("channel").is_in(["in_store", "atm"]))
    abroad = plain((present["merchant_country"] != present["issuer_country"]).mean())
    assert 0.2 < abroad < 0.7


def test_the_entry_mode_does_not_tell() -> None:
    """Stripes are commoner than among honest payments, and still the smaller part."""
    striped = pl.col("entry_mode").is_in(["magstripe", "fallback"])
    assert 0.25 < rows().select(striped.mean()).item() < 0.55
    assert set(rows()["entry_mode"]) >= {"chip", "contactless", "magstripe", "fallback", "ecommerce"}


def test_stripes_are_the_acceptors_liability() -> None:
    """A charged-back stripe has counterfeit liability as its reason, other uses have not."""
    charged = rows().filter(pl.col("chargeback_reason").is_not_null())
    striped = charged.filter(pl.col("entry_mode").is_in(["magstripe", "fallback"]))
    assert set(striped["chargeback_reason"]) == {"counterfeit_liability"}
    rest = charged.filter(~pl.col("entry_mode").is_in(["magstripe", "fallback"]))
    assert set(rest["chargeback_reason"]) <= {"fraud_cp", "fraud_cnp"}


def test_one_city_a_runner() -> None:
    """The cards of a campaign show up in at most two cities."""
    present = rows().filter(pl.col("latitude").is_not_null())
    cities = present.group_by("campaign_id").agg(
        pl.struct(pl.col("latitude").round(0), pl.col("longitude").round(0)).n_unique().alias("cities")
    )
    assert plain(cities["cities"].median()) <= 2


def test_without_breached_terminals_there_are_victims_nevertheless() -> None:
    """A world without that look-alike has its counterfeit fraud all the same."""
    bare = world_of("counterfeit", 4_000, planted={"share": 0.0, "mix": {}})
    assert fraud_of(bare).height == 80


def test_cards_of_customers_who_left_are_not_used() -> None:
    """Between breach and use some customers close their accounts: nobody pays with their cards any more."""
    made = world_of("counterfeit", 100_000, "0.08", planted={"share": 0.006, "mix": {"breached_terminal": 1.0}})
    customers = made.frames["customers"].select("customer_id", "closed_on")
    assert customers["closed_on"].drop_nulls().len() > 20
    used = fraud_of(made).join(customers, on="customer_id")
    assert used.filter(pl.col("event_time").dt.date() >= pl.col("closed_on")).height == 0
