"""Mules pay each other in the shapes that they are named after, in order of time, and the money flows on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from payloom.behaviour import shapes
from tests.cell.worlds import World, make
from tests.counts import count
from tests.fraud.campaign_rows import fraud_of
from tests.fraud.patterns import WEEK, bipartites, cycles, fans, gather_scatters, scatter_gathers, stacks

NAMES = ("fan_in", "fan_out", "gather_scatter", "scatter_gather", "cycle", "bipartite", "stack", "structuring")

FIND: dict[str, Callable[[pl.DataFrame], int]] = {
    "fan_in": lambda found: fans(found, "b", "a", 4, WEEK),
    "fan_out": lambda found: fans(found, "a", "b", 4, WEEK),
    "gather_scatter": lambda found: gather_scatters(found, 2),
    "scatter_gather": lambda found: scatter_gathers(found, 2),
    "cycle": lambda found: sum(cycles(found, length) for length in (3, 4, 5, 6)),
    "bipartite": bipartites,
    "stack": stacks,
}

ROLES = {
    "fan_in": {"collect"},
    "fan_out": {"disperse"},
    "gather_scatter": {"collect", "disperse"},
    "scatter_gather": {"disperse", "collect"},
    "cycle": {"forward"},
    "bipartite": {"forward"},
    "stack": {"collect", "forward"},
    "structuring": {"disperse"},
}

every_shape = pytest.mark.parametrize("name", NAMES)


def world(name: str) -> World:
    return make(
        {
            "world": {"rows": count(40_000, 200_000), "fraud_rate": "0.02", "customers": 4_000},
            "fraud": {"mix": {name: 1.0}, "drift_sigma": 0.0},
        }
    )


@every_shape
def test_mules_are_customers_of_one_country(name) -> None:
    """All events are transfers between two customers' current accounts, all of a campaign in one currency."""
    frame = fraud_of(world(name))
    accounts = world(name).frames["accounts"].filter(pl.col("account_kind") == "current")["account_id"]
    assert set(frame["transaction_type"]) == {"transfer"}
    assert frame["account_id"].is_in(accounts.implode()).all()
    assert frame["payee_account_id"].is_in(accounts.implode()).all()
    assert (frame["account_id"] != frame["payee_account_id"]).all()
    assert (frame.group_by("campaign_id").agg(pl.col("currency").n_unique())["currency"] == 1).all()


@every_shape
def test_roles_are_those_of_the_shape(name) -> None:
    """Each shape has its roles; none is charged back."""
    frame = fraud_of(world(name))
    assert set(frame["role"]) == ROLES[name]
    assert frame["chargeback_reason"].null_count() == frame.height


@pytest.mark.parametrize("name", FIND)
def test_most_campaigns_show_their_shape(name) -> None:
    """The shape that a typology is named after is found by structure in more than half of its campaigns."""
    frame = fraud_of(world(name)).rename({"event_time": "t", "account_id": "a", "payee_account_id": "b"})
    found = [FIND[name](one) > 0 for _, one in frame.group_by("campaign_id")]
    assert len(found) > 20
    assert np.mean(found) > 0.5


@pytest.mark.parametrize("name", ["gather_scatter", "scatter_gather", "stack"])
def test_money_out_is_money_in_less_a_cut(name) -> None:
    """What leaves the accounts in the middle is 80 to 100 % of what they got, in the median."""
    frame = fraud_of(world(name))
    paid = frame.group_by("campaign_id", "account_id").agg(out=pl.col("amount_minor").sum(), left=pl.len())
    got = frame.group_by("campaign_id", account_id="payee_account_id").agg(
        into=pl.col("amount_minor").sum(), came=pl.len()
    )
    middle = paid.join(got, on=["campaign_id", "account_id"])
    whole = middle.group_by("campaign_id").agg(pl.col("out").sum() / pl.col("into").sum())["out"]
    assert 0.80 < whole.median() < 1.0  # type: ignore[operator]


def test_a_mule_passes_on_what_it_got() -> None:
    """In a scatter-gather hardly a mule sends more than came to it, and most send nearly all."""
    frame = fraud_of(world("scatter_gather"))
    came = frame.group_by("campaign_id", account_id="payee_account_id").agg(into=pl.col("amount_minor").sum())
    sent = frame.group_by("campaign_id", "account_id").agg(out=pl.col("amount_minor").sum())
    part = sent.join(came, on=["campaign_id", "account_id"]).select(pl.col("out") / pl.col("into"))["out"]
    assert part.len() > 50
    # Amounts are rounded to a tenth at most.
    assert (part > 1.1).mean() < 0.02  # type: ignore[operator]
    assert part.is_between(0.8, 1.0).mean() > 0.7  # type: ignore[operator]


def test_a_ring_passes_on_a_little_less() -> None:
    """Round the ring the amount falls, and none is passed on before it came."""
    frame = fraud_of(world("cycle"))
    following = frame.with_columns(
        before=pl.col("payee_account_id").shift().over("campaign_id"),
        had=pl.col("amount_minor").shift().over("campaign_id"),
    ).filter(pl.col("before").is_not_null())
    assert (following["before"] == following["account_id"]).mean() > 0.95  # type: ignore[operator]
    # A new round of the ring begins with the whole sum.
    assert (following["amount_minor"] < following["had"]).mean() > 0.7  # type: ignore[operator]


def test_structured_amounts_stay_below_a_limit() -> None:
    """All amounts of a campaign lie below one limit, most just below it, but far from all."""
    frame = fraud_of(world("structuring")).filter(pl.col("currency").is_in(["USD", "EUR", "GBP"]))
    largest = frame.group_by("campaign_id").agg(pl.col("amount_minor").max(), pl.len()).filter(pl.col("len") >= 5)
    limits = np.array([1_000_00, 3_000_00, 10_000_00])
    top = largest["amount_minor"].to_numpy()
    below = limits[np.searchsorted(limits, top, side="right").clip(max=2)]
    assert (top < below).all()
    assert np.mean(top > 0.9 * below) > 0.9
    near = frame.with_columns(share=pl.col("amount_minor") / pl.col("amount_minor").max().over("campaign_id"))
    assert 0.5 < (near["share"] > 0.85).mean() < 0.9  # type: ignore[operator]
    assert frame.group_by("campaign_id").agg(pl.col("account_id").n_unique())["account_id"].max() == 1


@pytest.mark.parametrize("name", ["fan_in", "bipartite"])
def test_some_mules_share_the_organisers_device(name) -> None:
    """In some campaigns one device pays from several accounts; in most of them each mule has its own."""
    frame = fraud_of(world(name)).filter(pl.col("device_id").is_not_null())
    shared = frame.group_by("campaign_id", "device_id").agg(pl.col("account_id").n_unique())
    most = shared.group_by("campaign_id").agg(pl.col("account_id").max())["account_id"]
    assert 0.2 < (most >= 2).mean() < 0.8  # type: ignore[operator]


@pytest.mark.parametrize("length", range(1, 15))
@pytest.mark.parametrize(
    "shape",
    [
        shapes.fan_in, shapes.fan_out, shapes.gather_scatter, shapes.scatter_gather, shapes.cycle, shapes.bipartite,
        shapes.stack, shapes.instalments,
    ],
)  # fmt: skip
def test_any_length_is_a_shape(shape, length) -> None:
    """Whatever the length: nobody pays himself, every stage's parts are complete or left out at the end, in order."""
    place = np.arange(length)
    legs = shape(place, np.full(length, length), np.full(length, 2**31))
    assert (legs.payer != legs.payee).all()
    assert (np.diff(legs.stage) >= 0).all() or shape is shapes.cycle
    assert ((legs.part >= 0) & (legs.part < legs.parts)).all()
    first = legs.stage == 0
    if shape is not shapes.cycle:
        assert sorted(legs.part[first].tolist()) == list(range(int(legs.parts[0])))
