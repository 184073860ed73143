"""Curves of the test period, thinned to points that a page can draw."""

from __future__ import annotations

from typing import Final

import numpy as np

from payloom.baseline.metrics import BINS, reliability_bins, roc_points
from payloom.baseline.period import Period
from payloom.baseline.results import Curves, Points, ReliabilityBin
from payloom.features.history import Bools, Floats, Ints

POINTS: Final = 200

SAVED_UP_TO: Final = 0.05
"""Share of the payments alerted up to which savings are drawn."""


def curves(score: Floats, period: Period, review_cost_usd: float, *, has_probability: bool) -> Curves:
    """Draw the curves of a model."""
    order = np.argsort(-score, kind="stable")
    fraud = period.fraud[order]
    caught = np.cumsum(fraud, dtype=np.int64)
    # Only where the score falls: rows with the same score can't be told apart.
    ends = np.flatnonzero(np.append(score[order][1:] < score[order][:-1], True)).astype(np.int64)
    return Curves(
        roc=roc_points(score, period.fraud),
        precision_recall=_precision_recall(caught[ends], ends + 1),
        alerts_recall=_alerts_recall(caught, ends),
        alerts_saved_usd=_saved(order, ends, period, review_cost_usd) if period.has_amounts else (),
        reliability=reliability(score, period.fraud) if has_probability else (),
    )


def reliability(probability: Floats, fraud: Bools) -> tuple[ReliabilityBin, ...]:
    """Compare probabilities with what was observed."""
    bins = reliability_bins(probability)
    rows = np.bincount(bins, minlength=BINS)
    chance = np.bincount(bins, weights=probability, minlength=BINS)
    frauds = np.bincount(bins, weights=fraud, minlength=BINS)
    return tuple(
        ReliabilityBin(float(chance[b] / rows[b]), float(frauds[b] / rows[b]), int(rows[b]))
        for b in np.flatnonzero(rows)
    )


def _precision_recall(caught: Ints, alerts: Ints) -> Points:
    better = np.flatnonzero(np.diff(caught, prepend=0))
    kept = better[_thinned(len(better))]
    return _points(caught[kept] / caught[-1], caught[kept] / alerts[kept])


def _alerts_recall(caught: Ints, ends: Ints) -> Points:
    rows = len(caught)
    wanted = np.unique(np.geomspace(1, rows, POINTS - 1).astype(np.int64))
    found = np.interp(wanted, np.concatenate([[0], ends + 1]), np.concatenate([[0], caught[ends]]))
    return _points(np.concatenate([[0.0], wanted / rows]), np.concatenate([[0.0], found / caught[-1]]))


def _saved(order: Ints, ends: Ints, period: Period, review_cost_usd: float) -> Points:
    stopped = np.cumsum(np.where(period.fraud, period.at_risk_usd, 0.0)[order])[ends]
    saved = stopped - review_cost_usd * (ends + 1)
    most = max(int(len(order) * SAVED_UP_TO), 1)
    wanted = np.linspace(0, most, POINTS)
    found = np.interp(wanted, np.concatenate([[0], ends + 1]), np.concatenate([[0.0], saved]))
    return _points(wanted / period.days, found)


def _thinned(length: int) -> Ints:
    return np.unique(np.linspace(0, length - 1, min(length, POINTS)).astype(np.int64))


def _points(x: Floats, y: Floats) -> Points:
    return tuple(zip(x.tolist(), y.tolist(), strict=True))
