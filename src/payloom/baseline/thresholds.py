"""From which score on payments are reviewed: chosen on held-out training rows, measured on the test period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from payloom.baseline.period import Period
from payloom.baseline.results import Threshold, ThresholdRule
from payloom.features.history import Bools, Floats

REVIEW_COST_USD: Final = 5.0
"""Of one alert: ten minutes of an analyst at 30 US dollars an hour (estimate).

A review costs the same whatever turns out, a missed fraud its amount, as in Correa Bahnsen et al., "Cost sensitive
credit card fraud detection using Bayes minimum risk" (ICMLA 2013).
"""

ALERTS_PER_DAY: Final = 100
"""As many as the Fraud Detection Handbook gives the investigators of a day."""

NO_ALERTS: Final = 1.0
"""Threshold where no review pays."""


@dataclass(frozen=True)
class HeldOut:
    """Training rows that a model has not seen, as they were known when it was trained.

    Attributes
    ----------
    score
        Calibrated score.
    weight
        Rows that each stands for.
    frauds
        Frauds that each stands for.
    at_risk_usd
        Loss if a row is a fraud.
    days
        Length of the time that they span.
    """

    score: Floats
    weight: Floats
    frauds: Floats
    at_risk_usd: Floats
    days: float


def choose(held_out: HeldOut, review_cost_usd: float, alerts_per_day: float) -> dict[str, float]:
    """Choose the thresholds, by rule; ``cost`` only where amounts are known."""
    order = np.argsort(-held_out.score, kind="stable")
    score, weight = held_out.score[order], held_out.weight[order]
    ends = np.flatnonzero(np.append(score[1:] < score[:-1], True))
    alerts = np.cumsum(weight)[ends]
    levels = score[ends]
    fitting = int((alerts <= alerts_per_day * held_out.days).sum())
    found = {"budget": _between(levels, fitting)}
    if np.isfinite(held_out.at_risk_usd).all():
        stopped = np.cumsum((held_out.frauds * held_out.at_risk_usd)[order])[ends]
        saved = np.concatenate([[0.0], stopped - review_cost_usd * alerts])
        found["cost"] = _between(levels, int(saved.argmax()))
    return found


def _between(levels: Floats, alerted: int) -> float:
    """Return a threshold that alerts so many of the falling levels: midway to the next."""
    if alerted == 0:
        return NO_ALERTS
    if alerted == len(levels):
        return 0.0
    return float((levels[alerted - 1] + levels[alerted]) / 2)


def measured(
    rule: ThresholdRule, probability: float, score: Floats, period: Period, review_cost_usd: float
) -> Threshold:
    """Measure a threshold on the test period."""
    alert = score >= probability
    alerts, caught = int(alert.sum()), int((alert & period.fraud).sum())
    stopped = float(period.at_risk_usd[alert & period.fraud].sum()) if period.has_amounts else np.nan
    review = review_cost_usd * alerts
    return Threshold(
        rule=rule,
        probability=probability,
        alerts_per_day=alerts / period.days,
        precision=caught / alerts if alerts else np.nan,
        recall=caught / max(int(period.fraud.sum()), 1),
        stopped_usd=stopped,
        review_usd=review,
        saved_usd=stopped - review,
    )


def daily_savings(alert: Bools, period: Period, review_cost_usd: float) -> tuple[Floats, Floats]:
    """Return the money that was saved, and the money of all frauds, by day."""
    lost = np.where(period.fraud, period.at_risk_usd, 0.0)
    saved = np.where(alert, lost - review_cost_usd, 0.0)
    return tuple(np.bincount(period.day, weights=values, minlength=period.days) for values in (saved, lost))  # type: ignore[return-value]
