"""When people pay: hours, weekdays, seasons, paydays."""

from __future__ import annotations

from typing import Final

import polars as pl

from payloom.realism.measures.evidence import Evidence
from payloom.realism.measures.measure import Values, mean, measure, number, ratio, shares

ULB_HOUR_PERCENT: Final = (
    2.70, 1.48, 1.15, 1.22, 0.77, 1.05, 1.44, 2.54, 3.61, 5.56, 5.84, 5.91,
    5.42, 5.40, 5.82, 5.78, 5.78, 5.68, 5.98, 5.50, 5.89, 6.22, 5.43, 3.84,
)  # fmt: skip
"""Genuine payments by local hour in the ULB credit card records of 2013, percent."""

WEEK_HOURS: Final = 168
NIGHT_HOURS: Final = 6
SATURDAY_NOON, MONDAY_NIGHT = 5 * 24 + 12, 3
"""Hours of the week, from Monday 0 h: Saturday 12-13 and Monday 3-4."""


@measure("hour_deviation_max", "night_share")
def hours(evidence: Evidence) -> Values:
    """Genuine payments by local hour."""
    counts = evidence.genuine.group_by("hour").len().collect(engine="streaming")
    share = shares(counts.iter_rows(), 24)
    if share is None:
        return {}
    difference = [abs(100 * mine - theirs) for mine, theirs in zip(share, ULB_HOUR_PERCENT, strict=True)]
    return {"hour_deviation_max": max(difference), "night_share": sum(share[:NIGHT_HOURS])}


@measure("saturday_noon_to_busiest", "monday_night_to_mean", needs=("channel",))
def week(evidence: Evidence) -> Values:
    """Genuine payments in store by hour of the week."""
    hour = (pl.col("weekday").cast(pl.Int32) - 1) * 24 + pl.col("hour")
    shops = evidence.genuine.filter(pl.col("channel") == "in_store")
    share = shares(shops.group_by(hour.alias("hour")).len().collect(engine="streaming").iter_rows(), WEEK_HOURS)
    if share is None:
        return {}
    return {
        "saturday_noon_to_busiest": share[SATURDAY_NOON] / max(share),
        "monday_night_to_mean": share[MONDAY_NIGHT] * WEEK_HOURS,
    }


@measure("before_christmas", "peak_day_ratio")
def season(evidence: Evidence) -> Values:
    """Genuine payments a day, against the mean day of the year."""
    if not evidence.spans_a_year:
        return {}
    days = _by_day(evidence, evidence.days)
    usual = mean(days["genuine"])
    return {
        "before_christmas": ratio(_mean_of_few(days.filter(before_christmas(pl.col("day")))), usual),
        "peak_day_ratio": ratio(number(days["genuine"].max()), usual),
    }


@measure("black_friday", needs=("issuer_country",))
def black_friday(evidence: Evidence) -> Values:
    """Payments of American cards on Black Friday, against their mean Friday."""
    fridays = _by_day(evidence, evidence.days.filter(pl.col("issuer_country") == "US"))
    fridays = fridays.filter(pl.col("day").dt.weekday() == 5)
    black = fridays.filter((pl.col("day").dt.month() == 11) & pl.col("day").dt.day().is_between(23, 29))
    return {"black_friday": ratio(_mean_of_few(black), mean(fridays["genuine"]))}


@measure("after_payday", needs=("issuer_country",))
def payday(evidence: Evidence) -> Values:
    """Payments of British cards on the three days from payday on, against their mean day."""
    days = _by_day(evidence, evidence.days.filter(pl.col("issuer_country") == "GB"))
    paid = days.filter(pl.col("day").dt.day().is_between(28, 30))
    return {"after_payday": ratio(mean(paid["genuine"]), mean(days["genuine"]))}


@measure("christmas_rate_ratio")
def christmas_fraud(evidence: Evidence) -> Values:
    """Fraud rate of 18 to 25 December, against that of the other days."""
    if not evidence.spans_a_year:
        return {}
    found = evidence.days.group_by(before_christmas(pl.col("day")).alias("season")).agg(
        pl.col("frauds").sum() / pl.col("rows").sum()
    )
    rate = dict(found.iter_rows())
    return {"christmas_rate_ratio": ratio(rate.get(True), rate.get(False))}


def before_christmas(day: pl.Expr) -> pl.Expr:
    """Whether days are 18 to 25 December."""
    return (day.dt.month() == 12) & day.dt.day().is_between(18, 25)


def _by_day(evidence: Evidence, days: pl.DataFrame) -> pl.DataFrame:
    """Sum countries, without the days that only a time zone reaches."""
    covered = days.filter(pl.col("day").dt.year().is_in(evidence.years))
    return covered.group_by("day").agg(pl.col("genuine").sum())


def _mean_of_few(days: pl.DataFrame) -> float | None:
    """Mean over days, however few: each day holds many payments."""
    return number(days["genuine"].mean())


MEASURES: Final = (hours, week, season, black_friday, payday, christmas_fraud)
