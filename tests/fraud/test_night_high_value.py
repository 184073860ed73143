"""Dear purchases and withdrawals, one after the other, in one night."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tests.cell.worlds import World
from tests.fraud.campaign_rows import fraud_of, plain, world_of


def world() -> World:
    return world_of("night_high_value")


def rows() -> pl.DataFrame:
    return fraud_of(world())


def test_it_is_night() -> None:
    """Nearly everything happens between midnight and six, local time."""
    assert plain((rows()["local"].dt.hour() < 6).mean()) > 0.95


def test_a_night_is_one_run_of_one_card() -> None:
    """A campaign has one victim and at most two nights, each of a few hours."""
    nights = (
        rows()
        .group_by("campaign_id", pl.col("event_time").dt.date())
        .agg(length=pl.col("event_time").max() - pl.col("event_time").min())
    )
    assert plain(nights["length"].max()) < timedelta(hours=5)
    campaigns = (
        rows()
        .group_by("campaign_id")
        .agg(pl.col("customer_id").n_unique(), nights=pl.col("event_time").dt.date().n_unique())
    )
    assert campaigns["customer_id"].max() == 1
    assert campaigns["nights"].max() == 2


def test_it_is_dear_and_overlaps() -> None:
    """Half of it costs more than nine in ten genuine payments at that hour do; a tenth is as cheap as half of them."""
    local = pl.col("event_time") + pl.duration(minutes=pl.col("local_offset_min"))
    night = world().genuine.filter(local.dt.hour() < 5)["amount_usd"]
    assert plain(rows()["amount_usd"].median()) > 2.5 * plain(night.median())
    assert plain(rows()["amount_usd"].quantile(0.1)) < plain(night.quantile(0.6))


def test_partly_in_person() -> None:
    """Cards are shown in shops and at cash machines, and used online."""
    share = dict(rows()["channel"].value_counts(normalize=True).iter_rows())
    assert 0.35 < share["in_store"] + share["atm"] < 0.75
    assert share["atm"] > 0.1
    assert share["online"] + share["app"] > 0.2


def test_what_is_bought_is_open() -> None:
    """In person it is cash, bars, fuel, hotels and the like; electronics and jewellery are ordered."""
    shop = rows().filter(pl.col("channel") == "in_store")["mcc"]
    assert plain(shop.is_in(["5732", "5944"]).mean()) < 0.05
    online = rows().filter(pl.col("channel").is_in(["online", "app"]))["mcc"]
    honest = world().genuine.filter(pl.col("channel").is_in(["online", "app"]))["mcc"]
    assert plain(online.is_in(["5732", "5944"]).mean()) > 3 * plain(honest.is_in(["5732", "5944"]).mean())


def test_some_orders_come_from_the_owners_phone() -> None:
    """Whoever has the phone as well orders from the owner's device; the others from somebody else's."""
    owners = world().frames["devices"].select("device_id", owner="customer_id")
    seen = rows().join(owners, on="device_id")
    own = plain((seen["owner"] == seen["customer_id"]).mean())
    assert 0.1 < own < 0.6


def test_a_stolen_phone_is_in_town() -> None:
    """On the owner's device, which is a phone, orders come over the mobile network and not from the owner's home."""
    owners = world().frames["devices"].select("device_id", owner="customer_id")
    stolen = rows().join(owners, on="device_id").filter(pl.col("owner") == pl.col("customer_id"))
    assert stolen.height > 10
    assert set(stolen["ip_type"]) == {"mobile"}
    assert set(stolen["device_type"]) <= {"ios", "android"}


def test_the_place_is_where_the_owner_is() -> None:
    """In person it happens in a city in which the owner pays, too."""
    where = [pl.col("latitude").round(0), pl.col("longitude").round(0)]
    genuine = world().genuine.filter(pl.col("latitude").is_not_null()).select("customer_id", *where).unique()
    fraud = rows().filter(pl.col("latitude").is_not_null()).select("customer_id", *where)
    known = fraud.filter(pl.col("customer_id").is_in(genuine["customer_id"].unique().implode()))
    assert known.join(genuine, on=known.columns, how="semi").height > 0.8 * known.height
