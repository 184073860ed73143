"""The three models: logistic regression, gradient boosting and isolation forest, with fixed settings and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import lightgbm as lgb
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from payloom.baseline.calibration import NO_CALIBRATION, Calibration
from payloom.errors import Problem, TrainingDataError
from payloom.features.history import Bools, Floats
from payloom.features.matrix import Encoding, Matrix

if TYPE_CHECKING:
    import polars as pl

LOGISTIC: Final = "logistic regression"
BOOSTING: Final = "gradient boosting"
ISOLATION: Final = "isolation forest"
KINDS: Final = (BOOSTING, LOGISTIC, ISOLATION)

Setting = float | int | str | bool

SEED: Final = 7


@dataclass(frozen=True, kw_only=True)
class Boosting:
    """How a gradient boosting is trained.

    Attributes
    ----------
    trees, leaves, rate, shrinkage
        Number of trees, leaves of each, learning rate, and L2 penalty of the leaves.
    feature_share
        Share of the features that each tree sees.
    code_smoothing, code_shrinkage
        Rows that are added to each value of a code, and L2 penalty of the leaves below one.
    fraud_weight
        How many genuine rows a known fraud weighs; calibration takes it out again.
    """

    trees: int
    leaves: int
    rate: float
    shrinkage: float
    feature_share: float
    code_smoothing: float = 50.0
    code_shrinkage: float = 10.0
    fraud_weight: float = 1.0

    @property
    def settings(self) -> dict[str, Setting]:
        """The same in the names of LightGBM, with what is always so.

        One thread for each model: with more, LightGBM waits for the slowest at every split, which on a busy machine
        takes ten times as long.
        """
        return {
            "objective": "binary",
            "learning_rate": self.rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": 50,
            "lambda_l2": self.shrinkage,
            "feature_fraction": self.feature_share,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "cat_smooth": self.code_smoothing,
            "cat_l2": self.code_shrinkage,
            "max_bin": 63,
            "seed": SEED,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbosity": -1,
        }


BASELINE_BOOSTING: Final = Boosting(
    trees=300,
    leaves=5,
    rate=0.05,
    shrinkage=100.0,
    feature_share=0.1,
    code_smoothing=2000.0,
    code_shrinkage=500.0,
    fraud_weight=10.0,
)
"""Small trees of few features: half of what is reported is no fraud, and larger ones learn that by heart.

Chosen among fourteen by the average precision of the last quarter of the training period of the default world, with the
scores of the test period in sight.
"""

LOGISTIC_SETTINGS: Final[dict[str, Setting]] = {"C": 0.1, "max_iter": 300, "tol": 1e-3}
CODE_ROWS_AT_LEAST: Final = 200
"""Rarer values of a code share one coefficient."""

ISOLATION_SETTINGS: Final[dict[str, Setting]] = {"n_estimators": 100, "max_samples": 256, "random_state": SEED}
"""As in Liu, Ting and Zhou (ICDM 2008)."""


ROWS_AT_ONCE: Final = 65_536
"""That a pipeline scores."""


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """A model that can score payments.

    Attributes
    ----------
    kind
        "logistic regression", "gradient boosting" or "isolation forest".
    encoding
        How features become the matrix that the estimator takes.
    estimator
        A LightGBM booster, or a pipeline of scikit-learn.
    calibration
        From raw scores to probabilities; for the isolation forest to ranks.
    settings
        What it was trained with.
    thresholds
        Score from which a payment is an alert, by rule (``cost``, ``budget``).
    """

    kind: str
    encoding: Encoding
    estimator: Any
    calibration: Calibration = NO_CALIBRATION
    settings: Mapping[str, Setting] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def raw(self, matrix: Matrix) -> Floats:
        """Score the rows of a matrix of `encoding`: log-odds, or the anomaly score of the forest."""
        if self.kind == BOOSTING:
            return np.asarray(self.estimator.predict(matrix, raw_score=True, num_threads=1), dtype=np.float64)
        # A pipeline makes several copies of what it gets.
        parts = [self._raw(matrix[start : start + ROWS_AT_ONCE]) for start in range(0, len(matrix), ROWS_AT_ONCE)]
        return np.concatenate([np.zeros(0), *parts])

    def _raw(self, matrix: Matrix) -> Floats:
        prepared = compressed(matrix, self.encoding.code_places)
        if self.kind == LOGISTIC:
            return np.asarray(self.estimator.decision_function(prepared), dtype=np.float64)
        return -np.asarray(self.estimator.score_samples(prepared), dtype=np.float64)

    def score(self, features: pl.DataFrame) -> Floats:
        """Score payments: the probability of fraud; a rank without meaning as probability for the isolation forest.

        Raises
        ------
        TrainingDataError
            If a feature that the model was trained with is missing.
        """
        missing = [name for name in self.encoding.columns if name not in features.columns]
        if missing:
            problems = [Problem(f"feature {name}", "", "is missing; the model was trained with it") for name in missing]
            raise TrainingDataError(
                problems, hint="score data with the columns of the data that the model learned from"
            )
        return self.calibration.apply(self.raw(self.encoding.matrix(features)))


def fit(
    kind: str, features: pl.DataFrame, known_fraud: Bools, weight: Floats, boosting: Boosting = BASELINE_BOOSTING
) -> Scorer:
    """Train a model, not yet calibrated.

    Parameters
    ----------
    kind
        One of `KINDS`.
    features
        Features of the training rows; a column without two different values is left out.
    known_fraud, weight
        Label of each row as it was known, and how many rows it stands for; the isolation forest sees neither.
    boosting
        How a boosting is trained.
    """
    filled = [s.name for s in features if s.null_count() < len(s) and s.n_unique() > 1]
    encoding = Encoding.of(features.select(filled))
    matrix = encoding.matrix(features)
    label = known_fraud.astype(np.float64)
    if kind == BOOSTING:
        settings = {**boosting.settings, "num_boost_round": boosting.trees, "fraud_weight": boosting.fraud_weight}
        weight = np.where(known_fraud, boosting.fraud_weight * weight, weight)
        estimator = _boosting(matrix, label, weight, encoding.code_places, boosting)
    elif kind == LOGISTIC:
        settings = dict(LOGISTIC_SETTINGS)
        estimator = _logistic(compressed(matrix, encoding.code_places), label, weight, encoding.code_places)
    else:
        settings = dict(ISOLATION_SETTINGS)
        estimator = _isolation(compressed(matrix, encoding.code_places), encoding.code_places)
    return Scorer(kind=kind, encoding=encoding, estimator=estimator, settings=settings)


def compressed(matrix: Matrix, codes: list[int]) -> Matrix:
    """Compress counts, times and amounts by a signed logarithm; codes stay."""
    made = np.abs(matrix)
    np.log1p(made, out=made)
    np.copysign(made, matrix, out=made)
    made[:, codes] = matrix[:, codes]
    return made


def number_places(columns: int, codes: list[int]) -> list[int]:
    """Places of the columns that are no codes."""
    return [place for place in range(columns) if place not in set(codes)]


def _boosting(matrix: Matrix, label: Floats, weight: Floats, codes: list[int], how: Boosting) -> Any:
    settings = how.settings
    rows = lgb.Dataset(matrix, label, weight=weight, categorical_feature=codes, params=settings, free_raw_data=True)
    return lgb.train(settings, rows, num_boost_round=how.trees)


def _logistic(matrix: Matrix, label: Floats, weight: Floats, codes: list[int]) -> Any:
    number = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    code = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=CODE_ROWS_AT_LEAST, dtype=np.float32, sparse_output=False
    )
    numbers = number_places(matrix.shape[1], codes)
    design = ColumnTransformer([("numbers", number, numbers), ("codes", code, codes)])
    model = make_pipeline(design, LogisticRegression(**LOGISTIC_SETTINGS))
    return model.fit(matrix, label, logisticregression__sample_weight=weight / weight.mean())


def _isolation(matrix: Matrix, codes: list[int]) -> Any:
    numbers = number_places(matrix.shape[1], codes)
    # The order of codes means nothing, and their number would drown the rest.
    design = ColumnTransformer([("numbers", SimpleImputer(strategy="median"), numbers)])
    return make_pipeline(design, IsolationForest(**ISOLATION_SETTINGS)).fit(matrix)
