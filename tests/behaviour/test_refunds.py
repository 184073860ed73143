"""Refunds point at a real earlier payment of the same customer, and give nothing back twice."""

from __future__ import annotations

import polars as pl
import pytest

from tests.cell.worlds import World, default_world, make, odd_world
from tests.counts import count

MANY = {
    "world": {"rows": count(20_000, 400_000), "start": "2024-01-20", "end": "2024-07-10", "fraud_rate": "0.01"},
    "refunds": {"share": 0.08, "max_lag_days": 120, "partial_share": 0.5},
}
SHORT = {"world": {"rows": 5_000, "end": "2025-01-04"}, "refunds": {"share": 0.1, "max_lag_days": 30}}

worlds = pytest.mark.parametrize(
    "made",
    [default_world, odd_world, lambda: make(MANY), lambda: make(SHORT)],
    ids=["default", "odd", "many refunds", "three days"],
)


def refunds(world: World) -> pl.DataFrame:
    """Honest refunds beside their originals, whose columns are named original.column."""
    payments = world.genuine
    originals = payments.rename(lambda name: f"original.{name}")
    found = payments.filter(pl.col("transaction_type") == "refund").join(
        originals, left_on="original_transaction_id", right_on="original.transaction_id", how="left"
    )
    assert found.height > 20
    return found


@worlds
def test_every_refund_resolves(made) -> None:
    """The original exists, is earlier, and has the refund's customer, merchant, account, trade and currency."""
    found = refunds(made())
    assert found["original.event_time"].null_count() == 0
    assert (found["original.event_time"] < found["event_time"]).all()
    for name in ("customer_id", "merchant_id", "account_id", "currency", "merchant_country", "terminal_id", "channel"):
        if name not in {"terminal_id", "channel"}:
            assert found[name].equals(found[f"original.{name}"]), name
    both = found.filter(pl.col("mcc").is_not_null() & pl.col("original.mcc").is_not_null())
    assert both["mcc"].equals(both["original.mcc"])


@worlds
def test_a_refund_gives_back_an_approved_genuine_purchase(made) -> None:
    """Originals are approved purchases, never fraud, never themselves refunds."""
    found = refunds(made())
    assert set(found["original.transaction_type"]) == {"purchase"}
    assert set(found["original.response_code"]) == {"00"}
    assert not found["original.is_fraud"].any()
    assert not found["is_fraud"].any()
    assert set(found["response_code"]) == {"00"}


@worlds
def test_a_refund_gives_back_part_or_all(made) -> None:
    """Amounts are positive and at most the original's; parts come as often as configured."""
    found = refunds(made())
    assert (found["amount_minor"] > 0).all()
    assert (found["amount_minor"] <= found["original.amount_minor"]).all()


@worlds
def test_nothing_is_refunded_twice(made) -> None:
    """No payment is the original of two refunds."""
    assert refunds(made())["original_transaction_id"].is_unique().all()


@worlds
def test_the_card_is_the_original_one_or_its_successor(made) -> None:
    """A refund goes to the same card, or to one that replaced it in between, on schedule or after a block."""
    world = made()
    other = refunds(world).filter(pl.col("card_id") != pl.col("original.card_id"))
    cards = world.frames["cards"].select("card_id", "replaced_by_card_id")
    successor = dict(cards.iter_rows())
    for first, last in other.select("original.card_id", "card_id").iter_rows():
        card = successor[first]
        while card != last:
            card = successor[card]


@worlds
def test_lags_stay_within_the_limit(made) -> None:
    """A refund comes at least a day and at most the configured days later, counted in UTC days."""
    world = made()
    lag = (
        refunds(world)
        .select(lag=pl.col("event_time").dt.date() - pl.col("original.event_time").dt.date())["lag"]
        .dt.total_days()
    )
    assert lag.min() >= 1  # type: ignore[operator]
    assert lag.max() <= world.config.refunds.max_lag_days


def test_refunds_reach_into_earlier_months() -> None:
    """Some originals lie in an earlier month, some two or more months back."""
    found = refunds(make(MANY))
    months = found.select(
        n=(pl.col("event_time").dt.year() * 12 + pl.col("event_time").dt.month())
        - (pl.col("original.event_time").dt.year() * 12 + pl.col("original.event_time").dt.month())
    )["n"]
    assert (months == 1).sum() > 50
    assert (months >= 2).sum() > 5


def test_no_refund_on_the_first_day() -> None:
    """No refund predates the period: on its first day there is nothing to give back."""
    for world in (default_world(), make(MANY), make(SHORT)):
        first = world.payments["event_time"].dt.date() == world.config.world.start
        assert world.payments.filter(first, pl.col("transaction_type") == "refund").height == 0


def test_a_slice_points_outside_itself() -> None:
    """Refunds of a day made alone point at the same payments as in the whole run."""
    whole = make(MANY).payments.filter(pl.col("transaction_type") == "refund")
    day = make(MANY, "2024-05-15", "2024-05-16").payments.filter(pl.col("transaction_type") == "refund")
    assert day.height > 5
    assert day.equals(whole.filter(pl.col("event_time").dt.date() == pl.date(2024, 5, 15)))
