"""Transfers between accounts, genuine and fraudulent."""

from __future__ import annotations

from typing import Final

import polars as pl

from payloom.realism.measures.evidence import Evidence, derived
from payloom.realism.measures.measure import ENOUGH, Values, measure

TRANSFER: Final = ("transaction_type", "account_id", "payee_account_id")
SALARY_DAYS: Final = 8
SHAPES: Final = ("fan_in", "fan_out", "scatter_gather", "gather_scatter", "cycle", "bipartite", "stack")
"""Laundering patterns of AMLworld; its eighth, random, is none that labels could name."""


@measure("salary_days_share", needs=TRANSFER, tables=("accounts",))
def salaries(evidence: Evidence) -> Values:
    """Salary-type transfers on the eight busiest days of the month.

    They pay into a customer's account, from one that is no customer's, at least three times.
    """
    accounts = evidence.data.entities["accounts"].filter(pl.col("customer_id").is_not_null())
    holders = accounts.select("account_id", holder="customer_id")
    genuine = derived(evidence.data, evidence.data.transfers).filter(~pl.col("is_fraud"))
    incoming = genuine.join(holders, left_on="payee_account_id", right_on="account_id")
    outside = incoming.join(holders, on="account_id", how="anti")
    days = outside.select("account_id", "payee_account_id", pl.col("day").dt.day()).collect(engine="streaming")
    steady = days.filter(pl.len().over("account_id", "payee_account_id") >= 3)
    counts = steady.group_by("day").len()["len"].sort(descending=True).to_list()
    total = sum(counts)
    return {"salary_days_share": sum(counts[:SALARY_DAYS]) / total if total >= 10 * ENOUGH else None}


@measure("standing_share", needs=TRANSFER)
def standing(evidence: Evidence) -> Values:
    """Transfers that repeat payer and payee at least three times, among all payments."""
    genuine = evidence.data.transfers.filter(~pl.col("is_fraud"))
    pairs = genuine.group_by("account_id", "payee_account_id").len().collect(engine="streaming")
    if sum(pairs["len"]) < 10 * ENOUGH:
        return {}
    return {"standing_share": sum(pairs.filter(pl.col("len") >= 3)["len"]) / evidence.data.rows}


@measure("genuine_fan_out_ratio", "genuine_fan_in_ratio", needs=TRANSFER)
def fans(evidence: Evidence) -> Values:
    """Accounts that pay, or are paid by, five others within a week: genuine ones for each fraudulent one."""
    week = pl.col("event_time").dt.truncate("1w").alias("week")
    found: dict[str, float | None] = {}
    for name, hub, other in (
        ("genuine_fan_out_ratio", "account_id", "payee_account_id"),
        ("genuine_fan_in_ratio", "payee_account_id", "account_id"),
    ):
        fan = evidence.data.transfers.group_by("is_fraud", hub, week).agg(pl.col(other).n_unique().alias("others"))
        counts = fan.filter(pl.col("others") >= 5).group_by("is_fraud").len().collect(engine="streaming")
        count = dict(counts.iter_rows())
        found[name] = count.get(False, 0) / count[True] if count.get(True) else None
    return found


@measure("laundering_shapes", needs=("transaction_id", "transaction_type"), tables=("fraud_labels",))
def shapes(evidence: Evidence) -> Values:
    """How many of the patterns of money laundering occur."""
    seen = set(evidence.transfer_fraud["typology"].cast(pl.String).unique().to_list())
    return {"laundering_shapes": float(len(seen & set(SHAPES))) if seen & set(SHAPES) else None}


MEASURES: Final = (salaries, standing, fans, shapes)
