"""One look at one property of the rows, before it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from payloom.realism.results import Leak
from payloom.realism.scores import Auc, Bools, Floats, Ints, auc, average_precision

FRAUDS_AT_LEAST: Final = 20
CLUSTERS_AT_LEAST: Final = 8
"""Fewer frauds, or frauds of fewer campaigns or days, say nothing."""

VALUE_LIMIT: Final = 0.90
"""No single column above this (facts of real data: fields without history together reach .70 to .85)."""

FAMILY_ERROR: Final = 0.001
"""Chance that any of the probes that should find nothing cries wolf, in a data set without leaks (Bonferroni)."""


@dataclass(frozen=True)
class Probe:
    """What one look found.

    Attributes
    ----------
    column, probe
        As in `Leak`.
    rows
        Rows, or ids, that were looked at.
    area
        How well it tells fraud, folded; None where nothing could be compared.
    precision
        Average precision with its interval.
    limit
        Largest accepted AUC; None where nothing but chance is accepted.
    given_time
        Whether rows were compared within narrow windows of time only.
    clusters_at_least
        Fewer independent groups of frauds say nothing.
    """

    column: str
    probe: str
    rows: int
    area: Auc | None
    precision: tuple[float, float, float]
    limit: float | None
    given_time: bool = False
    clusters_at_least: int = CLUSTERS_AT_LEAST

    def judged(self, chance_probes: int) -> Leak:
        """Return the verdict, knowing how many probes are held against chance."""
        area = self.area or Auc(0.5, 0.0, 0, 0, 0.0)
        low, high = area.interval()
        limit = self.limit
        if limit is None:
            limit = min(1.0, 0.5 + area.half_width(1 - FAMILY_ERROR / max(chance_probes, 1)))
        enough = area.frauds >= FRAUDS_AT_LEAST and area.clusters >= self.clusters_at_least
        # A hair of tolerance: where nothing can differ, value and limit are both one half.
        leaks = area.value > limit + 1e-9
        return Leak(
            column=self.column,
            probe=self.probe,
            rows=self.rows,
            frauds=area.frauds,
            auc=area.value,
            auc_low=low,
            auc_high=high,
            ap=self.precision[0],
            ap_low=self.precision[1],
            ap_high=self.precision[2],
            limit=limit,
            verdict=("leak" if leaks else "ok") if enough else "too few",
            given_time=self.given_time,
        )


def look(
    column: str,
    probe: str,
    score: Floats,
    fraud: Bools,
    *,
    limit: float | None,
    weight: Floats | None = None,
    clusters: Ints | None = None,
    windows: Ints | None = None,
    learned: bool = False,
) -> Probe:
    """Measure one score.

    Parameters
    ----------
    column, probe
        What is looked at.
    score, fraud
        Score of each row and whether it is fraud.
    limit
        Largest accepted AUC; None accepts chance only.
    weight
        Rows that each row stands for.
    clusters
        Groups of frauds that are not independent.
    windows
        Windows of time within which rows are compared.
    learned
        Whether the score was fitted to other rows and so has a direction.
    """
    area = auc(score, fraud, strata=windows, clusters=clusters)
    if area is None:
        return Probe(column, probe, len(score), None, (0.0, 0.0, 1.0), limit, windows is not None)
    turned = area.value < 0.5 and not learned
    precision = average_precision(
        -score if turned else score,
        fraud,
        np.ones(len(score)) if weight is None else weight,
        area.effective_frauds,
    )
    area = area.learned if learned else area.folded
    return Probe(column, probe, len(score), area, precision, limit, windows is not None)
