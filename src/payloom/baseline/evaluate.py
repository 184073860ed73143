"""A model on the test period: metrics with intervals, slices, thresholds and curves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

import numpy as np

from payloom.baseline.curves import curves
from payloom.baseline.metrics import ALERT_SHARE, calibration_error, daily_card_precision, reliability_bins
from payloom.baseline.models import ISOLATION, Scorer
from payloom.baseline.period import Period
from payloom.baseline.ranking import Ranked, Ranking, measure
from payloom.baseline.resample import divided, estimate
from payloom.baseline.results import Estimate, Importance, Metrics, ModelResult, Slice, ThresholdRule
from payloom.baseline.thresholds import daily_savings, measured
from payloom.features.history import Bools, Floats

SHARES: Final = (ALERT_SHARE, 0.001)
"""Of the payments that are alerted."""

UNKNOWN: Final = Estimate(np.nan, np.nan, np.nan)


def evaluate(
    scorer: Scorer,
    score: Floats,
    period: Period,
    *,
    review_cost_usd: float,
    importance: tuple[Importance, ...] = (),
    train_seconds: float = 0.0,
) -> ModelResult:
    """Measure a model.

    Parameters
    ----------
    score
        What the scorer gives for the rows of the period.
    importance, train_seconds
        Handed on into the result.
    """
    has_probability = scorer.kind != ISOLATION
    in_part = np.array([part.rows[period.fraud] for part in period.parts]).reshape(len(period.parts), -1).T
    ranking = Ranking.of(score, period.fraud, period.day, period.days)
    ranked = measure(ranking, period.weights, SHARES, in_part)
    return ModelResult(
        kind=scorer.kind,
        settings=dict(scorer.settings),
        metrics=Metrics(
            auc=estimate(ranked.auc),
            ap=estimate(ranked.ap),
            recall_at_1pct=estimate(ranked.recall[0]),
            recall_at_01pct=estimate(ranked.recall[1]),
            card_precision_at_100=_card_precision(score, period),
            savings_share=_savings(score, period, scorer.thresholds.get("cost"), review_cost_usd),
            calibration_error=_calibration(score, period) if has_probability else UNKNOWN,
        ),
        slices=tuple(_slices(score, period, ranked)),
        thresholds=tuple(
            measured(cast(ThresholdRule, rule), probability, score, period, review_cost_usd)
            for rule, probability in scorer.thresholds.items()
        ),
        curves=curves(score, period, review_cost_usd, has_probability=has_probability),
        importance=importance,
        train_seconds=train_seconds,
    )


def _card_precision(score: Floats, period: Period) -> Estimate:
    rows = period.unknown_card
    days = daily_card_precision(score[rows], period.fraud[rows], period.card.filter(rows), period.day[rows])
    if not len(days):
        return UNKNOWN
    weights = period.weights[:, days["day"].to_numpy()]
    return estimate(divided(weights @ days["precision"].to_numpy(), weights.sum(axis=1)))


def _savings(score: Floats, period: Period, threshold: float | None, review_cost_usd: float) -> Estimate:
    if threshold is None or not period.has_amounts:
        return UNKNOWN
    saved, lost = daily_savings(score >= threshold, period, review_cost_usd)
    return estimate(divided(period.weights @ saved, period.weights @ lost))


def _calibration(score: Floats, period: Period) -> Estimate:
    return estimate(calibration_error(score, period.fraud, reliability_bins(score), period.day, period.weights))


def _slices(score: Floats, period: Period, ranked: Ranked) -> Iterator[Slice]:
    for place, part in enumerate(period.parts):
        own = part.rows & period.fraud
        rows = part.rows | ~period.fraud if part.by == "typology" else part.rows
        yield Slice(
            by=part.by,
            name=part.name,
            rows=int(rows.sum()),
            frauds=int(own.sum()),
            fraud_usd=float(period.at_risk_usd[own].sum()),
            auc=estimate(ranked.slice_auc[:, place] if part.by == "typology" else _own_auc(score, rows, period)),
            recall_at_1pct=estimate(ranked.slice_recall[:, place]),
        )


def _own_auc(score: Floats, rows: Bools, period: Period) -> Floats:
    """Rank the rows of a channel or a month among themselves."""
    ranking = Ranking.of(score[rows], period.fraud[rows], period.day[rows], period.days)
    return measure(ranking, period.weights, ()).auc
