"""No code, nor pair of codes, is fraud and nothing else: whatever fraud shows has honest causes too."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import polars as pl
import pytest

from payloom.schema import PAYMENTS
from tests.cell.worlds import World, make
from tests.counts import count

WORLD = {"world": {"rows": count(120_000, 2_000_000), "fraud_rate": "0.03"}}

ENOUGH = 25
"""So many frauds with a value, and no honest payment among thirty times as many, are no chance."""


FEW = 10
"""A pair that independent honest payments would show less often than this is no giveaway, only rare."""


def world() -> World:
    return make(WORLD)


@cache
def rows() -> pl.DataFrame:
    """Payments with how their places and people relate; merchants' trades are as in their table."""
    made = world()
    payments = made.payments
    users = payments.group_by("device_id").agg(device_users=pl.col("customer_id").n_unique().clip(upper_bound=2))
    owners = made.frames["devices"].select("device_id", owner="customer_id")
    return (
        payments.join(users, on="device_id", how="left", maintain_order="left")
        .join(owners, on="device_id", how="left", maintain_order="left")
        .with_columns(
            ip_abroad=pl.col("ip_country") != pl.col("issuer_country"),
            merchant_abroad=pl.col("merchant_country") != pl.col("issuer_country"),
            own_device=pl.col("owner") == pl.col("customer_id"),
            zero=pl.col("amount_minor") == 0,
        )
    )


CODES = [c.name for c in PAYMENTS.columns if c.kind in {"enum", "bool"} and c.name != "is_fraud"]
RELATIONS = ["ip_abroad", "merchant_abroad", "zero", "device_users", "own_device"]


def giveaways(frame: pl.DataFrame, *names: str) -> list[tuple]:
    """Combinations of values that many frauds and no honest payment have, though chance would have given it some."""
    fraud, honest = pl.col("is_fraud").sum(), (~pl.col("is_fraud")).sum()
    counts = frame.group_by(names).agg(fraud=fraud, honest=honest)
    suspect = counts.filter(pl.col("fraud") >= ENOUGH, pl.col("honest") == 0)
    if len(names) > 1:
        expected = pl.lit(1.0 / frame.select(honest).item() ** (len(names) - 1))
        for name in names:
            alone = frame.group_by(name).agg(honest.alias(f"{name} alone"))
            suspect = suspect.join(alone, on=name, nulls_equal=True)
            expected = expected * pl.col(f"{name} alone")
        suspect = suspect.filter(expected >= FEW)
    return suspect.select(*names, "fraud").rows()


@pytest.mark.parametrize("name", [*CODES, *RELATIONS])
def test_no_value_is_fraud_alone(name) -> None:
    """Every value that fraud shows is shown by honest payments."""
    assert giveaways(rows(), name) == []


def test_no_pair_of_values_is_fraud_alone() -> None:
    """No combination of two codes gives fraud away."""
    frame = rows()
    # Countries of addresses have too few honest payments each for a pair to mean much: they count as home or abroad.
    names = [name for name in [*CODES, *RELATIONS] if name != "ip_country"]
    found = {pair: giveaways(frame, *pair) for pair in combinations(names, 2)}
    assert {pair: values for pair, values in found.items() if values} == {}


def test_terminals_are_never_told_that_there_is_no_such_card() -> None:
    """What a terminal has read exists: not even a blocked card is answered with 14 in person."""
    present = rows().filter(pl.col("channel").is_in(["in_store", "atm"]))
    assert present.filter("is_fraud").height > 100
    assert present.filter(pl.col("response_code") == "14").height == 0
