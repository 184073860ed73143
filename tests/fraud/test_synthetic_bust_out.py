"""Synthetic identity and bust-out: quiet for months, then everything within days, then gone."""

from __future__ import annotations

import polars as pl

from tests.cell.worlds import World, make
from tests.fraud.campaign_rows import fraud_of


def world() -> World:
    # With few customers too few leave in a month.
    size = {"rows": 60_000, "fraud_rate": "0.01", "customers": 3_000}
    return make({"world": size, "fraud": {"mix": {"synthetic_bust_out": 1.0}, "drift_sigma": 0.0}})


def rows() -> pl.DataFrame:
    return fraud_of(world())


def sprees() -> pl.DataFrame:
    found = (
        rows()
        .group_by("campaign_id", "customer_id")
        .agg(
            first=pl.col("event_time").min(),
            last=pl.col("event_time").max(),
            events=pl.len(),
            cards=pl.col("card_id").n_unique(),
        )
    )
    assert found.height >= 30
    return found


def test_a_spree_lasts_days_with_one_card() -> None:
    """Everything is spent within six days, on one card of each identity."""
    found = sprees()
    assert ((found["last"] - found["first"]).dt.total_days() < 6).all()
    assert (found["cards"] == 1).mean() > 0.9  # type: ignore[operator]


def test_months_of_ordinary_life_come_before() -> None:
    """Once the year is under way, identities paid for more than a month before, and are gone two months after."""
    later = sprees().filter(pl.col("first").dt.month().is_between(4, 10))
    lives = (
        world().genuine.group_by("customer_id").agg(begin=pl.col("event_time").min(), end=pl.col("event_time").max())
    )
    both = later.join(lives, on="customer_id")
    assert both.height > 0.75 * later.height
    assert ((both["first"] - both["begin"]).dt.total_days() > 30).mean() > 0.7  # type: ignore[operator]
    assert ((both["end"] - both["last"]).dt.total_days() < 62).mean() > 0.95  # type: ignore[operator]


def test_limits_are_used_up_towards_the_end() -> None:
    """The last third of a spree is declined several times as often as the first, mostly for want of funds or limit."""
    place = pl.int_range(pl.len()).over("campaign_id") / pl.len().over("campaign_id")
    found = rows().with_columns(place=place).filter(pl.len().over("campaign_id") >= 6)
    declined = pl.col("response_code") != "00"
    first = found.filter(pl.col("place") < 0.34).select(declined.mean()).item()
    last = found.filter(pl.col("place") > 0.66).select(declined.mean()).item()
    assert last > 2 * first
    assert last > 0.25
    refused = found.filter(declined)["response_code"]
    assert refused.is_in(["51", "61"]).mean() > 0.6  # type: ignore[operator]


def test_spending_is_high_and_as_good_as_cash() -> None:
    """The mean payment is dearer by a quarter at least, and yet some are small; cash is drawn more than usual."""
    honest, fraud = world().genuine.filter(pl.col("card_id").is_not_null()), rows()
    assert fraud["amount_usd"].mean() > 1.25 * honest["amount_usd"].mean()  # type: ignore[operator]
    assert fraud["amount_usd"].quantile(0.25) < honest["amount_usd"].quantile(0.75)  # type: ignore[operator]
    cash = [frame.select((pl.col("transaction_type") == "cash_withdrawal").mean()).item() for frame in (fraud, honest)]
    assert cash[0] > 1.2 * cash[1] > 0


def test_some_identities_meet_on_one_phone() -> None:
    """In rings several identities pay from one device; most campaigns are one identity on its own devices."""
    each = rows().group_by("campaign_id").agg(identities=pl.col("customer_id").n_unique())
    assert 0.05 < (each["identities"] > 1).mean() < 0.5  # type: ignore[operator]
    users = rows().drop_nulls("device_id").group_by("campaign_id", "device_id").agg(pl.col("customer_id").n_unique())
    assert users["customer_id"].max() > 1  # type: ignore[operator]


def test_identities_are_there_during_their_spree() -> None:
    """Nobody spends before the account is opened or after it is closed."""
    found = rows().join(world().frames["customers"], on="customer_id", suffix="_holder")
    day = found["event_time"].dt.date()
    assert (day >= found["opened_on"]).all()
    assert (day <= found["closed_on"].fill_null(day.max())).all()
