"""What is known of single kinds of card fraud; each needs the labels to say which payment is of which kind."""

from __future__ import annotations

from typing import Final

import polars as pl

from payloom.realism.measures.evidence import Evidence
from payloom.realism.measures.measure import ENOUGH, Values, mean, measure, number, quantile, ratio

DORMANT_DAYS: Final = 90
ENUMERATION_DAYS: Final = 5
DAYS_IN_MONTH: Final = 365.25 / 12


def _of(evidence: Evidence, typology: str) -> pl.DataFrame:
    return evidence.fraud.filter(pl.col("typology").cast(pl.String) == typology)


@measure("testing_declined_share", needs=("transaction_id", "response_code"), tables=("fraud_labels",))
def testing(evidence: Evidence) -> Values:
    """Declines among the attempts of card testing."""
    approved = mean(_of(evidence, "card_testing")["approved"])
    return {"testing_declined_share": None if approved is None else 1 - approved}


@measure("enumerated_hit_share", needs=("transaction_id", "response_code", "card_id"), tables=("fraud_labels",))
def enumerated(evidence: Evidence) -> Values:
    """Cards whose test was approved that see another fraud, no test, within five days."""
    tests = _of(evidence, "card_testing").filter(pl.col("approved") & (pl.col("role").cast(pl.String) == "test"))
    good = tests.group_by("card_id").agg(tested=pl.col("event_time").min())
    used = evidence.fraud.filter(pl.col("role").cast(pl.String) != "test").select("card_id", "event_time")
    gap = (pl.col("event_time") - pl.col("tested")).dt.total_days()
    hit = used.join(good, on="card_id").filter(gap.is_between(0, ENUMERATION_DAYS - 1))["card_id"].n_unique()
    return {"enumerated_hit_share": hit / good.height if good.height >= ENOUGH else None}


@measure("takeover_dormant_share", needs=("transaction_id", "customer_id", "device_id"), tables=("fraud_labels",))
def dormant(evidence: Evidence) -> Values:
    """Taken-over customers who had paid from no device in the 90 days before: accounts live online.

    Those who were hit in the first 90 days of the data don't count.
    """
    first = _of(evidence, "account_takeover").group_by("customer_id").agg(hit=pl.col("event_time").min())
    start = pl.lit(evidence.data.first_time) + pl.duration(days=DORMANT_DAYS)
    first = first.filter(pl.col("hit") >= start)
    online = evidence.genuine.filter(pl.col("device_id").is_not_null())
    seen = online.join(first.lazy(), on="customer_id").filter(pl.col("event_time") < pl.col("hit"))
    last = seen.group_by("customer_id").agg(last=pl.col("event_time").max()).collect(engine="streaming")
    idle = (pl.col("hit") - pl.col("last")).dt.total_days()
    asleep = first.join(last, on="customer_id", how="left").select((idle >= DORMANT_DAYS).fill_null(value=True))
    return {"takeover_dormant_share": mean(asleep.to_series())}


@measure("present_lost_stolen_share", "present_counterfeit_share",
         needs=("transaction_id", "channel", "amount_usd"), tables=("fraud_labels",))  # fmt: skip
def present_kinds(evidence: Evidence) -> Values:
    """Kinds of fraud by value, among that with the card present."""
    present = evidence.fraud.filter(pl.col("present"))
    value = dict(present.group_by(pl.col("typology").cast(pl.String)).agg(pl.col("amount_usd").sum()).iter_rows())
    total = sum(value.values()) if present.height >= 10 * ENOUGH else None
    return {
        "present_lost_stolen_share": ratio(value.get("lost_stolen", 0.0), total),
        "present_counterfeit_share": ratio(value.get("counterfeit", 0.0), total),
    }


@measure("bust_out_quiet_months", needs=("transaction_id", "account_id"), tables=("fraud_labels", "accounts"))
def bust_out(evidence: Evidence) -> Values:
    """Months from the opening of an account to its bust-out, median."""
    busts = _of(evidence, "synthetic_bust_out").group_by("account_id").agg(hit=pl.col("event_time").min())
    opened = evidence.data.entities["accounts"].select("account_id", "opened_on").collect()
    quiet = busts.join(opened, on="account_id").select((pl.col("hit").dt.date() - pl.col("opened_on")).dt.total_days())
    days = quantile(quiet.to_series(), 0.5)
    return {"bust_out_quiet_months": ratio(days, DAYS_IN_MONTH)}


@measure("counterfeit_exposed_share", needs=("transaction_id", "card_id", "terminal_id"), tables=("fraud_labels",))
def exposed(evidence: Evidence) -> Values:
    """Cards used at a breached terminal in the week of most victims that see counterfeit fraud within three months.

    The terminal is the one that most victims of a campaign share before their first fraud, as an investigator finds it.
    """
    victims = _of(evidence, "counterfeit").group_by("campaign_id", "card_id").agg(hit=pl.col("event_time").min())
    if victims["card_id"].n_unique() < ENOUGH:
        return {}
    columns = ("card_id", "terminal_id", "event_time")
    visits = evidence.genuine.filter(pl.col("terminal_id").is_not_null()).select(columns)
    seen = visits.join(victims.lazy(), on="card_id").filter(pl.col("event_time") < pl.col("hit"))
    weekly = pl.col("event_time").dt.truncate("1w").alias("week")
    shared = seen.group_by("campaign_id", "terminal_id", weekly).agg(pl.col("card_id").n_unique().alias("victims"))
    points = shared.sort("victims", descending=True).group_by("campaign_id").first().filter(pl.col("victims") > 1)
    there = visits.with_columns(weekly).join(points, on=["terminal_id", "week"]).collect(engine="streaming")
    exposed_cards = there.select("campaign_id", "card_id", "victims").unique()
    hit = exposed_cards.join(victims, on=["campaign_id", "card_id"], how="semi").height
    return {"counterfeit_exposed_share": number(hit / exposed_cards.height) if exposed_cards.height >= ENOUGH else None}


MEASURES: Final = (testing, enumerated, dormant, present_kinds, bust_out, exposed)
