"""Payments agree with the tables of customers, accounts, cards, devices and merchants."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from payloom.reference import City, load_cities, load_countries
from tests.cell.worlds import World, default_world, make, odd_world
from tests.counts import count

SMALL = {"world": {"rows": count(3_000, 30_000), "customers": 25, "merchants": 100, "end": "2025-07-01"}}
"""So few people and shops that groups, cohorts and places run empty."""

CHURNING: dict[str, Any] = {
    "world": {"rows": 15_000, "end": "2025-07-01", "fraud_rate": "0.1"},
    "calendar": {"growth_per_year": 2.0, "churn_per_year": 0.9},
    "refunds": {"share": 0.08, "max_lag_days": 60},
}
"""Customers come and go all the time."""


SPARSE: dict[str, Any] = {"world": {"rows": 4_000, "start": "2006-01-01", "end": "2026-01-01", "fraud_rate": "0.05"}}
"""Twenty years with a handful of people: many join and leave, and somebody must always be there."""


def small_world() -> World:
    return make(SMALL)


def churning_world() -> World:
    return make(CHURNING)


def sparse_world() -> World:
    return make(SPARSE)


MADE = {
    "default": default_world,
    "odd": odd_world,
    "small": small_world,
    "churning": churning_world,
    "sparse": sparse_world,
}
worlds = pytest.mark.parametrize("made", MADE.values(), ids=list(MADE))


def joined(world: World, table: str, key: str) -> pl.DataFrame:
    """Payments beside the row of an entity table; its columns are named table.column."""
    entity = world.frames[table].rename(lambda name: name if name == key else f"{table}.{name}")
    return world.by_card.with_columns(day=pl.col("event_time").dt.date()).join(entity, on=key, how="left")


def differ(frame: pl.DataFrame, first: str, second: str) -> pl.DataFrame:
    return frame.filter(pl.col(first).is_not_null() & ~pl.col(first).eq_missing(pl.col(second)))


@worlds
@pytest.mark.parametrize("table", ["customers", "accounts", "cards", "devices", "merchants"])
def test_keys_are_unique(made, table) -> None:
    """An entity has one row, and rows lie in order of their opaque key."""
    keys = made().frames[table].to_series(0)
    assert keys.n_unique() == len(keys)
    assert keys.is_sorted()


@worlds
def test_cards_belong_to_their_holders(made) -> None:
    """Every card is in the table, with the payment's customer, account, BIN, issuer, brand, funding and country."""
    frame = joined(made(), "cards", "card_id")
    for name in (
        "customer_id", "account_id", "bin_id", "issuer_id", "card_brand", "card_type", "issuer_country",
    ):  # fmt: skip
        assert differ(frame, name, f"cards.{name}").height == 0, name


@worlds
def test_cards_pay_while_they_are_valid(made) -> None:
    """A card pays from the day it was issued until it expires; a replaced one pays only until its successor comes.

    A blocked card is declined from then on, whoever tries it.
    """
    world = made()
    frame = joined(world, "cards", "card_id")
    assert (
        frame.filter((pl.col("day") < pl.col("cards.issued_on")) | (pl.col("day") >= pl.col("cards.expires_on"))).height
        == 0
    )
    cards = world.frames["cards"]
    heirs = cards.join(cards, left_on="replaced_by_card_id", right_on="card_id", suffix="_new")
    assert heirs.height == cards["replaced_by_card_id"].drop_nulls().len()
    assert (heirs["account_id"] == heirs["account_id_new"]).all()
    assert (heirs["issued_on_new"] >= heirs["issued_on"]).all()
    assert (heirs["issued_on_new"] < heirs["expires_on"]).all()
    late = frame.join(heirs.select("card_id", "issued_on_new"), on="card_id").filter(
        pl.col("day") > pl.col("issued_on_new")
    )
    assert late.filter(pl.col("response_code") == "00").height == 0


@worlds
def test_customers_pay_while_they_are_customers(made) -> None:
    """Every payer is in the table, between the first and the last day, with the home country of the issuer."""
    frame = joined(made(), "customers", "customer_id")
    assert frame["customers.opened_on"].null_count() == 0
    early = frame.filter(pl.col("day") < pl.col("customers.opened_on"))
    late = frame.filter(pl.col("day") >= pl.col("customers.closed_on"))
    assert early.height == 0
    assert late.filter(pl.col("transaction_type") != "refund").height == 0
    assert differ(frame, "issuer_country", "customers.home_country").height == 0


@worlds
def test_nobody_is_paid_back_to_a_closed_account(made) -> None:
    """A refund comes before its account is closed."""
    frame = joined(made(), "accounts", "account_id").filter(pl.col("transaction_type") == "refund")
    assert frame.filter(pl.col("day") >= pl.col("accounts.closed_on")).height == 0


@worlds
def test_accounts_belong_to_their_holders(made) -> None:
    """Every account is in the table with its customer, in the currency of the customer's country."""
    world = made()
    frame = joined(world, "accounts", "account_id")
    assert differ(frame, "customer_id", "accounts.customer_id").height == 0
    own = world.frames["accounts"].filter(pl.col("account_kind") != "business")
    accounts = own.join(world.frames["customers"], on="customer_id", suffix="_customer")
    assert accounts.height == own.height
    currency = {code: country.currency for code, country in load_countries().items()}
    assert (accounts["currency"] == accounts["home_country"].replace_strict(currency)).all()
    assert accounts["opened_on"].equals(accounts["opened_on_customer"])
    assert accounts["closed_on"].equals(accounts["closed_on_customer"])


def assert_alive(devices: pl.DataFrame) -> None:
    """Payments beside their devices: known, of the same kind, activated and not yet retired."""
    frame = devices.filter(pl.col("device_id").is_not_null())
    assert frame.height > 0
    assert frame["devices.device_type"].null_count() == 0
    assert differ(frame, "device_type", "devices.device_type").height == 0
    outside = (pl.col("day") < pl.col("devices.activated_on")) | (pl.col("day") >= pl.col("devices.retired_on"))
    assert frame.filter(outside).height == 0


@worlds
def test_devices_are_used_while_they_live(made) -> None:
    """Every device of a payment is in the table, of its kind, between activation and retirement."""
    assert_alive(joined(made(), "devices", "device_id").filter(~pl.col("is_fraud")))


@worlds
def test_devices_of_fraudsters_live_as_well(made) -> None:
    """The same for the devices that fraudsters pay with."""
    assert_alive(joined(made(), "devices", "device_id").filter(pl.col("is_fraud")))


@worlds
def test_merchants_agree_with_their_payments(made) -> None:
    """Trade, country, bank and place of every payment are those of its merchant; online is online."""
    frame = joined(made(), "merchants", "merchant_id")
    assert frame["merchants.name"].null_count() == 0
    assert differ(frame, "mcc", "merchants.mcc").height == 0
    assert differ(frame, "merchant_country", "merchants.country").height == 0
    assert differ(frame, "acquirer_id", "merchants.acquirer_id").height == 0
    assert differ(frame, "latitude", "merchants.latitude").height == 0
    assert differ(frame, "longitude", "merchants.longitude").height == 0
    assert (frame["terminal_id"].is_null() == frame["merchants.is_online"]).all()


@worlds
def test_terminals_belong_to_one_merchant(made) -> None:
    """A terminal stands at one merchant, which has no more of them than its table says."""
    world = made()
    used = world.payments.filter(pl.col("terminal_id").is_not_null())
    assert (used.group_by("terminal_id").agg(pl.col("merchant_id").n_unique())["merchant_id"] == 1).all()
    counts = used.group_by("merchant_id").agg(n=pl.col("terminal_id").n_unique())
    merchants = world.frames["merchants"].join(counts, on="merchant_id")
    assert merchants.filter(pl.col("n") > pl.col("terminals")).height == 0
    assert (world.frames["merchants"]["terminals"].eq(0) == world.frames["merchants"]["is_online"]).all()


@worlds
def test_shops_and_homes_lie_in_their_cities(made) -> None:
    """A shop or a home is within six standard deviations of the centre of the city that its row names."""
    cities: dict[tuple[str, str], list[City]] = {}
    for city in load_cities():
        cities.setdefault((city.country, city.name), []).append(city)
    frames = made().frames
    shops = frames["merchants"].filter(~pl.col("is_online")).select("country", "city", "latitude", "longitude")
    homes = frames["customers"].select("home_country", "home_city", "home_latitude", "home_longitude")
    for country, name, latitude, longitude in [*shops.iter_rows(), *homes.iter_rows()]:
        # A degree of latitude is 111 km; standard deviations are at most 0.08 degrees, and 1.4 times that to the east.
        assert any(
            abs(latitude - city.latitude) < 6 * 0.08 and abs(longitude - city.longitude) < 6 * 0.08 * 1.4
            for city in cities[country, name]
        ), name


@worlds
def test_currency_is_the_merchants_countrys(made) -> None:
    """A payment is in the currency of the country in which it is accepted."""
    currency = {code: country.currency for code, country in load_countries().items()}
    payments = made().payments
    assert (payments["currency"] == payments["merchant_country"].replace_strict(currency)).all()


@worlds
def test_numbers_of_entities(made) -> None:
    """As many merchants as asked for; nobody pays who is not in the table of customers."""
    world = made()
    assert world.frames["merchants"].height == world.config.world.merchant_count
    payers = world.payments.select("customer_id").unique()
    assert payers.join(world.frames["customers"], on="customer_id", how="anti").height == 0
    for table in ("accounts", "cards", "devices"):
        owners = world.frames[table].select("customer_id").drop_nulls().unique()
        assert owners.height == world.frames["customers"].height


def test_customers_are_counted_exactly() -> None:
    """The config's customers are those who are there at some time of the period; unset, 10.5 payments a month each."""
    assert make(CHURNING | {"world": CHURNING["world"] | {"customers": 1_234}}).frames["customers"].height == 1_234
    world = default_world()
    # A month is a twelfth of the Gregorian mean year.
    assert world.frames["customers"].height == pytest.approx(world.payments.height / 10.5 / 12, rel=0.002)


@pytest.mark.statistical
@pytest.mark.parametrize(("growth", "churn"), [(0.12, 0.10), (0.5, 0.4), (-0.2, 0.3), (0.0, 0.0)])
def test_the_base_grows_and_churns_as_asked(growth, churn) -> None:
    """Over a year the base grows by the configured share, and the configured share of the first customers leaves."""
    calendar = {"growth_per_year": growth, "churn_per_year": churn}
    world = make({"world": {"rows": 3_000, "customers": 20_000}, "calendar": calendar})
    lives = world.frames["customers"].select("opened_on", left=pl.col("closed_on"))
    start, end = pl.date(2025, 1, 1), pl.date(2026, 1, 1)
    first = lives.filter(pl.col("opened_on") < start)
    last = lives.filter(pl.col("left").is_null())
    # Twelve steps of a month: the last customers to join do so in December, so eleven twelfths of a year's growth;
    # a customer who left is closed up to a month later.
    assert last.height / first.height - 1 == pytest.approx(growth * 11 / 12, abs=0.02)
    gone = first.filter(pl.col("left") < end + pl.duration(days=60)).height
    assert gone / first.height == pytest.approx(1 - (1 - churn / 12) ** 11, abs=0.015)
