"""How good a ranking of later payments is."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from sklearn.metrics import roc_curve

from payloom.baseline.resample import divided
from payloom.features.history import Bools, Floats, Ints

ALERT_SHARE: Final = 0.01
CARDS_PER_DAY: Final = 100
ROC_POINTS: Final = 200

BINS: Final = 20
"""Of the reliability curve; each holds as much of the rows and of the expected frauds together."""


def recall_at(score: Floats, fraud: Bools, share: float = ALERT_SHARE) -> Floats:
    """Say how far each fraud is among the rows with the highest scores: 1, 0, or a part where scores tie."""
    alerts = max(1, round(len(score) * share))
    limit = np.partition(score, -alerts)[-alerts]
    above, tied = int((score > limit).sum()), int((score == limit).sum())
    return np.where(score > limit, 1.0, np.where(score == limit, (alerts - above) / tied, 0.0))[fraud]


def card_precision(score: Floats, fraud: Bools, card: pl.Series, day: Ints, cards: int = CARDS_PER_DAY) -> float:
    """Return the share of cards with fraud that day among those with the highest scores, mean over days."""
    return float(daily_card_precision(score, fraud, card, day, cards)["precision"].to_numpy().mean())


def daily_card_precision(
    score: Floats, fraud: Bools, card: pl.Series, day: Ints, cards: int = CARDS_PER_DAY
) -> pl.DataFrame:
    """Return ``day`` and ``precision``: the share of cards with fraud among the day's cards with the highest scores."""
    rows = pl.DataFrame({"score": score, "fraud": fraud, "card": card, "day": day})
    ranked = rows.group_by("day", "card").agg(pl.col("score").max(), pl.col("fraud").any())
    top = ranked.sort("score", "card", descending=True).group_by("day").head(cards)
    # Sorted, so that sums have one order.
    return top.group_by("day").agg(precision=pl.col("fraud").mean()).sort("day")


def roc_points(score: Floats, fraud: Bools) -> tuple[tuple[float, float], ...]:
    """Return the ROC curve, thinned so that low false positive rates keep their detail."""
    false_rate, true_rate, _ = roc_curve(fraud, score)
    grid = np.concatenate([[0.0], np.geomspace(1e-5, 1.0, ROC_POINTS - 1)])
    return tuple(zip(grid.tolist(), np.interp(grid, false_rate, true_rate).tolist(), strict=True))


def reliability_bins(probability: Floats) -> Ints:
    """Number the bins of the reliability curve, from the lowest probabilities to the highest.

    Bins of equal rows would put nearly all frauds into one, bins of equal frauds nearly all rows; each of these holds
    the same half-and-half of both.
    """
    order = np.argsort(probability, kind="stable")
    share = (np.arange(1, len(order) + 1) / len(order) + _shares(np.cumsum(probability[order]))) / 2
    bins = np.empty(len(order), dtype=np.int64)
    bins[order] = np.minimum((share * BINS).astype(np.int64), BINS - 1)
    return bins


def calibration_error(probability: Floats, fraud: Bools, bins: Ints, day: Ints, weights: Floats) -> Floats:
    """Return the mean distance between probability and observed rate over bins, weighted by rows, for each resample."""
    cell = day * BINS + bins
    size = weights.shape[1] * BINS
    excess = np.bincount(cell, weights=probability - fraud, minlength=size).reshape(-1, BINS)
    rows = np.bincount(day, minlength=weights.shape[1])
    return divided(np.abs(weights @ excess).sum(axis=1), weights @ rows)


def _shares(running: Floats) -> Floats:
    return running / running[-1] if running[-1] > 0 else np.ones(len(running))
