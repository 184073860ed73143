"""The rows that models are trained and tested on: chronological, with the labels that a defender had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from payloom.features.catalogue import build_features, needed_columns
from payloom.realism.data import DataSet
from payloom.realism.leak_sample import even_spread
from payloom.realism.scores import Bools, Floats, Ints

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

Rows = Ints
"""Numbers of rows of `DifficultyRows`."""


@dataclass(frozen=True)
class DifficultyRows:
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
    card, typology
        Card, or account where there is none; kind of fraud if it is known.
    spread
        A number from 0 to 1, evenly spread: rows below a share are that share of the rows.
    share
        Share of the genuine rows that a training set takes.
    test
        Rows of the test period.
    """

    features: pl.DataFrame
    time_us: Ints
    fraud: Bools
    reported_us: Ints
    card: pl.Series
    typology: pl.Series
    spread: Floats
    share: float
    cut_us: int
    first_us: int
    test: Rows

    def training(self, begin_us: int, cut_us: int) -> tuple[Rows, Bools, Floats]:
        """Choose the rows of [begin, cut) to train on, with what was known at the cut, and their weights.

        A fraud that nobody had reported by then is trained as genuine, as in real life.
        """
        inside = (self.time_us >= begin_us) & (self.time_us < cut_us - GAP_DAYS * DAY_US)
        known = self.reported_us <= cut_us
        rows = np.flatnonzero(inside & (known | (self.spread < self.share)))
        return rows, known[rows], np.where(known[rows], 1.0, 1.0 / self.share)

    @property
    def main_training(self) -> tuple[Rows, Bools, Floats]:
        """Choose the rows to train on for the test period."""
        long = self.cut_us - self.first_us > 4 * WARM_UP_DAYS * DAY_US
        return self.training(self.first_us + long * WARM_UP_DAYS * DAY_US, self.cut_us)


def draw_rows(data: DataSet) -> DifficultyRows:
    """Build the features of the rows that are needed, from the history of all."""
    have = data.schema.names()
    wanted = [name for name in have if name in needed_columns() | {"is_fraud"}]
    payments = data.payments.select(wanted).sort("event_time", maintain_order=True).collect(engine="streaming")
    time_us = payments["event_time"].dt.epoch("us").to_numpy()
    fraud = payments["is_fraud"].to_numpy()
    first, last = int(time_us[0]), int(time_us[-1]) + 1
    cut = (first + int((last - first) * (1 - TEST_SHARE))) // DAY_US * DAY_US
    every = 1 + int((time_us >= cut).sum()) // TEST_ROWS_AT_MOST
    test = (time_us >= cut) & ((time_us // DAY_US) % every == 0)
    reports = _has_reports(data)
    reported_us, typology = _labels(data, payments)
    spread = even_spread(len(payments))
    share = min(1.0, GENUINE_AT_MOST / max(int((~fraud).sum()), 1))
    keep = fraud | (reported_us < NEVER_US) | (spread < share) | test
    labels = data.labels.select("transaction_id", "reported_at") if data.labels is not None and reports else None
    card = [pl.col(name).cast(pl.String) for name in ("card_id", "account_id", "customer_id") if name in have]
    # Where nothing names the payer, every payment is on its own.
    card.append(pl.int_range(pl.len()).cast(pl.String))
    return DifficultyRows(
        features=build_features(payments, labels, rows=pl.Series(keep)),
        time_us=time_us[keep],
        fraud=fraud[keep],
        reported_us=reported_us[keep],
        card=payments.filter(keep).select(pl.coalesce(card).alias("card")).to_series(),
        typology=typology.filter(pl.Series(keep)),
        spread=spread[keep],
        share=share,
        cut_us=cut,
        first_us=first,
        test=np.flatnonzero(test[keep]),
    )


def _has_reports(data: DataSet) -> bool:
    return (
        data.labels is not None
        and data.has("transaction_id")
        and {"transaction_id", "reported_at"} <= set(data.labels.collect_schema().names())
    )


def _labels(data: DataSet, payments: pl.DataFrame) -> tuple[Ints, pl.Series]:
    """Return when each payment was reported, and of what kind it is."""
    nothing = pl.Series("typology", [None], dtype=pl.String).extend_constant(None, len(payments) - 1)
    if data.labels is None or not _has_reports(data):
        late = payments["event_time"].dt.epoch("us") + GAP_DAYS * DAY_US
        return np.where(payments["is_fraud"], late, NEVER_US), nothing
    has_kind = "typology" in data.labels.collect_schema().names()
    kind = pl.col("typology").cast(pl.String) if has_kind else pl.lit(None, pl.String).alias("typology")
    labels = data.labels.select("transaction_id", "reported_at", kind).unique("transaction_id").collect()
    found = payments.select("transaction_id").join(labels, on="transaction_id", how="left", maintain_order="left")
    return found["reported_at"].dt.epoch("us").fill_null(NEVER_US).to_numpy(), found["typology"]
