"""A card pays far away while its owner pays at home."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tests.cell.worlds import World
from tests.fraud.campaign_rows import fraud_of, plain, world_of

FAR_DEGREES = 5.0
"""Some 500 km."""


def world() -> World:
    return world_of("impossible_travel", 60_000, "0.004")


def rows() -> pl.DataFrame:
    return fraud_of(world())


def meetings(frame: pl.DataFrame) -> pl.DataFrame:
    """Pairs of a payment of the frame and a genuine one of the same customer, both in person, within a day."""
    columns = ["customer_id", "event_time", "latitude", "longitude"]
    genuine = world().genuine.filter(pl.col("latitude").is_not_null()).select("transaction_id", *columns)
    pairs = frame.filter(pl.col("latitude").is_not_null()).join(genuine, on="customer_id", suffix="_home")
    hours = (pl.col("event_time") - pl.col("event_time_home")).abs()
    pairs = pairs.filter(pl.col("transaction_id") != pl.col("transaction_id_home"), hours < timedelta(days=1))
    far = (pl.col("latitude") - pl.col("latitude_home")).abs() + (pl.col("longitude") - pl.col("longitude_home")).abs()
    return pairs.with_columns(far=far > FAR_DEGREES, hours=hours)


def test_the_owner_pays_far_away_within_hours() -> None:
    """Nearly every meeting of a fraud with a genuine payment of that day is impossible; most campaigns have one."""
    found = meetings(rows())
    assert plain(found["far"].mean()) > 0.9
    met = found.filter(pl.col("far"))["campaign_id"].n_unique()
    assert met > 0.5 * rows()["campaign_id"].n_unique()


def test_honest_people_do_not_teleport() -> None:
    """Among genuine payments of these customers, such meetings hardly occur."""
    customers = rows()["customer_id"].unique().implode()
    found = meetings(world().genuine.filter(pl.col("customer_id").is_in(customers)))
    assert found.height > 1_000
    assert plain(found["far"].mean()) < 0.02


def test_one_card_used_in_one_far_city() -> None:
    """A campaign has one card, and one city in which it is shown."""
    present = rows().filter(pl.col("latitude").is_not_null())
    spread = present.group_by("campaign_id").agg(
        cards=pl.col("customer_id").n_unique(), north=pl.col("latitude").max() - pl.col("latitude").min()
    )
    assert plain(spread["cards"].max()) == 1
    assert plain(spread["north"].max()) < 0.6


def test_some_are_online_in_that_country() -> None:
    """Part is bought at online shops of the country in which the card is shown, from somebody else's device."""
    online = rows().filter(pl.col("channel").is_in(["online", "app"]))
    assert 0.1 < online.height / rows().height < 0.45
    there = (
        rows()
        .filter(pl.col("terminal_id").is_not_null())
        .group_by("campaign_id")
        .agg(pl.col("merchant_country").first())
    )
    met = online.join(there, on="campaign_id", suffix="_there")
    assert (met["merchant_country"] == met["merchant_country_there"]).all()
    owners = world().frames["devices"].select("device_id", owner="customer_id")
    seen = online.join(owners, on="device_id")
    assert plain((seen["owner"] != seen["customer_id"]).mean()) > 0.95


def test_phones_and_clones_both_occur() -> None:
    """Some campaigns pay with a phone of their own, others with a clone, and none with both."""
    shop = rows().filter(pl.col("channel") == "in_store")
    phone = shop.group_by("campaign_id").agg(pl.col("wallet").is_not_null().mean())["wallet"]
    assert set(phone) == {0.0, 1.0}
    assert 0.1 < plain(phone.mean()) < 0.6


def test_shops_are_open() -> None:
    """What is bought in person is bought by day, where the shop is."""
    present = rows().filter(pl.col("channel").is_in(["in_store", "atm"]))
    assert plain(present["local"].dt.hour().is_between(6, 23).mean()) > 0.9
