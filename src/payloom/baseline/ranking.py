"""AUC, average precision and recall of a ranking, for many resamples of the days at once.

What matters of the genuine rows is how many lie between two neighbouring frauds on each day. With that table every
resample is a product of matrices, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from payloom.baseline.resample import divided
from payloom.features.history import Bools, Floats, Ints

LEVELS_AT_MOST: Final = 20_000
"""Different scores of frauds; where there are more, neighbours tie, which moves an AUC by less than 1e-4."""

_CELLS: Final = 8_000_000
"""Numbers in the largest table of one step."""


@dataclass(frozen=True)
class Ranking:
    """Frauds and genuine rows by score and day.

    Attributes
    ----------
    level
        Place of each fraud's score among the different scores of frauds, from 0.
    day
        Number of the day of each fraud, from 0.
    frauds
        Frauds by day and level.
    genuine
        Genuine rows by day and gap: 2 j below level j, 2 j + 1 at it, the last above all.
    """

    level: Ints
    day: Ints
    frauds: NDArray[np.float32]
    genuine: NDArray[np.float32]

    @classmethod
    def of(cls, score: Floats, fraud: Bools, day: Ints, days: int) -> Self:
        """Count rows; `day` numbers the days from 0."""
        levels = np.unique(score[fraud])
        if len(levels) > LEVELS_AT_MOST:
            edges = levels[np.linspace(0, len(levels) - 1, LEVELS_AT_MOST).astype(np.int64)]
            score = np.searchsorted(edges, score, side="right").astype(np.float64)
            levels = np.unique(score[fraud])
        genuine = score[~fraud]
        place = np.searchsorted(levels, genuine, side="left")
        gap = 2 * place + (np.append(levels, np.nan)[place] == genuine)
        level = np.searchsorted(levels, score[fraud])
        return cls(
            level=level,
            day=day[fraud],
            frauds=_counts(day[fraud], level, days, len(levels)),
            genuine=_counts(day[~fraud], gap, days, 2 * len(levels) + 1),
        )


@dataclass(frozen=True)
class Ranked:
    """What a ranking is worth, by resample.

    Attributes
    ----------
    auc, ap
        Shape (resamples,).
    recall
        By share of alerts, each of shape (resamples,).
    slice_auc, slice_recall
        The same of slices of the frauds, against all genuine rows and with the first share; (resamples, slices).
    """

    auc: Floats
    ap: Floats
    recall: tuple[Floats, ...]
    slice_auc: Floats
    slice_recall: Floats


def measure(ranking: Ranking, weights: Floats, shares: tuple[float, ...], slices: Bools | None = None) -> Ranked:
    """Measure a ranking for each row of weights.

    Parameters
    ----------
    weights
        How often each day counts, shape (resamples, days).
    shares
        Shares of the rows that are alerted.
    slices
        Which frauds are in which slice, shape (frauds, slices).
    """
    chosen = (np.zeros((len(ranking.level), 0)) if slices is None else slices).astype(np.float64)
    if not len(ranking.level):
        nothing = np.full(len(weights), np.nan)
        empty = np.full((len(weights), chosen.shape[1]), np.nan)
        return Ranked(nothing, nothing, tuple(nothing for _ in shares), empty, empty)
    parts = [_measured(ranking, part, shares, chosen) for part in _parts(weights, ranking.genuine.shape[1])]
    return Ranked(
        auc=np.concatenate([p.auc for p in parts]),
        ap=np.concatenate([p.ap for p in parts]),
        recall=tuple(np.concatenate(own) for own in zip(*(p.recall for p in parts), strict=True)),
        slice_auc=np.concatenate([p.slice_auc for p in parts]),
        slice_recall=np.concatenate([p.slice_recall for p in parts]),
    )


def _counts(day: Ints, column: Ints, days: int, columns: int) -> NDArray[np.float32]:
    return np.bincount(day * columns + column, minlength=days * columns).reshape(days, columns).astype(np.float32)


def _parts(weights: Floats, width: int) -> Iterator[Floats]:
    step = max(1, _CELLS // width)
    yield from (weights[start : start + step] for start in range(0, len(weights), step))


def _measured(ranking: Ranking, weights: Floats, shares: tuple[float, ...], slices: Floats) -> Ranked:
    small = weights.astype(np.float32)  # whole numbers below 2**24 are exact
    frauds = (small @ ranking.frauds).astype(np.float64)
    genuine = (small @ ranking.genuine).astype(np.float64)
    all_frauds, all_genuine = frauds.sum(axis=1), genuine.sum(axis=1)
    tied = genuine[:, 1::2]
    below = np.cumsum(genuine, axis=1)[:, 0:-1:2]
    above = all_genuine[:, None] - below - tied
    wins = divided(below + tied / 2, all_genuine[:, None])
    fraud_from = np.cumsum(frauds[:, ::-1], axis=1)[:, ::-1]
    precision = np.nan_to_num(divided(fraud_from, fraud_from + above + tied))
    caught = [_caught(share, frauds, fraud_from, tied, above, all_frauds + all_genuine) for share in shares]
    each = weights[:, ranking.day]
    sizes = each @ slices
    return Ranked(
        auc=divided((frauds * wins).sum(axis=1), all_frauds),
        ap=divided((frauds * precision).sum(axis=1), all_frauds),
        recall=tuple(divided((frauds * own).sum(axis=1), all_frauds) for own in caught),
        slice_auc=divided((each * wins[:, ranking.level]) @ slices, sizes),
        slice_recall=divided((each * caught[0][:, ranking.level]) @ slices, sizes) if caught else sizes,
    )


def _caught(share: float, frauds: Floats, fraud_from: Floats, tied: Floats, above: Floats, rows: Floats) -> Floats:
    """Return the part of each level that is among the alerts; where scores tie at the limit, by chance."""
    alerts = np.maximum(1, np.round(rows * share))[:, None]
    free = alerts - above - (fraud_from - frauds)
    return np.nan_to_num(np.clip(divided(free, frauds + tied), 0, 1))
