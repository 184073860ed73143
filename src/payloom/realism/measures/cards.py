"""Habits of cards, their merchants, and how popular merchants are."""

from __future__ import annotations

from typing import Final

import polars as pl

from payloom.realism.measures.evidence import FULL_SHARE, Evidence
from payloom.realism.measures.measure import Values, deviation, mean, measure, number, quantile, rank_slope

CARD_HISTORY: Final = 30
"""Purchases that a card must show before its habits are measured: purchasing cards have long histories."""
LONG_HISTORY: Final = 100

CITY_PEOPLE: Final = 700
"""People of the city that is looked at: slopes over ranks depend on how many pay, so they are as many in any data."""


@measure("payments_per_card_month", "card_month_variance_to_mean", "card_rate_ln_sd", needs=("card_id",))
def rates(evidence: Evidence) -> Values:
    """Payments of a card in a month, and in all."""
    rows = evidence.sampled(evidence.genuine, "card_id")
    month = pl.col("event_time").dt.truncate("1mo").alias("month")
    by_month = rows.group_by("card_id", month).agg(
        n=pl.len(), first=pl.col("event_time").min(), last=pl.col("event_time").max()
    )
    months = by_month.collect(engine="streaming")
    cards = months.group_by("card_id").agg(
        n=pl.col("n").sum(), days=(pl.col("last").max() - pl.col("first").min()).dt.total_days()
    )
    steady = cards.filter(pl.col("days") > evidence.span_days * FULL_SHARE)
    found: dict[str, float | None] = {"payments_per_card_month": mean(months["n"])}
    if evidence.spans_a_year and steady.height:
        count = months.join(steady.select("card_id"), on="card_id")["n"].cast(pl.Float64)
        # Months without a payment count as 0.
        cells = steady.height * months["month"].n_unique()
        level = float(count.sum()) / cells
        variance = float((count**2).sum()) / cells - level**2
        found["card_month_variance_to_mean"] = variance / level
        found["card_rate_ln_sd"] = deviation(steady["n"].log())
    return found


@measure("repeat_share", needs=("card_id", "merchant_id", "amount_minor"))
def repeats(evidence: Evidence) -> Values:
    """Purchases that repeat card, merchant and amount of an earlier one."""
    keys = ("card_id", "merchant_id", "amount_minor")
    groups = evidence.sampled(evidence.purchases, "card_id").group_by(keys).len()
    found = groups.select(share=1 - pl.len() / pl.col("len").sum(), rows=pl.col("len").sum())
    return {"repeat_share": number(found.collect(engine="streaming").item(0, "share"))}


@measure(
    "top_merchant_mean", "top_merchant_median", "merchant_rank_slope", "revisit_share", "revisit_share_p25",
    "revisit_share_p75",
    needs=("card_id", "merchant_id"),
)  # fmt: skip
def merchants_of_cards(evidence: Evidence) -> Values:
    """How a card's purchases spread over merchants."""
    visits = visits_by_rank(evidence)
    top = visits.filter(pl.col("rank") == 1)["share"]
    curve = visits.filter(pl.col("rank") <= 10).group_by("rank").agg(pl.col("share").mean()).sort("rank")["share"]
    revisit = (
        visits.filter(pl.col("total") >= LONG_HISTORY)
        .group_by("card_id")
        .agg(share=1 - pl.len() / pl.col("total").first())["share"]
    )
    return {
        "top_merchant_mean": mean(top),
        "top_merchant_median": quantile(top, 0.5),
        "merchant_rank_slope": rank_slope(curve.to_list(), 1),
        "revisit_share": quantile(revisit, 0.5),
        "revisit_share_p25": quantile(revisit, 0.25),
        "revisit_share_p75": quantile(revisit, 0.75),
    }


def visits_by_rank(evidence: Evidence) -> pl.DataFrame:
    """Share of a card's purchases at each of its merchants, with the merchant's rank on the card."""
    visits = evidence.sampled(evidence.purchases, "card_id").group_by("card_id", "merchant_id").len()
    return (
        visits.collect(engine="streaming")
        .with_columns(total=pl.col("len").sum().over("card_id"))
        .filter(pl.col("total") >= CARD_HISTORY)
        .with_columns(
            share=pl.col("len") / pl.col("total"), rank=pl.col("len").rank("ordinal", descending=True).over("card_id")
        )
    )


@measure(
    "popularity_slope_1_100", "popularity_slope_10_1000", "popularity_top_1_percent",
    needs=("customer_id", "merchant_id"),
    tables=("customers",),
)  # fmt: skip
def popularity(evidence: Evidence) -> Values:
    """Popularity of merchants among the people of one city, as with the purchasing cards of one city."""
    people = evidence.data.entities["customers"].select("customer_id", "home_country", "home_city").collect()
    cities = people.group_by("home_country", "home_city").len()
    distance = (pl.col("len").cast(pl.Int64) - CITY_PEOPLE).abs()
    chosen_city = cities.sort(distance, "home_country", "home_city").head(1)
    chosen = people.join(chosen_city, on=["home_country", "home_city"], how="semi").select("customer_id")
    visits = evidence.purchases.join(chosen.lazy(), on="customer_id", how="semi").group_by("merchant_id").len()
    counts = visits.collect(engine="streaming")["len"].sort(descending=True).to_list()
    return {
        "popularity_slope_1_100": rank_slope(counts[:100], 1),
        "popularity_slope_10_1000": rank_slope(counts[9:1000], 10),
        "popularity_top_1_percent": sum(counts[: max(1, len(counts) // 100)]) / sum(counts) if counts else None,
    }


MEASURES: Final = (rates, repeats, merchants_of_cards, popularity)
