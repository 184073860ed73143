"""Train the models on what was known, test them on what came later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from payloom.baseline.models import KINDS, Scorer
from payloom.baseline.results import Evaluation
from payloom.baseline.rows import BaselineRows
from payloom.features.history import Floats

REVIEW_COST_USD: Final = 5.0
ALERTS_PER_DAY: Final = 100


@dataclass(frozen=True)
class Difference:
    """How much more average precision a challenger has than the champion, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Trained:
    """What a training gives.

    Attributes
    ----------
    evaluation
        What was found out.
    scorers
        The trained models, by kind.
    scores
        Scores of the test rows (`BaselineRows.test`), by kind.
    """

    evaluation: Evaluation
    scorers: dict[str, Scorer]
    scores: dict[str, Floats]


def train(
    rows: BaselineRows,
    *,
    kinds: tuple[str, ...] = KINDS,
    review_cost_usd: float = REVIEW_COST_USD,
    alerts_per_day: float = ALERTS_PER_DAY,
    with_ageing: bool = True,
) -> Trained:
    """Train, calibrate and test models."""
    raise NotImplementedError


def compare(challenger: Floats, champion: Floats, rows: BaselineRows) -> Difference:
    """Compare two scores of the same test rows (`BaselineRows.test`)."""
    raise NotImplementedError
