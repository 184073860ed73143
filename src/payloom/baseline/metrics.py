"""How good a ranking of later payments is."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from sklearn.metrics import roc_curve

from payloom.features.history import Bools, Floats, Ints

ALERT_SHARE: Final = 0.01
CARDS_PER_DAY: Final = 100
ROC_POINTS: Final = 200


def recall_at(score: Floats, fraud: Bools, share: float = ALERT_SHARE) -> Floats:
    """Say how far each fraud is among the rows with the highest scores: 1, 0, or a part where scores tie."""
    alerts = max(1, round(len(score) * share))
    limit = np.partition(score, -alerts)[-alerts]
    above, tied = int((score > limit).sum()), int((score == limit).sum())
    return np.where(score > limit, 1.0, np.where(score == limit, (alerts - above) / tied, 0.0))[fraud]


def card_precision(score: Floats, fraud: Bools, card: pl.Series, day: Ints, cards: int = CARDS_PER_DAY) -> float:
    """Return the share of cards with fraud that day among those with the highest scores, mean over days."""
    rows = pl.DataFrame({"score": score, "fraud": fraud, "card": card, "day": day})
    ranked = rows.group_by("day", "card").agg(pl.col("score").max(), pl.col("fraud").any())
    top = ranked.sort("score", "card", descending=True).group_by("day").head(cards)
    # Sorted, so that the sum has one order.
    return float(top.group_by("day").agg(pl.col("fraud").mean()).sort("day")["fraud"].to_numpy().mean())


def roc_points(score: Floats, fraud: Bools) -> tuple[tuple[float, float], ...]:
    """Return the ROC curve, thinned so that low false positive rates keep their detail."""
    false_rate, true_rate, _ = roc_curve(fraud, score)
    grid = np.concatenate([[0.0], np.geomspace(1e-5, 1.0, ROC_POINTS - 1)])
    return tuple(zip(grid.tolist(), np.interp(grid, false_rate, true_rate).tolist(), strict=True))
