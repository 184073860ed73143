"""Genuine transfers look like people's lives: salaries, rents, bills, and what friends send each other."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from payloom.behaviour.limits import LIMITS, fitted_dollars, limit_units
from payloom.behaviour.pricing import MINOR_PER_USD
from payloom.codes import CURRENCY
from payloom.streams.hashing import Keys, draw
from tests.cell.worlds import World, default_world, make, odd_world
from tests.counts import count

LIFE = {"world": {"rows": count(90_000, 600_000)}, "transfers": {"standing_share": 0.08}}
"""Twice the standing orders, so that a small world shows whole lives."""


def life() -> World:
    return make(LIFE)


worlds = pytest.mark.parametrize("made", [default_world, odd_world, life], ids=["default", "odd", "life"])


def transfers(world: World) -> pl.DataFrame:
    """Transfers with the kinds and holders of both accounts, and the payer's local time."""
    accounts = world.frames["accounts"].select(
        "account_id", kind="account_kind", holder="customer_id", account_currency="currency"
    )
    offset = pl.duration(minutes=pl.col("local_offset_min"))
    return (
        world.payments.filter(pl.col("transaction_type") == "transfer")
        .join(accounts, on="account_id", how="left")
        .join(accounts, left_on="payee_account_id", right_on="account_id", how="left", suffix="_to")
        .with_columns(local=pl.col("event_time") + offset)
        .with_columns(day=pl.col("local").dt.day(), month=pl.col("local").dt.strftime("%Y-%m"))
    )


def salaries(world: World) -> pl.DataFrame:
    """Transfers from a business that returns at least three times to the same person."""
    batch = pl.col("is_recurring") & (pl.col("kind") == "business") & (pl.col("kind_to") == "current")
    pairs = transfers(world).filter(batch, ~pl.col("is_fraud"))
    return pairs.filter(pl.col("month").n_unique().over("account_id", "payee_account_id") >= 3)


@worlds
def test_both_accounts_exist_and_differ(made) -> None:
    """Payer and payee are two accounts of the accounts table, in the transfer's currency where a person pays."""
    frame = transfers(made())
    assert frame.height > 500
    assert frame["kind"].null_count() == 0
    assert frame["kind_to"].null_count() == 0
    assert (frame["account_id"] != frame["payee_account_id"]).all()
    assert (frame["amount_minor"] > 0).all()
    assert (frame["amount_usd"] > 0).all()
    people = frame.filter(pl.col("holder").is_not_null())
    assert (people["currency"] == people["account_currency"]).all()


@worlds
def test_the_person_concerned_is_a_holder(made) -> None:
    """Whose transfer it is holds the paying account, or the receiving one where a business pays."""
    frame = transfers(made())
    concerned = frame.select(pl.coalesce("holder", "holder_to"), "customer_id")
    assert (concerned["holder"] == concerned["customer_id"]).all()


@worlds
def test_nobody_holds_a_device_in_a_standing_order(made) -> None:
    """Standing orders and batches have no device, no address; what is ordered by hand has an address."""
    frame = transfers(made())
    standing = frame.filter("is_recurring")
    assert standing["device_id"].null_count() == standing.height > 0
    assert standing["ip_address"].null_count() == standing.height
    assert frame.filter(~pl.col("is_recurring"))["ip_address"].null_count() == 0


def test_salaries_fall_on_few_days() -> None:
    """About 85 % of salaries fall on eight days of the month (Berka); at most 93 %, at least 77 %."""
    days = salaries(life()).group_by("day").len()["len"].sort(descending=True).to_list()
    assert 0.77 < sum(days[:8]) / sum(days) < 0.93


def test_a_salary_comes_once_a_month_on_its_day_from_one_employer() -> None:
    """Most earners have one employer; a salary comes once a month, on the same day, and hardly varies."""
    paid = salaries(life())
    assert paid["payee_account_id"].n_unique() > 200
    pair = ["account_id", "payee_account_id"]
    employers = paid.unique(pair).group_by("payee_account_id").len()["len"]
    assert (employers == 1).mean() > 0.75  # type: ignore[operator]
    each = paid.group_by(pair).agg(
        months=pl.col("month").n_unique(),
        payments=pl.len(),
        day=pl.col("day").mode().first(),
        same_day=(pl.col("day") == pl.col("day").mode().first()).mean(),
        spread=pl.col("amount_minor").std() / pl.col("amount_minor").mean(),
    )
    assert (each["payments"] == each["months"]).mean() > 0.95  # type: ignore[operator]
    # The 29th to 31st are not in every month.
    assert (each.filter(pl.col("day") < 29)["same_day"] == 1).mean() > 0.9  # type: ignore[operator]
    assert each["spread"].median() < 0.06  # type: ignore[operator]


def test_rents_go_to_the_same_landlord() -> None:
    """Standing orders between people repeat the amount exactly, month by month; some landlords have many tenants."""
    frame = transfers(life())
    between = frame.filter(pl.col("is_recurring"), pl.col("kind") == "current", pl.col("kind_to") == "current")
    each = between.group_by("account_id", "payee_account_id", "amount_minor").agg(pl.col("month").n_unique())
    assert each["month"].median() >= 6  # type: ignore[operator]
    tenants = between.group_by("payee_account_id").agg(pl.col("account_id").n_unique())["account_id"]
    assert tenants.max() >= 4  # type: ignore[operator]


def test_employers_pay_many() -> None:
    """A payroll is a fan-out: some employer pays four people on one day."""
    payroll = (
        salaries(life()).group_by("account_id", pl.col("local").dt.date()).agg(pl.col("payee_account_id").n_unique())
    )
    assert payroll["payee_account_id"].max() >= 4  # type: ignore[operator]


@worlds
def test_genuine_transfers_outnumber_fraudulent_ones(made) -> None:
    """There are at least ten genuine transfers for each fraudulent one where fraud has its usual rate."""
    world = made()
    rate = float(world.config.world.fraud_rate)
    counts = dict(transfers(world).group_by("is_fraud").len().iter_rows())
    assert counts[False] > (10 if rate < 0.01 else 1) * counts.get(True, 0)


def test_fitted_amounts_stay_below_their_limit() -> None:
    """Amounts fitted to a limit never reach it, most of them lie within 12 % of it, and some lie far below."""
    keys, number = Keys(1), np.arange(4_000)
    limit = limit_units(draw(keys["limit"], number))
    assert set(limit.tolist()) == set(LIMITS.tolist())
    dollar = CURRENCY.index("USD")
    amount = fitted_dollars(limit, np.full(4_000, dollar), draw(keys["amount"], number), draw(keys["step"], number))
    share = amount * MINOR_PER_USD[dollar] / 100.0 / limit
    assert share.max() < 1.0
    assert 0.6 < (share > 0.87).mean() < 0.8
    assert (share < 0.6).mean() > 0.1
