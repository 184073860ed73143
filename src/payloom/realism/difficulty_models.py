"""The two models that are compared: logistic regression and gradient boosting, with fixed settings and seeds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import lightgbm as lgb
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from payloom.features.matrix import Encoding, Matrix
from payloom.realism.scores import Bools, Floats

if TYPE_CHECKING:
    import polars as pl

LOGISTIC: Final = "logistic regression"
BOOSTING: Final = "gradient boosting"

TREES: Final = 150
SEED: Final = 7

BOOSTING_SETTINGS: Final[dict[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.07,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "cat_smooth": 50.0,
    "max_bin": 63,
    "seed": SEED,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
"""Small trees and strong shrinking: some thousand frauds are few. Chosen once, not tuned to any data set.

One thread for each model: with more, LightGBM waits for the slowest at every split, which on a busy machine takes
ten times as long.
"""


def signed_log(values: Floats) -> Floats:
    """Compress counts, times and amounts; the sign stays."""
    return np.sign(values) * np.log1p(np.abs(values))


class FittedModel:
    """A model that was trained on some rows.

    Parameters
    ----------
    kind
        `LOGISTIC` or `BOOSTING`.
    features
        Features of the training rows.
    known_fraud, weight
        Label of each row as it was known, and how many rows it stands for.
    """

    def __init__(self, kind: str, features: pl.DataFrame, known_fraud: Bools, weight: Floats) -> None:
        filled = [s.name for s in features if s.null_count() < len(s) and s.n_unique() > 1]
        self._encoding = Encoding.of(features.select(filled))
        matrix = self._encoding.matrix(features)
        label = known_fraud.astype(np.float64)
        fit = _boosting if kind == BOOSTING else _logistic
        self._predict = fit(matrix, label, weight, self._encoding.code_places)

    def score(self, features: pl.DataFrame) -> Floats:
        """Score payments: higher is more suspicious."""
        return np.asarray(self._predict(self._encoding.matrix(features)), dtype=np.float64)


def _boosting(matrix: Matrix, label: Floats, weight: Floats, codes: list[int]) -> Any:
    settings = {**BOOSTING_SETTINGS}
    rows = lgb.Dataset(matrix, label, weight=weight, categorical_feature=codes, params=settings, free_raw_data=True)
    return partial(lgb.train(settings, rows, num_boost_round=TREES).predict, num_threads=1)


def _logistic(matrix: Matrix, label: Floats, weight: Floats, codes: list[int]) -> Any:
    numbers = [place for place in range(matrix.shape[1]) if place not in set(codes)]
    number = make_pipeline(
        FunctionTransformer(signed_log), SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
    )
    code = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=200, dtype=np.float32, sparse_output=False)
    design = ColumnTransformer([("numbers", number, numbers), ("codes", code, codes)])
    model = make_pipeline(design, LogisticRegression(C=0.1, max_iter=300, tol=1e-3))
    model.fit(matrix, label, logisticregression__sample_weight=weight / weight.mean())
    return lambda rows: model.predict_proba(rows)[:, 1]
