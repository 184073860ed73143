"""How well a score tells fraud from genuine: areas with intervals that know of clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm, rankdata, t
from sklearn.metrics import average_precision_score

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CONFIDENCE: Final = 0.95
"""Of the intervals that are shown."""


@dataclass(frozen=True, slots=True)
class Auc:
    """Area under the ROC curve with its standard error.

    Attributes
    ----------
    value
        Probability that a fraud has a higher score than a genuine row; ties count half.
    error
        Standard error.
    clusters
        Independent groups of frauds that the error rests on.
    frauds
        Frauds that had a genuine row to be compared with.
    effective_frauds
        As many independent frauds would give the same error from the frauds' side.
    """

    value: float
    error: float
    clusters: int
    frauds: int
    effective_frauds: float

    @property
    def folded(self) -> Auc:
        """The same, with the score turned round if that is better."""
        if self.value >= 0.5:
            return self
        return Auc(1 - self.value, self.error, self.clusters, self.frauds, self.effective_frauds)

    @property
    def learned(self) -> Auc:
        """The same for a score that learned its direction elsewhere: below chance it learned nothing."""
        return Auc(max(0.5, self.value), self.error, self.clusters, self.frauds, self.effective_frauds)

    def half_width(self, confidence: float) -> float:
        """Half the width of the interval, by Student's t with as many degrees of freedom as there are clusters."""
        return float(t.ppf(0.5 + confidence / 2, max(self.clusters - 1, 1)) * self.error)

    def interval(self) -> tuple[float, float]:
        """Lower and upper end of the 95 % interval."""
        half = self.half_width(CONFIDENCE)
        return max(0.0, self.value - half), min(1.0, self.value + half)


def auc(score: Floats, fraud: Bools, *, strata: Ints | None = None, clusters: Ints | None = None) -> Auc | None:
    """Measure how well a score ranks frauds above genuine rows.

    Parameters
    ----------
    score
        Score of each row; no NaN.
    fraud
        Which rows are fraud.
    strata
        Rows are compared only within these groups, such as the hour; every fraud counts the same.
    clusters
        Groups of rows that are not independent, such as campaigns or days; by default every row is on its own.

    Returns
    -------
    Auc or None
        None where nothing can be compared.

    Notes
    -----
    The error is that of DeLong et al. (Biometrics 1988) with clusters as in Obuchowski (Biometrics 1997). With strata,
    genuine rows vary inside clusters too, so clusters must hold whole strata.
    """
    placed, usable = _placements(score, fraud, strata)
    frauds = int(usable.sum())
    if not frauds:
        return None
    value = float(placed.mean())
    groups = np.arange(frauds) if clusters is None else clusters[fraud][usable]
    variance, count = _clustered_variance(placed - value, groups)
    independent = float(placed.var()) / frauds
    effective = frauds * min(1.0, independent / variance) if variance > 0 else float(count)
    if strata is None:
        honest = rankdata(score, method="average")[~fraud] - rankdata(score[~fraud], method="average")
        variance += float((honest / frauds).var()) / len(honest)
    return Auc(value, float(np.sqrt(variance)), count, frauds, effective)


def _placements(score: Floats, fraud: Bools, strata: Ints | None) -> tuple[Floats, Bools]:
    """Share of genuine rows of its stratum that each fraud is above, and which frauds have any."""
    if strata is None:
        honest = int((~fraud).sum())
        above = rankdata(score, method="average")[fraud] - rankdata(score[fraud], method="average")
        return above / max(honest, 1), np.full(int(fraud.sum()), honest > 0)
    _, group = np.unique(strata, return_inverse=True)
    # Whole steps between strata, so that one ranking of all rows ranks within each.
    level = rankdata(score, method="dense") / (len(score) + 1) + group
    honest_in = np.bincount(group[~fraud], minlength=int(group.max()) + 1)
    before = np.cumsum(honest_in) - honest_in
    above = rankdata(level, method="average")[fraud] - rankdata(level[fraud], method="average")
    own = group[fraud]
    usable = honest_in[own] > 0
    return ((above - before[own])[usable] / honest_in[own][usable]), usable


def _clustered_variance(residual: Floats, groups: Ints) -> tuple[float, int]:
    """Variance of a mean over clusters, and their number."""
    _, group = np.unique(groups, return_inverse=True)
    sums = np.bincount(group, weights=residual)
    count = len(sums)
    return float((sums**2).sum()) / len(residual) ** 2 * count / max(count - 1, 1), count


def average_precision(
    score: Floats, fraud: Bools, weight: Floats, effective_frauds: float
) -> tuple[float, float, float]:
    """Measure the average precision and its 95 % interval."""
    return with_interval(float(average_precision_score(fraud, score, sample_weight=weight)), effective_frauds)


def with_interval(value: float, effective_frauds: float) -> tuple[float, float, float]:
    """Return an average precision with its 95 % interval: the logit one of Boyd, Eng and Page (ECML 2013)."""
    safe = min(max(value, 1e-9), 1 - 1e-9)
    error = 1 / np.sqrt(max(effective_frauds, 1.0) * safe * (1 - safe))
    reach = float(norm.ppf(0.5 + CONFIDENCE / 2)) * error
    return value, float(expit(logit(safe) - reach)), float(expit(logit(safe) + reach))


def codes_of(values: Ints) -> Ints:
    """Number values densely from 0 in their order."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


PSEUDO_ROWS: Final = 10.0
"""Rows at the mean rate that are added to each category before its rate is taken."""


def fitted_elsewhere(codes: Ints, fraud: Bools, fold: Ints, use: Bools | None = None) -> Floats:
    """Score each row by what its code meant in the other folds.

    Parameters
    ----------
    codes
        Category of each row, 0 or more.
    fraud
        Which rows are fraud.
    fold
        Fold of each row, 0 or more.
    use
        Rows to learn from; by default all.

    Returns
    -------
    Floats
        Log of the category's rate of fraud over the mean rate of those folds; 0 for a category not seen there.
    """
    folds, width = int(fold.max()) + 1, int(codes.max()) + 1
    cell = fold * width + codes
    learned, known_fraud = (cell, fraud) if use is None else (cell[use], fraud[use])
    frauds = np.bincount(learned[known_fraud], minlength=folds * width).reshape(folds, width).astype(np.float64)
    rows = np.bincount(learned, minlength=folds * width).reshape(folds, width).astype(np.float64)
    frauds, rows = frauds.sum(axis=0) - frauds, rows.sum(axis=0) - rows
    rate = (frauds.sum(axis=1, keepdims=True) + 0.5) / (rows.sum(axis=1, keepdims=True) + 1)
    lift = np.log((frauds + PSEUDO_ROWS * rate) / ((rows + PSEUDO_ROWS) * rate))
    return lift[fold, codes]
