"""How models age: trained once and frozen, against trained again each month."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from payloom.baseline.models import BASELINE_BOOSTING, BOOSTING, Boosting, Scorer, fit
from payloom.baseline.results import Ageing
from payloom.baseline.rows import BaselineRows
from payloom.features.history import Ints

WINDOW_MONTHS: Final = 3
"""A model is trained on so many months."""

LATER_MONTHS: Final = 4
"""It is looked at in so many months after them (IEEE-CIS: months +1 to +4)."""

FRAUDS_A_MONTH_AT_LEAST: Final = 500
"""With fewer the AUC of a month has an error as large as what a model loses."""


def ageing(
    rows: BaselineRows,
    frauds_a_month_at_least: int = FRAUDS_A_MONTH_AT_LEAST,
    boosting: Boosting = BASELINE_BOOSTING,
) -> tuple[tuple[Ageing, ...], str]:
    """Measure the ageing, mean over every month in which a model can be frozen; and say why if that is not possible."""
    edges = month_edges(rows.first_us, int(rows.time_us[-1]))
    months = len(edges) - 1
    # The first month has hardly any history.
    origins = range(1 + WINDOW_MONTHS, months - LATER_MONTHS + 1)
    if not origins:
        return (), f"needs {1 + WINDOW_MONTHS + LATER_MONTHS} whole months"
    month = np.searchsorted(edges, rows.time_us, side="right") - 1
    frauds = np.bincount(month[rows.fraud], minlength=months)[1:months]
    if frauds.mean() < frauds_a_month_at_least:
        return (), f"needs {frauds_a_month_at_least} frauds a month, has {frauds.mean():.0f}"
    # Each model looks at the months that follow: [model's first month, month] -> AUC, AP.
    table = {}
    for first in range(origins[0], months):
        begin, cut = int(edges[first - WINDOW_MONTHS]), int(edges[first])
        chosen, known, weight = rows.training(begin, cut)
        model = fit(BOOSTING, rows.features[chosen], known, weight, boosting)
        for later in range(first, min(first + LATER_MONTHS, months)):
            table[first, later] = _scores(model, rows, month == later)
    return tuple(_mean(table, list(origins), later, frauds) for later in range(LATER_MONTHS)), ""


def _scores(model: Scorer, rows: BaselineRows, inside: Ints) -> tuple[float, float]:
    chosen = np.flatnonzero(inside & (rows.fraud | (rows.spread < rows.share)))
    score, fraud = model.score(rows.features[chosen]), rows.fraud[chosen]
    weight = np.where(fraud, 1.0, 1.0 / rows.share)
    precision = average_precision_score(fraud, score, sample_weight=weight)
    return float(roc_auc_score(fraud, score)), float(precision)


def _mean(table: dict[tuple[int, int], tuple[float, float]], origins: list[int], later: int, frauds: Ints) -> Ageing:
    frozen = np.mean([table[first, first + later] for first in origins], axis=0)
    again = np.mean([table[first + later, first + later] for first in origins], axis=0)
    seen = sum(int(frauds[first + later - 1]) for first in origins)
    return Ageing(later + 1, float(frozen[0]), float(again[0]), float(frozen[1]), float(again[1]), seen)


def month_edges(first_us: int, last_us: int) -> Ints:
    """Return the starts of the whole calendar months (UTC) between two times, and the end of the last."""
    first, last = (datetime.fromtimestamp(us / 1e6, UTC) for us in (first_us, last_us))
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month + 1)
    starts = [int(datetime(n // 12, n % 12 + 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 for n in numbers]
    day = 86_400_000_000
    return np.array([start for start in starts if start >= first_us - day and start <= last_us + day], dtype=np.int64)
