"""How hard fraud is to find: models on point-in-time features, trained on what was known, tested on what came later."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from payloom.baseline.ageing import ageing
from payloom.baseline.metrics import card_precision, recall_at, roc_points
from payloom.baseline.models import BOOSTING, LOGISTIC, Boosting, fit
from payloom.baseline.rows import DAY_US, BaselineRows, make_rows
from payloom.features.catalogue import FEATURE_SETS, FEATURES
from payloom.realism.data import DataSet
from payloom.realism.difficulty_bands import bands
from payloom.realism.results import Difficulty, ModelScore, TypologyScore
from payloom.realism.scores import Floats

DIFFICULTY_BOOSTING = Boosting(trees=150, leaves=15, rate=0.07, shrinkage=10.0, feature_share=0.5)
"""Small trees and strong shrinking: some thousand frauds are few. Chosen once, not tuned to any data set."""

KNOWN_FRAUDS_AT_LEAST = 20
"""Fewer reported frauds to train with, or frauds to test on, teach and tell nothing."""


def measure_difficulty(data: DataSet) -> Difficulty:
    """Train and test the models.

    Training takes the first three quarters of the time but for the week before the cut, with the reports that had come
    by the cut; the last quarter tests against the truth. Ageing needs some 500 frauds a month.

    Returns
    -------
    Difficulty
        Without scores where there are too few frauds; the bands then say so.
    """
    nothing = Difficulty((), (), (), bands((), (), "too few frauds"))
    if data.frauds < KNOWN_FRAUDS_AT_LEAST:
        return nothing
    rows = make_rows(data.payments, data.labels)
    _, known, _ = rows.main_training
    for fraud in (known, rows.fraud[rows.test]):
        if not KNOWN_FRAUDS_AT_LEAST <= fraud.sum() <= len(fraud) - KNOWN_FRAUDS_AT_LEAST:
            return nothing
    scores, curves, best = [], {}, np.zeros(0)
    for name, groups in FEATURE_SETS.items():
        columns = [f.name for f in FEATURES if f.group in groups and f.name in rows.features.columns]
        if not columns:
            continue
        for kind in (LOGISTIC, BOOSTING):
            score = _trained(kind, columns, rows)
            scores.append(_scored(kind, name, score, rows))
            if kind == BOOSTING or name == "RFM + linkage":
                curves[f"{kind}, {name}"] = roc_points(score, rows.fraud[rows.test])
            best = score if kind == BOOSTING else best
    aged, note = ageing(rows, boosting=DIFFICULTY_BOOSTING)
    return Difficulty(tuple(scores), _typologies(best, rows), aged, bands(scores, aged, note), curves)


def _trained(kind: str, columns: list[str], rows: BaselineRows) -> Floats:
    chosen, known, weight = rows.main_training
    model = fit(kind, rows.features[chosen].select(columns), known, weight, DIFFICULTY_BOOSTING)
    return model.score(rows.features[rows.test].select(columns))


def _scored(kind: str, name: str, score: Floats, rows: BaselineRows) -> ModelScore:
    chosen, known, _ = rows.main_training
    fraud = rows.fraud[rows.test]
    return ModelScore(
        model=kind,
        features=name,
        auc=float(roc_auc_score(fraud, score)),
        ap=float(average_precision_score(fraud, score)),
        recall_at_1pct=float(recall_at(score, fraud).mean()),
        card_precision_at_100=card_precision(
            score, fraud, rows.card[rows.test], rows.time_us[rows.test] // DAY_US
        ),
        train_rows=len(chosen),
        train_frauds=int(known.sum()),
        test_rows=len(fraud),
        test_frauds=int(fraud.sum()),
    )  # fmt: skip


def _typologies(score: Floats, rows: BaselineRows) -> tuple[TypologyScore, ...]:
    """Score each kind of fraud against all genuine rows; the easiest first."""
    fraud, kind = rows.fraud[rows.test], rows.typology[rows.test]
    caught = np.zeros(len(fraud))
    caught[fraud] = recall_at(score, fraud)
    found = []
    for name in kind.filter(fraud).drop_nulls().unique().sort().to_list():
        own = fraud & (kind == name).fill_null(value=False).to_numpy()
        against = own | ~fraud
        area = float(roc_auc_score(own[against], score[against]))
        found.append(TypologyScore(name, int(own.sum()), area, float(caught[own].mean())))
    return tuple(sorted(found, key=lambda typology: -typology.recall_at_1pct))
