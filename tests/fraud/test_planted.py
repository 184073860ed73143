"""Genuine payments that look like fraud: each kind has the signs that make it what it is, and none of them is fraud."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
import pytest

from payloom.cell.assembly import Streams
from payloom.cell.columns import ArrowColumns
from payloom.config import make_config
from payloom.fraud.campaigns import events_between
from tests.cell.worlds import World, make
from tests.counts import count

ROWS = 40_000


def share(name: str) -> float:
    """Share of a kind: a card that is used all day needs more payments a day."""
    return 0.045 if name == "corporate_card" else 0.02


@dataclass(frozen=True)
class Planted:
    """A world with one kind, and that kind's payments: with campaign, age in days, and number within the day."""

    world: World
    rows: pl.DataFrame


@cache
def planted(name: str) -> Planted:
    """Four months in which one payment in fifty or more is of one kind."""
    # So many merchants need as many cities as a large world has.
    values = {
        "world": {"rows": ROWS, "end": "2025-05-01", "merchants": 12_000},
        "planted": {"share": share(name), "mix": {name: 1.0}},
    }
    streams = Streams.of(make_config(values))
    plan = streams.model.plan
    (one,) = streams.fraud.plot.planted
    events = events_between(plan, one, plan.period.first_day, plan.period.end_day)
    ids = np.asarray(ArrowColumns.of(streams.model).transaction_ids(events.index))
    members = pl.DataFrame(
        {"transaction_id": ids, "campaign": events.campaign, "age": events.age, "number": events.number}
    )
    world = make(values)
    rows = world.payments.join(members, on="transaction_id")
    assert rows.height == members.height == int(one.quota.sum())
    return Planted(world, rows)


def mean(values: pl.Series) -> float:
    """Mean, of truths their share."""
    return float(values.cast(pl.Float64).to_numpy().mean())


def median(values: pl.Series) -> float:
    return float(np.median(values.cast(pl.Float64).to_numpy()))


NAMES = ["big_purchase", "corporate_card", "family_device", "first_party_dispute", "holiday_spree", "new_phone"]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_genuine_and_as_common_as_configured(name: str) -> None:
    """None of its payments is fraud, there are as many as asked for, and only disputes are labelled."""
    made = planted(name)
    assert not made.rows["is_fraud"].any()
    assert made.rows.height == pytest.approx(ROWS * share(name), rel=0.03)
    labels = made.world.frames["fraud_labels"].filter(~pl.col("is_fraud"))
    if name == "first_party_dispute":
        assert set(labels["transaction_id"]) == set(made.rows["transaction_id"])
        assert set(labels["role"]) == {"disputed"}
        assert set(labels["typology"]) == {name}
    else:
        assert labels.is_empty()


def disputes() -> pl.DataFrame:
    made = planted("first_party_dispute")
    return made.rows.join(made.world.frames["fraud_labels"], on="transaction_id", suffix="_label")


def test_disputed_payments_were_paid() -> None:
    """Nobody contests what was declined or cost nothing; most were bought remotely."""
    frame = disputes()
    assert set(frame["response_code"]) == {"00"}
    assert (frame["amount_minor"] > 0).all()
    assert 0.8 < mean(frame["terminal_id"].is_null()) < 0.97
    assert frame["reported_at"].null_count() == 0


def test_reasons_fit_what_was_bought() -> None:
    """Only a subscription is cancelled, nothing from a counter is not received, and fraud is no reason."""
    frame = disputes().filter(pl.col("chargeback_reason").is_not_null())
    reason = pl.col("chargeback_reason")
    assert frame.filter(reason == "cancelled_recurring").height > 20
    assert frame.filter(reason == "cancelled_recurring")["is_recurring"].all()
    assert frame.filter(reason == "not_received").height > 100
    assert frame.filter(reason == "not_received")["terminal_id"].is_null().all()
    assert {"unrecognised", "not_as_described", "duplicate"} <= set(frame["chargeback_reason"])
    assert not {"fraud_cnp", "fraud_cp", "counterfeit_liability"} & set(frame["chargeback_reason"])


def test_disputes_come_from_their_cardholders() -> None:
    """A cardholder tells the issuer, or a merchant does; no alert nor police has anything to find."""
    assert set(disputes()["report_channel"]) <= {"cardholder_app", "cardholder_call", "merchant"}


@pytest.mark.statistical
def test_half_of_the_chargebacks_are_first_party() -> None:
    """In the default mix disputes of genuine payments are 35 to 65 % of all chargebacks (Mastercard: about half)."""
    labels = make({"world": {"rows": count(250_000, 1_000_000)}}).frames["fraud_labels"]
    charged = labels.filter(pl.col("chargeback_at").is_not_null())
    assert charged.height > 400
    assert 0.35 < mean(~charged["is_fraud"]) < 0.65


def test_a_family_shares_a_device_and_a_line() -> None:
    """Several customers with cards of their own, who live in one city, pay on one device."""
    made = planted("family_device")
    homes = made.world.frames["customers"].select("customer_id", "home_city")
    each = (
        made.rows.join(homes, on="customer_id")
        .group_by("campaign")
        .agg(
            pl.len(),
            people=pl.col("customer_id").n_unique(),
            cards=pl.col("card_id").n_unique(),
            devices=pl.col("device_id").drop_nulls().n_unique(),
            cities=pl.col("home_city").n_unique(),
            places=pl.col("terminal_id").drop_nulls().n_unique(),
            lines=pl.col("ip_address").filter(pl.col("ip_type") == "home").n_unique(),
        )
    )
    large = each.filter(pl.col("len") >= 12)
    assert large.height > 15
    assert (each["devices"] <= 2).all()
    assert mean(each["devices"] <= 1) > 0.95
    assert mean(large["people"] >= 3) > 0.8
    assert (each["people"] <= 5).all()
    assert (large["cards"] >= large["people"]).all()
    assert (each["cities"] == 1).all()
    assert each["places"].sum() == 0
    assert (large["lines"] <= 2).all()


def test_a_corporate_card_is_used_all_day_in_several_cities() -> None:
    """One card, some ten payments a day, from morning to evening, in more than one city, for travel and food."""
    made = planted("corporate_card")
    merchants = made.world.frames["merchants"].select("merchant_id", "city", merchant_mcc="mcc")
    rows = made.rows.join(merchants, on="merchant_id", how="left").with_columns(
        hour=(pl.col("event_time") + pl.duration(minutes=pl.col("local_offset_min"))).dt.hour()
    )
    each = rows.group_by("campaign").agg(
        pl.len(),
        pl.col("customer_id").n_unique(),
        pl.col("card_id").n_unique(),
        cities=pl.col("city").drop_nulls().n_unique(),
        trades=pl.col("merchant_mcc").n_unique(),
        hours=pl.col("hour").n_unique(),
    )
    large = each.filter(pl.col("len") >= 20)
    assert large.height >= 8
    assert (each["customer_id"] == 1).all()
    assert mean(large["card_id"] == 1) > 0.9
    assert mean(large["cities"] >= 2) > 0.6
    assert (large["trades"] >= 6).all()
    assert (large["hours"] >= 8).all()
    days = rows.group_by("campaign", "age").len()["len"]
    assert mean(days >= 8) > 0.2
    assert (days <= 30).all()
    in_person = rows.filter(pl.col("terminal_id").is_not_null())
    assert in_person["hour"].is_between(6, 22).all()


def test_a_big_purchase_is_many_times_the_usual() -> None:
    """The median is 5 to 20 times the median of the same people's other card payments; remote ones are challenged."""
    made = planted("big_purchase")
    others = made.world.payments.join(made.rows, on="transaction_id", how="anti").filter(
        pl.col("transaction_type") == "purchase", ~pl.col("is_fraud")
    )
    usual = others.group_by("customer_id").agg(usual=pl.col("amount_usd").median(), n=pl.len()).filter(pl.col("n") > 5)
    times = made.rows.join(usual, on="customer_id").select(pl.col("amount_usd") / pl.col("usual")).to_series()
    assert times.len() > 300
    assert mean(times > 3) > 0.95
    assert 5 < median(times) < 40
    mean_ticket = mean(others["amount_usd"])
    factor = median(made.rows["amount_usd"]) / mean_ticket
    assert 5 < factor < 20
    remote = made.rows.filter(pl.col("entry_mode") == "ecommerce")
    assert mean(remote["three_ds"] == "challenged") > 0.6
    assert 0.05 < mean(made.rows["response_code"] != "00") < 0.25


def test_a_new_phone_was_never_seen_before() -> None:
    """The device is new in the world when the campaign begins, is used for all, and is kept afterwards."""
    made = planted("new_phone")
    on_device = made.world.payments.filter(pl.col("device_id").is_not_null())
    begins = made.rows.group_by("campaign").agg(
        start=pl.col("event_time").min(), device_id=pl.col("device_id").drop_nulls().first()
    )
    known = begins.drop_nulls().join(on_device.select("device_id", "event_time"), on="device_id")
    before = known.filter(pl.col("event_time") < pl.col("start") - pl.duration(days=8))
    assert begins.height > 80
    assert before["campaign"].n_unique() < 0.1 * begins.height
    devices = made.rows.group_by("campaign").agg(pl.col("device_id").drop_nulls().n_unique())
    assert mean(devices["device_id"] <= 1) > 0.97
    after = known.filter(pl.col("event_time") > pl.col("start") + pl.duration(days=4))
    assert after["campaign"].n_unique() > 0.5 * begins.height


def test_a_new_phone_is_set_up_and_tried_out() -> None:
    """The first payment checks the card for nothing; what follows in shops is tapped with the phone's wallet."""
    rows = planted("new_phone").rows
    first = rows.filter(pl.col("age") == 0, pl.col("number") == 0)
    assert first.height > 80
    assert set(first["transaction_type"]) == {"account_verification"}
    assert set(first["amount_minor"]) == {0}
    shops = rows.filter(pl.col("channel") == "in_store")
    assert shops.height > 30
    assert set(shops["cvm"]) == {"device"}
    assert shops["wallet"].null_count() == 0
    later = rows.filter((pl.col("age") > 0) | (pl.col("number") > 0), pl.col("transaction_type") == "purchase")
    assert later.height > 300


def test_a_holiday_is_spent_abroad_and_dearer() -> None:
    """Most campaigns are abroad in person, in few countries and many shops, and dearer than the same people's usual."""
    made = planted("holiday_spree")
    rows = made.rows.with_columns(
        abroad=pl.col("terminal_id").is_not_null() & (pl.col("merchant_country") != pl.col("issuer_country"))
    )
    assert mean(rows.filter(pl.col("terminal_id").is_not_null())["abroad"]) > 0.75
    each = rows.group_by("campaign").agg(
        pl.len(),
        countries=pl.col("merchant_country").filter("abroad").n_unique(),
        shops=pl.col("merchant_id").n_unique(),
        customers=pl.col("customer_id").n_unique(),
        remote=pl.col("terminal_id").is_null().sum(),
    )
    large = each.filter(pl.col("len") >= 10)
    assert large.height > 15
    assert (each["customers"] == 1).all()
    assert (each["countries"] <= 2).all()
    assert median(large["shops"] / large["len"]) > 0.7
    assert mean(large["remote"] > 0) > 0.7
    others = made.world.genuine.join(made.rows, on="transaction_id", how="anti")
    usual = median(others.filter(pl.col("transaction_type") == "purchase")["amount_usd"])
    assert median(rows.filter("abroad")["amount_usd"]) > 1.5 * usual


@pytest.mark.parametrize("rows", [20_000, 300_000])
def test_the_mix_of_look_alikes_holds_over_the_period(rows: int) -> None:
    """Every kind has its share of the planted payments to a few, though its campaigns run on some days only."""
    config = make_config({"world": {"rows": rows}})
    plot = Streams.of(config).fraud.plot
    total = sum(int(one.quota.sum()) for one in plot.planted)
    for one in plot.planted:
        wanted = config.planted.mix[one.typology.name] * total
        assert abs(int(one.quota.sum()) - wanted) < 3 + 0.03 * wanted, one.typology.name
