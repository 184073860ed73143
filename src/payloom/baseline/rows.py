"""The rows that models are trained and tested on: chronological, with the labels that a defender had."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from payloom.baseline.spread import even_spread
from payloom.errors import Problem, TrainingDataError
from payloom.features.catalogue import FEATURE_SETS, build_features, features_of, needed_columns
from payloom.features.history import Bools, Floats, Ints

Frame = pl.DataFrame | pl.LazyFrame

DAY_US: Final = 86_400_000_000

TEST_SHARE: Final = 0.25
"""Of the time, at its end."""

GAP_DAYS: Final = 7
"""Between training and test: the latest payments have hardly a report (Fraud Detection Handbook, Worldline and ULB)."""

WARM_UP_DAYS: Final = 30
"""At the start, not trained on when there is half a year or more: histories are still empty."""

GENUINE_AT_MOST: Final = 200_000
"""Genuine rows to train with, over the whole time; each stands for several."""

TEST_ROWS_AT_MOST: Final = 1_000_000
"""More than these are thinned by whole days, so that a day stays a day."""

NEVER_US: Final = np.iinfo(np.int64).max

REQUIRED: Final = ("event_time", "is_fraud")
"""Columns of the payments without which nothing can be trained."""

COMMERCIAL: Final = ("not_received", "not_as_described", "cancelled_recurring", "credit_not_processed", "duplicate")
"""Reasons of chargebacks that are disputes between a customer and a merchant: no fraud team trains on them as fraud."""

APPROVED: Final = "00"
"""Response code of a payment that went through."""

USD_AT_MOST: Final = 1e9
"""Of one payment; sums of millionths of them stay exact."""

ALL: Final = "RFM + linkage"
"""The features that are made, of `FEATURE_SETS`."""

NO_FEATURE: Final = "no feature can be made of these columns; an amount, a customer or a merchant is needed"

_SHOWN: Final = ("amount_usd", "channel", "response_code")
_TYPES: Final[dict[str, tuple[str, Callable[[pl.DataType], bool]]]] = {
    "event_time": ("a time", lambda kind: isinstance(kind, pl.Datetime)),
    "is_fraud": ("a boolean", lambda kind: kind == pl.Boolean or kind.is_integer()),
    "amount_usd": ("a number", lambda kind: kind.is_numeric()),
}
_PAYERS: Final = ("card_id", "account_id", "customer_id")

Rows = Ints
"""Numbers of rows of `BaselineRows`."""


@dataclass(frozen=True)
class BaselineRows:
    """Rows with features; which to train and to test on.

    Attributes
    ----------
    features
        Features of each row.
    time_us
        Event time, microseconds since 1970 UTC.
    fraud
        The truth.
    reported_us
        When somebody reported the payment; `NEVER_US` if nobody did.
    dismissed_us
        When a chargeback said that a reported payment is a dispute about goods and no fraud; `NEVER_US` if none did.
    card, typology, channel
        Card, or account where there is none; kind of fraud and channel if they are known.
    at_risk_usd
        Amount in US dollars that is lost if the payment is a fraud: nothing for a declined one; NaN if not known.
    spread
        A number from 0 to 1, evenly spread: rows below a share are that share of the rows.
    share
        Share of the genuine rows that a training set takes.
    cut_us, first_us
        Start of the test period, at a midnight (UTC); time of the first payment.
    test
        Rows of the test period.
    empty_months
        Months without a payment between the first and the last, such as ``2025-03``.
    has_reports
        Whether the times of reports are known.
    every_days
        The test rows are those of one day in so many.
    """

    features: pl.DataFrame
    time_us: Ints
    fraud: Bools
    reported_us: Ints
    dismissed_us: Ints
    card: pl.Series
    typology: pl.Series
    channel: pl.Series
    at_risk_usd: Floats
    spread: Floats
    share: float
    cut_us: int
    first_us: int
    test: Rows
    empty_months: tuple[str, ...] = ()
    has_reports: bool = True
    every_days: int = 1

    def training(self, begin_us: int, cut_us: int) -> tuple[Rows, Bools, Floats]:
        """Choose the rows of [begin, cut) to train on, with what was known at the cut, and their weights.

        A fraud that nobody had reported by then is trained as genuine, as in real life; so is a dispute about goods,
        from the chargeback on.
        """
        inside = (self.time_us >= begin_us) & (self.time_us < cut_us - GAP_DAYS * DAY_US)
        known = (self.reported_us <= cut_us) & (self.dismissed_us > cut_us)
        rows = np.flatnonzero(inside & (known | (self.spread < self.share)))
        return rows, known[rows], np.where(known[rows], 1.0, 1.0 / self.share)

    @property
    def begin_us(self) -> int:
        """Start of the time that is trained on for the test period."""
        long = self.cut_us - self.first_us > 4 * WARM_UP_DAYS * DAY_US
        return self.first_us + long * WARM_UP_DAYS * DAY_US

    @property
    def main_training(self) -> tuple[Rows, Bools, Floats]:
        """Choose the rows to train on for the test period."""
        return self.training(self.begin_us, self.cut_us)


def make_rows(payments: Frame, labels: Frame | None = None) -> BaselineRows:
    """Build the features of the rows that are needed, from the history of all.

    Parameters
    ----------
    payments
        The table ``payments``, or one under its column names.
    labels
        ``transaction_id`` with ``reported_at``, ``typology``, ``chargeback_reason`` and ``chargeback_at``, such as
        those of ``fraud_labels``; each may lack. Without reports every fraud counts as reported after a week.

    Raises
    ------
    TrainingDataError
        If a required column is missing, has nulls or another type, no feature can be made, or there is no row.
    """
    ordered = in_order(payments, REQUIRED)
    have = ordered.columns
    _refuse([] if features_of(have, FEATURE_SETS[ALL]) else [Problem("payments", ", ".join(have), NO_FEATURE)])
    time_us = ordered["event_time"].dt.epoch("us").to_numpy()
    fraud = ordered["is_fraud"].to_numpy()
    first, last = int(time_us[0]), int(time_us[-1]) + 1
    cut = (first + int((last - first) * (1 - TEST_SHARE))) // DAY_US * DAY_US
    every = 1 + int((time_us >= cut).sum()) // TEST_ROWS_AT_MOST
    test = (time_us >= cut) & ((time_us // DAY_US) % every == 0)
    reports = known_reports(labels, ordered)
    reported_us, typology = _labels(labels, reports, ordered)
    spread = even_spread(len(ordered))
    share = min(1.0, GENUINE_AT_MOST / max(int((~fraud).sum()), 1))
    keep = fraud | (reported_us < NEVER_US) | (spread < share) | test
    kept = ordered.filter(pl.Series(keep))
    return BaselineRows(
        features=build_features(ordered, reports, rows=pl.Series(keep)),
        time_us=time_us[keep],
        fraud=fraud[keep],
        reported_us=reported_us[keep],
        dismissed_us=_dismissed(labels, kept),
        card=payer(kept),
        typology=typology.filter(pl.Series(keep)),
        channel=kept["channel"].cast(pl.String) if "channel" in have else _nothing("channel", len(kept)),
        at_risk_usd=_at_risk(kept),
        spread=spread[keep],
        share=share,
        cut_us=cut,
        first_us=first,
        test=np.flatnonzero(test[keep]),
        empty_months=_empty_months(ordered["event_time"]),
        has_reports=reports is not None,
        every_days=every,
    )


def in_order(payments: Frame, required: tuple[str, ...]) -> pl.DataFrame:
    """Return the columns that are needed of the payments, in the order of time.

    Raises
    ------
    TrainingDataError
        If a required column is missing, has nulls or another type, or there is no row.
    """
    have = payments.lazy().collect_schema()
    _refuse(Problem(f"payments.{name}", "", "is missing") for name in required if name not in have)
    known = {name: types for name, types in _TYPES.items() if name in have}
    _refuse(
        Problem(f"payments.{name}", str(have[name]), f"must be {what}")
        for name, (what, fits) in known.items()
        if not fits(have[name])
    )
    wanted = [name for name in have if name in needed_columns().union(REQUIRED, _PAYERS, _SHOWN)]
    ordered = payments.lazy().select(wanted).sort("event_time", maintain_order=True).collect(engine="streaming")
    ordered = ordered.with_columns(pl.col(name).cast(pl.Boolean) for name in ("is_fraud",) if name in have)
    _refuse([] if len(ordered) else [Problem("payments", "0 rows", "must hold payments")])
    _refuse(
        Problem(f"payments.{name}", "null", "must be known of every row")
        for name in required
        if ordered[name].null_count()
    )
    _refuse_amounts(ordered)
    return ordered


def _refuse_amounts(payments: pl.DataFrame) -> None:
    if "amount_usd" not in payments.columns or not payments["amount_usd"].dtype.is_float():
        return
    amount = pl.col("amount_usd")
    wrong = payments.select((~amount.is_finite() | (amount.abs() > USD_AT_MOST)).sum()).item()
    if wrong:
        allowed = f"must be finite and at most {USD_AT_MOST:,.0f}"
        problem = Problem("payments.amount_usd", f"{wrong:,} rows", allowed)
        raise TrainingDataError([problem], hint="leave such rows out; payloom validate names them")


def payer(payments: pl.DataFrame) -> pl.Series:
    """Return the card of each payment, or its account where there is none."""
    known = [pl.col(name).cast(pl.String) for name in _PAYERS if name in payments.columns]
    # Where nothing names the payer, every payment is on its own.
    return payments.select(pl.coalesce([*known, pl.int_range(pl.len()).cast(pl.String)]).alias("card")).to_series()


def known_reports(labels: Frame | None, payments: pl.DataFrame) -> pl.DataFrame | None:
    """Return ``transaction_id`` and ``reported_at`` of the labels; None where one of them is missing."""
    if labels is None or "transaction_id" not in payments.columns:
        return None
    have = labels.lazy().collect_schema()
    if not {"transaction_id", "reported_at"} <= set(have):
        return None
    same = payments["transaction_id"].dtype
    _refuse(
        Problem(f"fraud_labels.{name}", str(have[name]), f"must be {what}")
        for name, what, fits in (
            ("transaction_id", f"{same}, as in the payments", have["transaction_id"] == same),
            ("reported_at", "a time", isinstance(have["reported_at"], pl.Datetime)),
        )
        if not fits
    )
    return labels.lazy().select("transaction_id", "reported_at").collect()


def _refuse(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if found:
        raise TrainingDataError(found, hint="a data set of payloom has every column; docs/schema.md lists them")


def _labels(labels: Frame | None, reports: pl.DataFrame | None, payments: pl.DataFrame) -> tuple[Ints, pl.Series]:
    """Return when each payment was reported, and of what kind it is."""
    late = payments["event_time"].dt.epoch("us") + GAP_DAYS * DAY_US
    reported = np.where(payments["is_fraud"], late, NEVER_US)
    if reports is not None:
        at = _joined(payments, reports.unique("transaction_id", keep="first", maintain_order=True), "reported_at")
        reported = at.dt.epoch("us").fill_null(NEVER_US).to_numpy()
    names = set() if labels is None else set(labels.lazy().collect_schema().names())
    if labels is None or not {"transaction_id", "typology"} <= names or "transaction_id" not in payments.columns:
        return reported, _nothing("typology", len(payments))
    kinds = labels.lazy().select("transaction_id", pl.col("typology").cast(pl.String))
    kinds = kinds.unique("transaction_id", keep="first", maintain_order=True)
    return reported, _joined(payments, kinds.collect(), "typology")


def _dismissed(labels: Frame | None, payments: pl.DataFrame) -> Ints:
    """Return when a chargeback for a commercial reason was raised."""
    needed = ("transaction_id", "chargeback_reason", "chargeback_at")
    have = {} if labels is None else labels.lazy().collect_schema()
    if labels is None or not set(needed) <= set(have) or "transaction_id" not in payments.columns:
        return np.full(len(payments), NEVER_US)
    commercial = pl.col("chargeback_reason").cast(pl.String).is_in(COMMERCIAL)
    found = labels.lazy().select(needed).filter(commercial).collect()
    found = found.unique("transaction_id", keep="first", maintain_order=True)
    return _joined(payments, found, "chargeback_at").dt.epoch("us").fill_null(NEVER_US).to_numpy()


def _joined(payments: pl.DataFrame, found: pl.DataFrame, name: str) -> pl.Series:
    return payments.select("transaction_id").join(found, on="transaction_id", how="left", maintain_order="left")[name]


def _nothing(name: str, rows: int) -> pl.Series:
    return pl.repeat(None, rows, dtype=pl.String, eager=True).alias(name)


def _at_risk(payments: pl.DataFrame) -> Floats:
    if "amount_usd" not in payments.columns:
        return np.full(len(payments), np.nan)
    amount = pl.col("amount_usd").cast(pl.Float64)
    if "response_code" in payments.columns:
        # A declined fraud takes no money.
        answer = pl.col("response_code").cast(pl.String)
        amount = pl.when(answer.is_null() | (answer == APPROVED)).then(amount).otherwise(0)
    return payments.select(amount.alias("at_risk_usd")).to_series().to_numpy()


def _empty_months(times: pl.Series) -> tuple[str, ...]:
    months = times.dt.truncate("1mo").unique().sort()
    every = pl.datetime_range(months[0], months[-1], "1mo", eager=True)
    return tuple(every.filter(~every.is_in(months.implode())).dt.strftime("%Y-%m").to_list())
