"""From raw scores to probabilities: a rising line of knots on the log-odds, which can be written as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, logit

from payloom.features.history import Floats

FLATTEST: Final = 1e-3
"""Slope that a calibration has at least: it never turns a ranking round, nor makes ties."""

BELIEF: Final = 2.0
"""Weight, in frauds, of the belief that the slope is one in SDs: a perfect ranking of few frauds is no certainty."""

_STEPS: Final = 100

_RANKS: Final = (1e-4, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A piecewise linear function from raw scores to log-odds; beyond its ends it goes on as there.

    Attributes
    ----------
    raw, log_odds
        Two knots or more, both strictly rising.
    """

    raw: tuple[float, ...]
    log_odds: tuple[float, ...]

    def apply(self, raw: Floats) -> Floats:
        """Turn raw scores into probabilities."""
        knots, values = np.array(self.raw), np.array(self.log_odds)
        slopes = np.diff(values) / np.diff(knots)
        piece = np.clip(np.searchsorted(knots, raw, side="right") - 1, 0, len(slopes) - 1)
        return np.asarray(expit(values[piece] + (raw - knots[piece]) * slopes[piece]), dtype=np.float64)


NO_CALIBRATION: Final = Calibration((0.0, 1.0), (0.0, 1.0))
"""Takes raw scores as log-odds."""


def fitted(raw: Floats, fraud: Floats, weight: Floats) -> Calibration:
    """Fit log-odds as a line of the raw score, by maximum likelihood (Platt 1999).

    Parameters
    ----------
    raw
        Raw scores of rows that the model was not trained on.
    fraud
        Frauds that each row stands for: 0, 1, or more where some are not reported yet.
    weight
        Rows that each row stands for, frauds included.

    Returns
    -------
    Calibration
        The probabilities of these rows add up to their frauds.
    """
    centre = float(np.average(raw, weights=weight))
    scale = max(float(np.sqrt(np.average((raw - centre) ** 2, weights=weight))), 1e-9)
    z = (raw - centre) / scale
    rate = np.clip(fraud.sum() / weight.sum(), 1e-9, 1 - 1e-9)
    slope, level = _most_likely(z, fraud, weight, float(logit(rate)))
    if slope / scale < FLATTEST:
        slope, level = FLATTEST * scale, float(logit(rate))
    low, high = centre, centre + scale
    return Calibration((low, high), (level, level + slope))


def ranks(raw: Floats, weight: Floats) -> Calibration:
    """Map raw scores to the share of rows below them."""
    order = np.argsort(raw, kind="stable")
    below = np.cumsum(weight[order]) / weight.sum()
    knots, first = np.unique(np.interp(_RANKS, below, raw[order]), return_index=True)
    if len(knots) < 2:
        return Calibration((float(knots[0]), float(knots[0]) + 1.0), (0.0, 1.0))
    return Calibration(tuple(knots.tolist()), tuple(logit(np.array(_RANKS)[first]).tolist()))


def _most_likely(z: Floats, fraud: Floats, weight: Floats, level: float) -> tuple[float, float]:
    """Find slope and level by Newton's method, with half steps where a whole one would go too far."""
    line = np.array([1.0, level])
    loss = _loss(z, fraud, weight, line)
    for _ in range(_STEPS):
        step = _newton(z, fraud, weight, line)
        while (found := _loss(z, fraud, weight, line + step)) > loss and np.abs(step).max() > 1e-9:
            step = step / 2
        if loss - found < 1e-12 * abs(loss):
            break
        line, loss = line + step, found
    return float(line[0]), float(line[1])


def _loss(z: Floats, fraud: Floats, weight: Floats, line: Floats) -> float:
    odds = line[1] + line[0] * z
    return float((weight * np.logaddexp(0, odds) - fraud * odds).sum() + BELIEF / 2 * (line[0] - 1) ** 2)


def _newton(z: Floats, fraud: Floats, weight: Floats, line: Floats) -> Floats:
    chance = expit(line[1] + line[0] * z)
    miss, bend = weight * chance - fraud, weight * chance * (1 - chance)
    first = np.array([(miss * z).sum() + BELIEF * (line[0] - 1), miss.sum()])
    cross = (bend * z).sum()
    second = np.array([[(bend * z * z).sum() + BELIEF, cross], [cross, bend.sum() + 1e-12]])
    return np.asarray(-np.linalg.solve(second, first), dtype=np.float64)
