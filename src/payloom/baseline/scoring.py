"""The rows that a trained model is to score: features of some days, from the history of all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from payloom.baseline.rows import Frame, in_order, known_reports
from payloom.features.catalogue import build_features


@dataclass(frozen=True)
class ScoringRows:
    """Payments to score.

    Attributes
    ----------
    payments
        The payments in the order of time, with the columns that were read: ids, time, amount and what features need.
    features
        Features of each, for `Scorer.score`.
    """

    payments: pl.DataFrame
    features: pl.DataFrame


def scoring_rows(
    payments: Frame, labels: Frame | None = None, *, first: date | None = None, end: date | None = None
) -> ScoringRows:
    """Prepare the payments of some days.

    Parameters
    ----------
    payments
        The table ``payments`` with the history before those days; ``is_fraud`` is not needed.
    labels
        ``transaction_id`` and ``reported_at`` of what was reported; reports count from the day after.
    first, end
        The days [first, end) in UTC; by default from the first and to the last.

    Raises
    ------
    TrainingDataError
        If ``event_time`` is missing, or there is no payment.
    """
    ordered = in_order(payments, ("event_time",))
    day = ordered["event_time"].dt.date()
    asked = pl.repeat(value=True, n=len(ordered), dtype=pl.Boolean, eager=True)
    if first is not None:
        asked &= day >= first
    if end is not None:
        asked &= day < end
    return ScoringRows(ordered.filter(asked), build_features(ordered, known_reports(labels, ordered), rows=asked))
