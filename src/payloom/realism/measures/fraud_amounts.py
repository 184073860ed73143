"""How much fraud there is, where it happens and what it takes."""

from __future__ import annotations

from typing import Final

import polars as pl

from payloom.realism.measures.evidence import Evidence
from payloom.realism.measures.measure import ENOUGH, Values, mean, measure, number, one_row, quantile, ratio

UNIT_MINOR: Final = 100
"""One dollar, euro or pound in minor units."""

CNP_RUN_DAYS, PRESENT_RUN_DAYS = 5, 7
"""Days over which the losses of one card are summed (Feedzai)."""


@measure("fraud_rate")
def rate(evidence: Evidence) -> Values:
    """Fraud among payments by card."""
    return {"fraud_rate": evidence.data.card_frauds / max(evidence.data.card_rows, 1)}


@measure("fraud_ticket_mean", "fraud_mean_ratio", "fraud_median_ratio", needs=("amount_usd",))
def ticket_ratios(evidence: Evidence) -> Values:
    """Amounts of fraud against genuine ones."""
    usd = evidence.fraud["amount_usd"].filter(evidence.fraud["amount_usd"] > 0)
    amount = pl.col("amount_usd")
    genuine = one_row(evidence.genuine.filter(amount > 0), mean=amount.mean(), median=amount.median())
    return {
        "fraud_ticket_mean": mean(usd),
        "fraud_mean_ratio": ratio(mean(usd), genuine["mean"]),
        "fraud_median_ratio": ratio(quantile(usd, 0.5), genuine["median"]),
    }


@measure("fraud_exact_unit_share", "fraud_up_to_one_share", "genuine_up_to_one_share", needs=("amount_minor",))
def small_amounts(evidence: Evidence) -> Values:
    """Amounts of one unit of the currency, and of at most one."""
    amount = evidence.fraud.filter("has_cents")["amount_minor"]
    up_to_one = (pl.col("amount_minor") <= UNIT_MINOR).filter("has_cents").mean()
    return {
        "fraud_exact_unit_share": mean(evidence.fraud["amount_minor"] == UNIT_MINOR),
        "fraud_up_to_one_share": mean(amount <= UNIT_MINOR),
        **one_row(evidence.genuine, genuine_up_to_one_share=up_to_one),
    }


@measure("fraud_value_cnp", "fraud_value_pos", "fraud_value_atm", needs=("channel", "amount_usd"))
def value_by_channel(evidence: Evidence) -> Values:
    """Value of fraud by where it happens."""
    usd, channel = evidence.fraud["amount_usd"], evidence.fraud["channel"].cast(pl.String)
    total = number(usd.sum()) if len(usd) >= ENOUGH else None
    places = {"cnp": ~channel.is_in(("in_store", "atm")), "pos": channel == "in_store", "atm": channel == "atm"}
    return {f"fraud_value_{name}": ratio(number(usd.filter(here).sum()), total) for name, here in places.items()}


@measure("remote_fraud_value_abroad", needs=("channel", "amount_usd", "issuer_country", "merchant_country"))
def abroad(evidence: Evidence) -> Values:
    """Value of remote fraud in which issuer and acceptor are in different countries."""
    remote = evidence.fraud.filter(~pl.col("present"))
    usd = remote["amount_usd"]
    return {"remote_fraud_value_abroad": ratio(number(usd.filter(remote["abroad"]).sum()), number(usd.sum()))}


@measure("frauds_per_card_mean", "frauds_per_card_median", "frauds_per_card_p90", "frauds_per_card_p99",
         needs=("card_id",))  # fmt: skip
def per_card(evidence: Evidence) -> Values:
    """Frauds of a card that had any."""
    counts = evidence.fraud.group_by("card_id").len()["len"]
    return {
        "frauds_per_card_mean": mean(counts),
        "frauds_per_card_median": quantile(counts, 0.5),
        "frauds_per_card_p90": quantile(counts, 0.9),
        "frauds_per_card_p99": quantile(counts, 0.99),
    }


@measure("frauds_per_card_day", needs=("card_id",))
def per_card_day(evidence: Evidence) -> Values:
    """Frauds of a card on a day that had any."""
    return {"frauds_per_card_day": mean(evidence.fraud.group_by("card_id", "day").len()["len"])}


@measure("loss_per_card_cnp", "loss_per_card_present", needs=("card_id", "channel", "amount_usd"))
def losses(evidence: Evidence) -> Values:
    """Value tried on a card within days of its first fraud, US dollars."""
    first = pl.col("event_time").min().over("card_id", "present")
    since_days = (pl.col("event_time") - first).dt.total_days()
    runs = evidence.fraud.filter(since_days < pl.when("present").then(PRESENT_RUN_DAYS).otherwise(CNP_RUN_DAYS))
    total = runs.group_by("card_id", "present").agg(pl.col("amount_usd").sum())
    return {
        "loss_per_card_cnp": mean(total.filter(~pl.col("present"))["amount_usd"]),
        "loss_per_card_present": mean(total.filter(pl.col("present"))["amount_usd"]),
    }


MEASURES: Final = (
    rate, ticket_ratios, small_amounts, value_by_channel, abroad, per_card, per_card_day, losses,
)  # fmt: skip
