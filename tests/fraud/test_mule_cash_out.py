"""A cash-out empties an account from a strange device, within hours, and the mule passes the money on."""

from __future__ import annotations

import polars as pl

from tests.cell.worlds import World, make
from tests.counts import count
from tests.fraud.campaign_rows import fraud_of


def world() -> World:
    return make(
        {
            "world": {"rows": count(40_000, 200_000), "fraud_rate": "0.02", "customers": 4_000},
            "fraud": {"mix": {"mule_cash_out": 1.0}},
        }
    )


def taken() -> pl.DataFrame:
    return fraud_of(world()).filter(pl.col("role") == "collect")


def test_the_device_is_not_the_victims() -> None:
    """What is taken leaves from a device that never belonged to the victim."""
    owners = world().frames["devices"].select("device_id", owner="customer_id")
    rows = taken().filter(pl.col("device_id").is_not_null()).join(owners, on="device_id")
    assert rows.height > 100
    assert (rows["owner"] != rows["customer_id"]).mean() > 0.97  # type: ignore[operator]


def test_one_device_and_one_mule_a_campaign() -> None:
    """All that a campaign takes goes to one account, from one device."""
    each = (
        taken()
        .group_by("campaign_id")
        .agg(mules=pl.col("payee_account_id").n_unique(), devices=pl.col("device_id").drop_nulls().n_unique())
    )
    # In small places the victim may be the mule, by chance; the money then goes to a shop.
    assert (each["mules"] == 1).mean() > 0.97  # type: ignore[operator]
    assert (each["devices"] <= 1).mean() > 0.97  # type: ignore[operator]


def test_the_mule_passes_on_what_came() -> None:
    """What leaves the mule's account afterwards is what came in, less a cut; some of it goes to a business."""
    fraud = fraud_of(world())
    out = pl.col("role").is_in(["forward", "cash_out"])
    each = fraud.group_by("campaign_id").agg(
        came=pl.col("amount_minor").filter(~out).sum(),
        went=pl.col("amount_minor").filter(out).sum(),
        last_in=pl.col("event_time").filter(~out).max(),
        first_out=pl.col("event_time").filter(out).min(),
    )
    passed = each.filter(pl.col("went") > 0)
    assert passed.height > 50
    assert (passed["last_in"] < passed["first_out"]).all()
    assert 0.85 < (passed["went"] / passed["came"]).median() < 1.0  # type: ignore[operator]
    kinds = world().frames["accounts"].select("account_id", kind="account_kind")
    payees = (
        fraud.join(kinds, left_on="payee_account_id", right_on="account_id")
        .group_by("role")
        .agg(business=(pl.col("kind") == "business").mean())
    )
    share = dict(payees.iter_rows())
    assert share["cash_out"] == 1
    assert share["forward"] == 0
    assert share["collect"] < 0.02


def test_it_is_over_soon() -> None:
    """Nine campaigns in ten are over within two days of their first transfer."""
    spans = (
        fraud_of(world())
        .group_by("campaign_id")
        .agg(hours=(pl.col("event_time").max() - pl.col("event_time").min()).dt.total_hours())["hours"]
    )
    assert (spans < 48).mean() > 0.9  # type: ignore[operator]


def test_half_of_the_victims_hardly_pay() -> None:
    """Dormant accounts are over-represented: victims pay less than the average customer in the median."""
    paid = world().genuine.group_by("customer_id").len()
    customers = world().frames["customers"].select("customer_id").join(paid, on="customer_id", how="left").fill_null(0)
    victims = taken().select("customer_id").unique().join(customers, on="customer_id")
    assert victims["len"].median() < 0.85 * customers["len"].median()  # type: ignore[operator]
