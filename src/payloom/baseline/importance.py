"""Which features matter to a model."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from payloom.baseline.models import BOOSTING, LOGISTIC, Scorer, compressed
from payloom.baseline.results import Importance
from payloom.features.catalogue import FEATURES
from payloom.features.history import Floats, Ints
from payloom.features.matrix import Matrix

SAMPLE: Final = 5_000
"""Rows that SHAP values are taken of."""

_CHUNK: Final = 1_000


def importance(scorer: Scorer, matrix: Matrix) -> tuple[Importance, ...]:
    """Return what each feature contributes, the most important first; nothing for the isolation forest.

    Parameters
    ----------
    matrix
        Rows to look at, of `Scorer.encoding`; `SAMPLE` of them are taken, evenly.

    Notes
    -----
    For the boosting the gain is that of its splits. For the logistic regression it is the size of the standardised
    coefficients, and the SHAP values are those of a linear model with independent features.
    """
    sample = matrix[:: max(1, len(matrix) // SAMPLE)][:SAMPLE]
    if scorer.kind == BOOSTING:
        gain = scorer.estimator.feature_importance("gain").astype(np.float64)
        shap = _tree_shap(scorer.estimator, sample)
    elif scorer.kind == LOGISTIC:
        gain, shap = _linear(scorer, sample)
    else:
        return ()
    gain, shap = _shares(gain), _shares(shap)
    meanings = {feature.name: feature.meaning for feature in FEATURES}
    order = np.argsort(-(gain + shap), kind="stable")
    names = scorer.encoding.columns
    return tuple(Importance(names[i], meanings.get(names[i], ""), float(gain[i]), float(shap[i])) for i in order)


def _tree_shap(booster: Any, sample: Matrix) -> Floats:
    total = np.zeros(sample.shape[1])
    for start in range(0, len(sample), _CHUNK):
        parts = booster.predict(sample[start : start + _CHUNK], pred_contrib=True, num_threads=1)
        total += np.abs(parts[:, :-1]).sum(axis=0)
    return total


def _linear(scorer: Scorer, sample: Matrix) -> tuple[Floats, Floats]:
    design, model = scorer.estimator[:-1], scorer.estimator[-1]
    source = _sources(design, len(scorer.encoding.columns))
    values = np.asarray(design.transform(compressed(sample, scorer.encoding.code_places)), dtype=np.float64)
    weights = model.coef_[0]
    parts = (values - values.mean(axis=0)) * weights
    # All columns of one feature speak with one voice: its value, its categories, whether it is missing.
    belongs = np.equal.outer(source, np.arange(len(scorer.encoding.columns))).astype(np.float64)
    return (np.abs(weights) * values.std(axis=0)) @ belongs, np.abs(parts @ belongs).sum(axis=0)


def _sources(design: Any, columns: int) -> Ints:
    """Return the place of the feature that each column of the design comes from."""
    names = design.get_feature_names_out([f"f{place}" for place in range(columns)])
    places = [re.match(r"\w+?__(?:missingindicator_)?f(\d+)(?:_|$)", name) for name in names]
    return np.array([int(place[1]) for place in places if place], dtype=np.int64)


def _shares(values: Floats) -> Floats:
    return values / values.sum() if values.sum() > 0 else values
