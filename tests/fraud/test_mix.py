"""How much fraud of which kind, when, and who hears of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.cell.assembly import Streams
from payloom.config import make_config
from tests.bounds import assert_share
from tests.cell.configs import TYPOLOGIES, shares
from tests.cell.worlds import World, default_world, make, odd_world
from tests.counts import count

MUCH = {
    "world": {"rows": count(60_000, 600_000), "fraud_rate": "0.2", "start": "2025-03-01", "end": "2026-01-01"},
    "fraud": {"mix": {"cnp_stolen": 0.1, "card_testing": 0.2, "account_takeover": 0.3, "device_farm": 0.4}},
}


def much() -> World:
    return make(MUCH)


worlds = pytest.mark.parametrize("made", [default_world, odd_world, much], ids=["default", "odd", "much"])


def labelled(world: World) -> pl.DataFrame:
    return world.frames["fraud_labels"].join(world.payments, on="transaction_id", suffix="_payment")


def frauds(world: World) -> pl.DataFrame:
    """Labels of what is fraud, without genuine payments that are disputed."""
    return world.frames["fraud_labels"].filter(pl.col("is_fraud"))


@worlds
def test_typologies_have_their_shares(made) -> None:
    """Each typology has its share of the fraud to less than one payment."""
    world = made()
    counts = dict(frauds(world).group_by("typology").len().iter_rows())
    total = sum(counts.values())
    for name, share in world.config.fraud.mix.items():
        assert abs(counts.get(name, 0) - share * total) < 1, name


@given(shares(TYPOLOGIES), st.integers(0, 5_000))
def test_any_mix_is_split_exactly(mix, fraud) -> None:
    """Whatever the mix, typologies sum to the fraud, each is next to its share, and none without a share comes."""
    values = {"world": {"rows": 10_000, "fraud_rate": str(fraud / 10_000), "end": "2025-01-08"}, "fraud": {"mix": mix}}
    plans = Streams.of(make_config(values)).fraud.plot.fraud
    made = {one.typology.name: int(one.quota.sum()) for one in plans}
    assert set(made) == {name for name, share in mix.items() if share > 0}
    assert sum(made.values()) == fraud
    assert all(abs(made[name] - mix[name] * fraud) < 1 for name in made)


def per_day(spikes: list[dict[str, Any]]) -> dict[str, tuple[float, float, float]]:
    """Frauds a day by typology: in May and June, in December and January, and in some usual months."""
    values = {
        "world": {"rows": 30_000, "fraud_rate": "0.4", "start": "2025-01-01", "end": "2026-01-01"},
        "calendar": {"season_strength": 0.0, "holiday_strength": 0.0, "black_friday_strength": 0.0},
        "fraud": {"mix": {"cnp_stolen": 0.5, "account_takeover": 0.5}, "drift_sigma": 0.0, "spikes": spikes},
    }
    month = frauds(make(values)).with_columns(month=pl.col("event_time").dt.month())
    rates = {}
    for name in ("cnp_stolen", "account_takeover"):
        of = month.filter(pl.col("typology") == name)["month"]
        spans = ((5, 6), 61), ((12, 1), 62), ((3, 4, 8, 9, 10, 11), 183)
        early, winter, usual = (float(of.is_in(months).sum()) / days for months, days in spans)
        rates[name] = (early, winter, usual)
    return rates


@pytest.mark.statistical
def test_spikes_multiply_the_typologies_they_name() -> None:
    """In a window fraud runs at the configured multiple of what it is without: within 15 %, others stay as they are."""
    spikes = [
        {"name": "s", "start": "05-01", "end": "07-01", "multiplier": 4.0, "typologies": ["cnp_stolen"]},
        {"name": "w", "start": "12-01", "end": "02-01", "multiplier": 0.2, "typologies": ["cnp_stolen"]},
    ]
    level, spiked = per_day([]), per_day(spikes)
    early, winter, usual = (
        after / before for after, before in zip(spiked["cnp_stolen"], level["cnp_stolen"], strict=True)
    )
    assert early / usual == pytest.approx(4.0, rel=0.15)
    assert winter / usual == pytest.approx(0.2, rel=0.15)
    assert spiked["account_takeover"] == level["account_takeover"]


def test_the_default_world_has_black_friday_and_christmas() -> None:
    """Spikes of these names hold the days that they are named after, in every year."""
    spikes = {spike.name: spike for spike in make_config({}).fraud.spikes}
    november, christmas = spikes["black_friday"], spikes["christmas"]
    assert november.start_month_day < (11, 23)
    assert november.end_month_day > (11, 29)
    assert november.multiplier > 1
    assert "cnp_stolen" in november.typologies
    assert christmas.start_month_day < (12, 24)
    assert christmas.end_month_day > (12, 25)


@worlds
def test_labels_tell_of_their_payments(made) -> None:
    """A label has its payment's time; every fraud has one, and so has every dispute of a genuine payment."""
    frame = labelled(made())
    assert frame.height == made().frames["fraud_labels"].height
    assert (frame["event_time"] == frame["event_time_payment"]).all()
    assert (frame["is_fraud"] == frame["is_fraud_payment"]).all()
    assert (frame["is_fraud"] == (frame["role"] != "disputed")).all()
    assert frame["transaction_id"].is_unique().all()
    assert frame["is_fraud"].sum() == made().payments["is_fraud"].sum()


@worlds
def test_reports_follow_events(made) -> None:
    """A report comes after the payment and within 120 days of it, a chargeback after the report and 120 days."""
    frame = labelled(made())
    told = frame.filter(pl.col("reported_at").is_not_null())
    assert told.height > 50
    wait = told["reported_at"] - told["event_time"]
    assert wait.min() > timedelta(0)  # type: ignore[operator]
    assert wait.max() <= timedelta(days=121)  # type: ignore[operator]
    claimed = told.filter(pl.col("chargeback_at").is_not_null())
    wait = claimed["chargeback_at"] - claimed["reported_at"]
    assert wait.min() > timedelta(0)  # type: ignore[operator]
    assert wait.max() <= timedelta(days=120)  # type: ignore[operator]


@worlds
def test_declined_fraud_is_never_reported_nor_charged_back(made) -> None:
    """Nobody misses money that was not taken; a verification for 0 cannot be charged back."""
    frame = labelled(made())
    declined = frame.filter(pl.col("response_code") != "00")
    assert declined.height > 10
    assert declined["reported_at"].null_count() == declined.height
    assert frame.filter(pl.col("amount_minor") == 0)["chargeback_at"].drop_nulls().len() == 0


@pytest.mark.statistical
def test_reports_have_the_declared_shares_and_delays() -> None:
    """Of approved fraud each typology's shares are reported and charged back; half within its median (30 % slack).

    A case of many events is reported as one, so the events are far from independent.
    """
    world = much()
    frame = labelled(world).filter(pl.col("response_code") == "00", pl.col("amount_minor") > 0)
    for one in Streams.of(world.config).fraud.plot.fraud:
        kind = one.typology
        rows = frame.filter(pl.col("typology") == kind.name)
        silent = rows["reported_at"].null_count()
        assert_share(silent, rows.height, kind.settings.unreported_share, slack=0.1, what=kind.name)
        told = rows.filter(pl.col("reported_at").is_not_null())
        charged = told["chargeback_at"].drop_nulls().len()
        assert_share(charged, told.height, kind.settings.chargeback_share, slack=0.05, what=kind.name)
        cases = told.unique(["campaign_id", "customer_id"])
        days = (cases["reported_at"] - cases["event_time"]).dt.total_seconds() / 86_400
        assert days.median() == pytest.approx(kind.settings.report_delay_median_days, rel=0.3), kind.name


@worlds
def test_campaigns_are_short_and_of_one_kind(made) -> None:
    """A campaign has one typology and lasts no longer than that typology allows."""
    world = made()
    days = {one.typology.name: one.typology.max_days for one in Streams.of(world.config).fraud.plot.fraud}
    campaigns = (
        frauds(world)
        .group_by("campaign_id")
        .agg(
            typology=pl.col("typology").first(),
            kinds=pl.col("typology").n_unique(),
            first=pl.col("event_time").min().dt.date(),
            last=pl.col("event_time").max().dt.date(),
        )
    )
    assert (campaigns["kinds"] == 1).all()
    for name, first, last in campaigns.select("typology", "first", "last").iter_rows():
        assert isinstance(first, date)
        assert (last - first).days < days[name]


@worlds
def test_what_ties_a_campaign_together(made) -> None:
    """A takeover has one victim and device; tests one merchant and few devices; a farm few devices, many accounts."""
    frame = labelled(made()).filter(pl.col("is_fraud"))
    # Cards that passed a test are used by others, elsewhere.
    frame = frame.filter((pl.col("typology") != "card_testing") | (pl.col("role") == "test"))
    each = frame.group_by("campaign_id").agg(
        pl.col("typology").first(),
        events=pl.len(),
        customers=pl.col("customer_id").n_unique(),
        cards=pl.col("card_id").n_unique(),
        merchants=pl.col("merchant_id").n_unique(),
        devices=pl.col("device_id").drop_nulls().n_unique(),
    )
    of = {name: each.filter(pl.col("typology") == name) for name in TYPOLOGIES}
    assert of["account_takeover"]["customers"].max() == 1
    # A device may be replaced in the middle of a campaign.
    assert of["account_takeover"]["devices"].max() <= 2  # type: ignore[operator]
    assert (of["account_takeover"]["devices"] > 1).mean() < 0.02  # type: ignore[operator]
    assert of["card_testing"]["merchants"].max() == 1
    # Scripts change the emulated device after some tests at most.
    assert (of["card_testing"]["devices"] <= 3 + of["card_testing"]["events"] / 3).all()
    assert of["device_farm"]["devices"].max() <= 6  # type: ignore[operator]
    assert (of["device_farm"]["devices"] > 4).mean() < 0.05  # type: ignore[operator]
    large = of["device_farm"].filter(pl.col("events") >= 30)
    assert (large["customers"] >= 5).all()
    assert of["cnp_stolen"]["customers"].max() > 1  # type: ignore[operator]


@worlds
def test_fraud_hits_people_who_are_there(made) -> None:
    """Victims are customers with cards; several are hit by no more than their share."""
    world = made()
    victims = labelled(world).join(world.frames["customers"], on="customer_id", how="left", suffix="_customer")
    assert victims["opened_on"].null_count() == 0
    assert (victims["event_time"].dt.date() >= victims["opened_on"]).all()
