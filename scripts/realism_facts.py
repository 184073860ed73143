"""Measure on a world what is known of real payments.

`measure` gives one number for each fact. What each should be, and who says so, stands in ``realism_targets``;
``measure_facts`` prints both, and ``tests/realism`` asserts them. Imports Polars only, so that it can't repeat the
generator's mistakes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from pathlib import Path

import polars as pl

ULB_HOUR_PERCENT = (
    2.70, 1.48, 1.15, 1.22, 0.77, 1.05, 1.44, 2.54, 3.61, 5.56, 5.84, 5.91,
    5.42, 5.40, 5.82, 5.78, 5.78, 5.68, 5.98, 5.50, 5.89, 6.22, 5.43, 3.84,
)  # fmt: skip
"""Genuine payments by local hour in the ULB credit card records of 2013, percent."""

REMOTE = ("online", "app", "moto")
FOOD_SHOPS = ("5411", "5499", "5462", "5300", "5921")
EATING_OUT = ("5812", "5813", "5814")
FUEL_AND_TRANSPORT = ("5541", "5542", "4111", "4112", "4121", "7523")
SHOPPING = (
    "5200", "5262", "5310", "5311", "5651", "5661", "5712", "5732", "5912", "5941", "5942", "5944", "5945", "5977",
    "5995", "5999",
)  # fmt: skip
TICKETS = {
    "grocery": "5411", "fuel": "5541", "fast_food": "5814", "restaurant": "5812", "marketplace": "5262",
    "electronics": "5732", "fashion": "5651", "hotel": "7011",
}  # fmt: skip

CARD_HISTORY = 30
"""Purchases that a card must show before its habits are measured: purchasing cards have long histories."""
LONG_HISTORY = 100
FULL_YEAR_DAYS = 300
UNIT_MINOR = 100
MONTHS = 12
WEEK_HOURS = 168


@dataclass(frozen=True)
class World:
    """A world of one calendar year, as frames.

    Attributes
    ----------
    payments, fraud_labels, customers
        Its tables.
    """

    payments: pl.DataFrame
    fraud_labels: pl.DataFrame
    customers: pl.DataFrame

    @classmethod
    def read(cls, folder: Path) -> World:
        """Read the files of a data set."""
        payments, labels = (
            pl.read_parquet(folder / table / "**/*.parquet", hive_partitioning=False)
            for table in ("payments", "fraud_labels")
        )
        return cls(payments, labels, pl.read_parquet(folder / "customers/*.parquet"))

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Payments with local time and what follows from it."""
        local = pl.col("event_time").dt.replace_time_zone(None) + pl.duration(minutes=pl.col("local_offset_min"))
        codes = [name for name, kind in self.payments.schema.items() if isinstance(kind, (pl.Categorical, pl.Enum))]
        return self.payments.with_columns(pl.col(codes).cast(pl.String)).with_columns(
            local=local,
            day=local.dt.date(),
            hour=local.dt.hour(),
            weekday=local.dt.weekday(),
            usd=pl.col("amount_usd"),
            present=pl.col("channel").is_in(("in_store", "atm")),
            abroad=pl.col("issuer_country") != pl.col("merchant_country"),
            approved=pl.col("response_code") == "00",
        )

    @cached_property
    def genuine(self) -> pl.DataFrame:
        """Payments that are not fraud."""
        return self.rows.filter(~pl.col("is_fraud"))

    @cached_property
    def purchases(self) -> pl.DataFrame:
        """Genuine purchases."""
        return self.genuine.filter(pl.col("transaction_type") == "purchase")

    @cached_property
    def fraud(self) -> pl.DataFrame:
        """Fraud with its labels."""
        labels = self.fraud_labels.select(
            "transaction_id", pl.col("typology").cast(pl.String), "campaign_id", "reported_at", "chargeback_at"
        )
        return self.rows.filter(pl.col("is_fraud")).join(labels, on="transaction_id", how="left")


def measure(world: World) -> dict[str, float]:
    """Measure every fact; keys are those of `realism_targets.TARGETS`."""
    parts = (amounts, trades, endings, hours, calendar, cards, popularity, channels, answers, devices)
    found: dict[str, float] = {}
    for part in (*parts, fraud_amounts, fraud_timing, fraud_reports):
        found |= part(world)
    return found


def amounts(world: World) -> dict[str, float]:
    """Ticket sizes, US dollars."""
    usd = world.purchases["usd"].filter(world.purchases["usd"] > 0)
    cash = world.genuine.filter(pl.col("channel") == "atm")
    notes = cash.filter(pl.col("currency") != "JPY")["amount_minor"]
    return {
        "ticket_mean": _mean(usd),
        "ticket_median": _quantile(usd, 0.5),
        "ticket_ln_sd": _sd(usd.log()),
        "ticket_p25": _quantile(usd, 0.25),
        "ticket_p75": _quantile(usd, 0.75),
        "ticket_p95": _quantile(usd, 0.95),
        "ticket_p99": _quantile(usd, 0.99),
        "atm_mean": _mean(cash["usd"]),
        "atm_tens_share": _mean(notes % 1000 == 0),
    }


def trades(world: World) -> dict[str, float]:
    """Ticket sizes by trade, and the mix of trades among purchases that are no subscriptions."""
    found: dict[str, float] = {}
    for name, mcc in TICKETS.items():
        usd = world.purchases.filter((pl.col("mcc") == mcc) & (pl.col("usd") > 0))["usd"]
        found |= {f"{name}_median": _quantile(usd, 0.5), f"{name}_mean": _mean(usd), f"{name}_ln_sd": _sd(usd.log())}
    chosen = world.purchases.filter(~pl.col("is_recurring"))["mcc"].drop_nulls()
    found["food_shop_share"] = _mean(chosen.is_in(FOOD_SHOPS))
    found["eating_out_share"] = _mean(chosen.is_in(EATING_OUT))
    found["fuel_transport_share"] = _mean(chosen.is_in(FUEL_AND_TRANSPORT))
    everyday = (*FOOD_SHOPS, "5541", "5542", *SHOPPING)
    found["grocery_fuel_shopping_share"] = _mean(world.purchases["mcc"].drop_nulls().is_in(everyday))
    return found


def endings(world: World) -> dict[str, float]:
    """Shares of amounts by their last digits, in currencies with cents."""
    amount = world.purchases.filter(pl.col("currency") != "JPY")["amount_minor"]
    cents = amount % 100
    return {
        "end_00_share": _mean(cents == 0),
        "end_99_share": _mean(cents == 99),
        "end_95_share": _mean(cents == 95),
        "tens_share": _mean(amount % 1000 == 0),
    }


def hours(world: World) -> dict[str, float]:
    """Local hours, over the day and over the week."""
    share = _shares(world.genuine["hour"], range(24))
    deviation = [abs(100 * mine - theirs) for mine, theirs in zip(share, ULB_HOUR_PERCENT, strict=True)]
    shops = world.genuine.filter(pl.col("channel") == "in_store")
    week = _shares(shops["weekday"].cast(pl.Int32) * 24 + shops["hour"] - 24, range(WEEK_HOURS))
    saturday_noon, monday_night = week[5 * 24 + 12], week[3]
    return {
        "hour_deviation_max": max(deviation),
        "night_share": sum(share[:6]),
        "saturday_noon_to_busiest": saturday_noon / max(week),
        "monday_night_to_mean": monday_night * WEEK_HOURS,
    }


def calendar(world: World) -> dict[str, float]:
    """Season, Black Friday and payday, as payments a day against a mean day."""
    days = _by_day(world.genuine)
    mean = _mean(days["len"])
    us = _by_day(world.genuine.filter(pl.col("issuer_country") == "US"))
    fridays = us.filter(pl.col("day").dt.weekday() == 5)
    black = fridays.filter((pl.col("day").dt.month() == 11) & pl.col("day").dt.day().is_between(23, 29))
    gb = _by_day(world.genuine.filter(pl.col("issuer_country") == "GB"))
    paid = gb.filter(pl.col("day").dt.day().is_between(28, 30))
    return {
        "before_christmas": _mean(days.filter(_christmas(pl.col("day")))["len"]) / mean,
        "black_friday": _mean(black["len"]) / _mean(fridays["len"]),
        "after_payday": _mean(paid["len"]) / _mean(gb["len"]),
    }


def cards(world: World) -> dict[str, float]:
    """Habits of cards."""
    month = pl.col("event_time").dt.month()
    by_month = world.genuine.group_by("card_id", month.alias("month")).len()
    span = world.genuine.group_by("card_id").agg(
        pl.len().alias("n"), days=(pl.col("event_time").max() - pl.col("event_time").min()).dt.total_days()
    )
    steady = span.filter(pl.col("days") > FULL_YEAR_DAYS)
    count = by_month.join(steady.select("card_id"), on="card_id")["len"].cast(pl.Float64)
    # Months without a payment count as 0.
    full = count.len() / (steady.height * MONTHS)
    mean = _mean(count) * full
    variance = _mean(count**2) * full - mean**2
    again = world.purchases.sort("event_time").select(
        pl.struct("card_id", "merchant_id", "amount_minor").is_first_distinct().not_()
    )
    return {
        "payments_per_card_month": _mean(by_month["len"]),
        "card_month_variance_to_mean": variance / mean,
        "card_rate_ln_sd": _sd(steady["n"].log()),
        "recurring_share": _mean(world.genuine["is_recurring"]),
        "repeat_share": _mean(again.to_series()),
    } | _merchants_of_cards(world.purchases)


def _merchants_of_cards(purchases: pl.DataFrame) -> dict[str, float]:
    visits = (
        purchases.filter(pl.len().over("card_id") >= CARD_HISTORY)
        .group_by("card_id", "merchant_id")
        .len()
        .with_columns(
            total=pl.col("len").sum().over("card_id"),
            rank=pl.col("len").rank("ordinal", descending=True).over("card_id"),
        )
        .with_columns(share=pl.col("len") / pl.col("total"))
    )
    top = visits.filter(pl.col("rank") == 1)["share"]
    curve = visits.filter(pl.col("rank") <= 10).group_by("rank").agg(pl.col("share").mean()).sort("rank")["share"]
    revisit = (
        visits.filter(pl.col("total") >= LONG_HISTORY)
        .group_by("card_id")
        .agg(share=1 - pl.len() / pl.col("total").first())["share"]
    )
    return {
        "top_merchant_mean": _mean(top),
        "top_merchant_median": _quantile(top, 0.5),
        "merchant_rank_slope": _slope(curve.to_list(), 1),
        "revisit_share": _quantile(revisit, 0.5),
        "revisit_share_p25": _quantile(revisit, 0.25),
        "revisit_share_p75": _quantile(revisit, 0.75),
    }


def popularity(world: World) -> dict[str, float]:
    """Popularity of merchants among the people of the largest city, as with the purchasing cards of one city."""
    cities = world.customers.group_by("home_country", "home_city").agg(pl.len(), pl.col("customer_id"))
    people: list[int] = cities.sort("len", "home_city", descending=True)["customer_id"].to_list()[0]
    chosen = world.purchases.filter(pl.col("customer_id").is_in(people))
    counts = chosen.group_by("merchant_id").len()["len"].sort(descending=True).to_list()
    return {
        "popularity_slope_1_100": _slope(counts[:100], 1),
        "popularity_slope_10_1000": _slope(counts[9:1000], 10),
        "popularity_top_1_percent": sum(counts[: max(1, len(counts) // 100)]) / sum(counts),
    }


def channels(world: World) -> dict[str, float]:
    """Where and how people pay."""
    shops = world.genuine.filter(pl.col("channel") == "in_store")
    remote = world.purchases.select(pl.col("usd") * pl.col("channel").is_in(REMOTE)).to_series()
    return {
        "in_person_share": _mean(world.genuine["present"]),
        "remote_value_share": _mean(remote) / _mean(world.purchases["usd"]),
        "contactless_share": _mean(shops["entry_mode"] == "contactless"),
        "abroad_share": _mean(world.genuine["abroad"]),
    }


def answers(world: World) -> dict[str, float]:
    """What issuers answer."""
    present, remote = (world.genuine.filter(pl.col("present") == here) for here in (True, False))
    declines = world.genuine.filter(~pl.col("approved"))["response_code"]
    secured = remote.filter(pl.col("three_ds").is_not_null() & (pl.col("three_ds") != "none"))["three_ds"]
    return {
        "approved_present": _mean(present["approved"]),
        "approved_remote": _mean(remote["approved"]),
        "declines_05": _mean(declines == "05"),
        "declines_05_51": _mean(declines.is_in(("05", "51"))),
        "frictionless_share": _mean(secured == "frictionless"),
    }


def devices(world: World) -> dict[str, float]:
    """Devices of an account in a month, and customers behind one carrier address."""
    seen = world.genuine.filter(pl.col("device_id").is_not_null())
    month = pl.col("event_time").dt.month()
    count = seen.group_by("account_id", month.alias("month")).agg(pl.col("device_id").n_unique())["device_id"]
    carrier = world.genuine.filter(pl.col("ip_type") == "mobile").group_by("ip_address")
    return {
        "one_device_share": _mean(count == 1),
        "two_devices_share": _mean(count == 2),
        "more_devices_share": _mean(count > 2),
        "customers_per_carrier_address": _mean(carrier.agg(pl.col("customer_id").n_unique())["customer_id"]),
    }


def fraud_amounts(world: World) -> dict[str, float]:
    """Amounts of fraud against genuine ones."""
    fraud, usd = world.fraud.filter(pl.col("usd") > 0)["usd"], world.genuine.filter(pl.col("usd") > 0)["usd"]
    testing = world.fraud.filter(pl.col("typology") == "card_testing")
    remote = world.fraud.filter(~pl.col("present"))
    abroad = remote.select(pl.col("usd") * pl.col("abroad")).to_series()
    return {
        "fraud_mean_ratio": _mean(fraud) / _mean(usd),
        "fraud_median_ratio": _quantile(fraud, 0.5) / _quantile(usd, 0.5),
        "fraud_exact_unit_share": _mean(world.fraud["amount_minor"] == UNIT_MINOR),
        "testing_declined_share": 1 - _mean(testing["approved"]),
        "remote_fraud_value_abroad": _mean(abroad) / _mean(remote["usd"]),
    }


def fraud_timing(world: World) -> dict[str, float]:
    """When fraud happens, and how it runs on one card."""
    fraud = world.fraud
    per_card = fraud.group_by("card_id").len()["len"]
    gaps = (
        fraud.sort("card_id", "event_time")
        .select(pl.col("event_time").diff().over("card_id").dt.total_seconds())
        .to_series()
        .drop_nulls()
    )
    month = fraud["event_time"].dt.month()
    quiet = world.rows.group_by(_christmas(pl.col("day")).alias("holiday")).agg(pl.col("is_fraud").mean())
    rate = dict(quiet.rows())
    return {
        "fraud_night_share": _mean(fraud["hour"] < 6),
        "frauds_per_card_mean": _mean(per_card),
        "frauds_per_card_median": _quantile(per_card, 0.5),
        "frauds_per_card_p90": _quantile(per_card, 0.9),
        "frauds_per_card_day": _mean(fraud.group_by("card_id", "day").len()["len"]),
        "gap_10_minutes_share": _mean(gaps <= 600),
        "gap_day_share": _mean(gaps <= 86_400),
        "november_to_mean": _mean(month == 11) * MONTHS,
        "christmas_rate_ratio": rate[True] / rate[False],
    }


def fraud_reports(world: World) -> dict[str, float]:
    """Delays until a defender knows, days."""
    fraud = world.fraud.with_columns(
        (pl.col(name) - pl.col("event_time")).dt.total_seconds() / 86_400 for name in ("reported_at", "chargeback_at")
    )
    report, chargeback = (fraud[name].drop_nulls() for name in ("reported_at", "chargeback_at"))
    return {
        "report_days_median": _quantile(report, 0.5),
        "report_days_p90": _quantile(report, 0.9),
        "report_days_max": _quantile(report, 1.0),
        "chargeback_days_median": _quantile(chargeback, 0.5),
        "chargeback_days_p90": _quantile(chargeback, 0.9),
        "never_reported_share": _mean(fraud.filter(pl.col("approved"))["reported_at"].is_null()),
    }


def _christmas(day: pl.Expr) -> pl.Expr:
    """Whether days are 18 to 25 December."""
    return (day.dt.month() == 12) & day.dt.day().is_between(18, 25)


def _by_day(rows: pl.DataFrame) -> pl.DataFrame:
    """Count payments by local day, without the days that only a time zone reaches."""
    year = rows["event_time"].dt.year().median()
    return rows.group_by("day").len().filter(pl.col("day").dt.year() == year)


def _shares(values: pl.Series, categories: range) -> list[float]:
    counts = dict(values.value_counts().rows())
    return [counts.get(category, 0) / len(values) for category in categories]


def _slope(counts: Sequence[float], first_rank: int) -> float:
    """Slope of ln(count) over ln(rank), least squares."""
    x = [log(first_rank + place) for place in range(len(counts))]
    y = [log(count) for count in counts]
    middle, level = sum(x) / len(x), sum(y) / len(y)
    return sum((a - middle) * (b - level) for a, b in zip(x, y, strict=True)) / sum((a - middle) ** 2 for a in x)


def _mean(values: pl.Series) -> float:
    return float(values.cast(pl.Float64).mean() or 0.0)  # type: ignore[arg-type]  # the mean of numbers is one


def _sd(values: pl.Series) -> float:
    return float(values.std() or 0.0)  # type: ignore[arg-type]  # of numbers


def _quantile(values: pl.Series, share: float) -> float:
    return float(values.cast(pl.Float64).quantile(share) or 0.0)
