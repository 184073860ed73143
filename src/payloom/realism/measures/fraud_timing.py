"""When fraud happens, how it runs on one card, and when it becomes known."""

from __future__ import annotations

from typing import Final

import polars as pl

from payloom.realism.measures.evidence import Evidence
from payloom.realism.measures.measure import ENOUGH, Values, mean, measure, number, quantile, ratio
from payloom.realism.measures.timing import NIGHT_HOURS

MONTHS: Final = 12
SMOOTH_HOURS: Final = 3
"""Hours that are pooled, since the fraud of one hour is few rows."""

MONDAY, SATURDAY, SUNDAY = 1, 6, 7


@measure("fraud_night_share")
def night(evidence: Evidence) -> Values:
    """Frauds from 0 to 6 h."""
    return {"fraud_night_share": mean(evidence.fraud["hour"] < NIGHT_HOURS)}


@measure("fraud_hour_rate_ratio")
def worst_hour(evidence: Evidence) -> Values:
    """Fraud rate of the worst three hours in a row, against that of the best."""
    found = evidence.rows.group_by("hour").agg(pl.len(), pl.col("is_fraud").sum()).collect(engine="streaming")
    rows, frauds = [0] * 24, [0] * 24
    for hour, count, fraud in found.iter_rows():
        rows[hour], frauds[hour] = count, fraud
    windows = [[(start + step) % 24 for step in range(SMOOTH_HOURS)] for start in range(24)]
    rates = [ratio(sum(frauds[h] for h in window), sum(rows[h] for h in window)) for window in windows]
    known = [rate for rate in rates if rate is not None]
    return {"fraud_hour_rate_ratio": ratio(max(known), min(known)) if known else None}


@measure("fraud_cnp_monday_to_sunday", "fraud_present_saturday", needs=("channel",))
def weekdays(evidence: Evidence) -> Values:
    """Fraud by local weekday: remote, Monday against Sunday; card present, Saturday against the mean of the others."""
    count = {(present, day): n for present, day, n in evidence.fraud.group_by("present", "weekday").len().iter_rows()}
    here = [count.get((True, day), 0) for day in range(MONDAY, SUNDAY + 1)]
    saturday = here[SATURDAY - 1]
    others = (sum(here) - saturday) / 6
    return {
        "fraud_cnp_monday_to_sunday": ratio(count.get((False, MONDAY)), count.get((False, SUNDAY))),
        "fraud_present_saturday": ratio(saturday, others) if sum(here) >= 10 * ENOUGH else None,
    }


@measure("november_to_mean")
def november(evidence: Evidence) -> Values:
    """Frauds of November against those of the mean month."""
    if not evidence.spans_a_year:
        return {}
    return {"november_to_mean": (mean(evidence.fraud["event_time"].dt.month() == 11) or 0.0) * MONTHS}


@measure("fraud_cnp_november_to_june", needs=("channel",))
def november_to_june(evidence: Evidence) -> Values:
    """Remote frauds of November against those of June."""
    month = evidence.fraud.filter(~pl.col("present"))["event_time"].dt.month()
    june = month.filter(month == 6).len()
    return {"fraud_cnp_november_to_june": month.filter(month == 11).len() / june if june >= ENOUGH else None}


@measure("gap_10_minutes_share", "gap_day_share", needs=("card_id",))
def gaps(evidence: Evidence) -> Values:
    """Time between frauds on one card."""
    ordered = evidence.fraud.sort("card_id", "event_time")
    seconds = ordered.select(pl.col("event_time").diff().over("card_id").dt.total_seconds()).to_series().drop_nulls()
    return {"gap_10_minutes_share": mean(seconds <= 600), "gap_day_share": mean(seconds <= 86_400)}


@measure("report_days_median", "report_days_p90", "report_days_max",
         needs=("transaction_id",), tables=("fraud_labels",))  # fmt: skip
def reports(evidence: Evidence) -> Values:
    """Days until the issuer hears of a fraud by card."""
    report = _delay_days(evidence, "reported_at")
    return {
        "report_days_median": quantile(report, 0.5),
        "report_days_p90": quantile(report, 0.9),
        "report_days_max": quantile(report, 1.0),
    }


@measure("chargeback_days_median", "chargeback_days_p90", needs=("transaction_id",), tables=("fraud_labels",))
def chargebacks(evidence: Evidence) -> Values:
    """Days until a fraud by card is charged back."""
    chargeback = _delay_days(evidence, "chargeback_at")
    return {"chargeback_days_median": quantile(chargeback, 0.5), "chargeback_days_p90": quantile(chargeback, 0.9)}


@measure("never_reported_share", needs=("transaction_id", "response_code"), tables=("fraud_labels",))
def never_reported(evidence: Evidence) -> Values:
    """Approved frauds that nobody reports."""
    return {"never_reported_share": mean(evidence.fraud.filter(pl.col("approved"))["reported_at"].is_null())}


@measure("first_party_share", tables=("fraud_labels",))
def first_party(evidence: Evidence) -> Values:
    """Chargebacks of payments that were genuine; not measurable where the labels hold fraud only."""
    charged = evidence.labels.filter(pl.col("chargeback_at").is_not_null())
    disputed = charged.filter(~pl.col("is_fraud")).height
    return {"first_party_share": number(disputed / charged.height) if disputed else None}


def _delay_days(evidence: Evidence, known: str) -> pl.Series:
    delay = (pl.col(known) - pl.col("event_time")).dt.total_seconds() / 86_400
    return evidence.fraud.select(delay).to_series().drop_nulls()


MEASURES: Final = (
    night, worst_hour, weekdays, november, november_to_june, gaps, reports, chargebacks, never_reported, first_party,
)  # fmt: skip
