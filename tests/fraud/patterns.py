"""Finds the shapes of money laundering among transfers, by structure alone (definitions: AMLworld, Altman et al. 2023).

Each function takes transfers as columns t, a, b (when, payer, payee) and gives how many instances there are.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from payloom.behaviour.limits import LIMITS
from tests.cell.worlds import World

WEEK = timedelta(days=7)
MONTH = timedelta(days=30)

LIMIT_CURRENCIES = ("USD", "EUR", "GBP")
"""Currencies in which the limits are so many units."""


def edges(world: World, fraud: bool) -> pl.DataFrame:
    """Approved transfers, either the genuine or the fraudulent ones."""
    return world.payments.filter(
        pl.col("transaction_type") == "transfer", pl.col("response_code") == "00", pl.col("is_fraud") == fraud
    ).select(t="event_time", a="account_id", b="payee_account_id", amount_minor="amount_minor", currency="currency")


def fans(found: pl.DataFrame, hub: str, other: str, others: int, span: timedelta) -> int:
    """Hubs, and the windows in which so many others pay them or are paid by them."""
    windows = found.sort("t").rolling("t", period=span, group_by=hub).agg(n=pl.col(other).n_unique())
    return windows.filter(pl.col("n") >= others).select(hub, pl.col("t").dt.truncate(span)).unique().height


def relays(found: pl.DataFrame, span: timedelta = WEEK) -> pl.DataFrame:
    """Money that goes from a to b and, within a span, from b to c."""
    first = found.select("t", "a", "b")
    joined = first.join(found.select(b="a", c="b", t2="t"), on="b")
    return joined.filter(pl.col("t2") > pl.col("t"), pl.col("t2") - pl.col("t") <= span, pl.col("c") != pl.col("a"))


def scatter_gathers(found: pl.DataFrame, between: int) -> int:
    """Pairs of a source and a destination with so many accounts in between."""
    counts = relays(found).group_by("a", "c").agg(n=pl.col("b").n_unique())
    return counts.filter(pl.col("n") >= between).height


def gather_scatters(found: pl.DataFrame, others: int) -> int:
    """Accounts that are paid by so many, and pay so many afterwards."""
    counts = relays(found).group_by("b").agg(n=pl.col("a").n_unique(), m=pl.col("c").n_unique())
    return counts.filter(pl.col("n") >= others, pl.col("m") >= others).height


def cycles(found: pl.DataFrame, length: int) -> int:
    """Accounts to which money comes back over so many transfers, each later than the one before."""
    path = found.select(start="t", last="t", first="a", end="b")
    following = found.select(next="t", end="a", new="b")
    for _ in range(length - 1):
        path = path.filter(pl.col("end") != pl.col("first")).join(following, on="end")
        path = path.filter(pl.col("next") > pl.col("last"), pl.col("next") - pl.col("start") <= MONTH)
        path = path.select("start", "first", last="next", end="new")
    return path.filter(pl.col("end") == pl.col("first"))["first"].n_unique()


def bipartites(found: pl.DataFrame) -> int:
    """Pairs of payers that both pay the same two accounts."""
    one = found.select("t", "a", "b")
    pairs = one.join(one.rename({"t": "t2", "a": "a2"}), on="b").filter(
        pl.col("a") < pl.col("a2"), (pl.col("t") - pl.col("t2")).abs() <= WEEK
    )
    return pairs.group_by("a", "a2").agg(n=pl.col("b").n_unique()).filter(pl.col("n") >= 2).height


def stacks(found: pl.DataFrame) -> int:
    """Pairs of accounts that are paid by the same two and then pay the same two."""
    one = relays(found).select("a", "b", "c").unique()
    pairs = one.join(one.rename({"b": "b2"}), on=["a", "c"]).filter(pl.col("b") < pl.col("b2"))
    counts = pairs.group_by("b", "b2").agg(n=pl.col("a").n_unique(), m=pl.col("c").n_unique())
    return counts.filter(pl.col("n") >= 2, pl.col("m") >= 2).height


def below_limit(found: pl.DataFrame, times: int) -> int:
    """Payers that send at least so many amounts, within a week, that lie up to 12 % below the same limit."""
    local = found.filter(pl.col("currency").is_in(LIMIT_CURRENCIES))
    count = 0
    for limit in LIMITS.tolist():
        share = pl.col("amount_minor") / (limit * 100)
        near = local.filter(share < 1.0, share >= 0.88).sort("t")
        windows = near.rolling("t", period=WEEK, group_by="a").agg(n=pl.len())
        count += windows.filter(pl.col("n") >= times)["a"].n_unique()
    return count
