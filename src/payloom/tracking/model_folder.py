"""A model as MLflow keeps it: its native flavour without a pickle, and payloom's own files beside it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from payloom.baseline.files import TRUSTED
from payloom.baseline.models import BOOSTING, LOGISTIC, Scorer, compressed
from payloom.features.matrix import Matrix
from payloom.tracking.results_folder import Environment

if TYPE_CHECKING:
    import polars as pl
    from mlflow.models import Model, ModelSignature
    from pandas import DataFrame

SCORER_FOLDER: Final = "scorer"
"""Where payloom's own files lie in the folder of a model."""


def write_model(
    scorer: Scorer, files: Path, folder: Path, about: Model, example: pl.DataFrame, environment: Environment
) -> None:
    """Write the folder that MLflow keeps.

    The native model takes the matrix of `scorer.encoding` with named columns, compressed as in training for the models
    of scikit-learn, and gives the probability before calibration; for the isolation forest 1 or -1.

    Parameters
    ----------
    scorer, files
        The model, and the folder that `payloom.baseline.files.write_scorer` wrote of it.
    folder
        Where to; must not be there.
    about
        The description that MLflow writes, with the model's number.
    example
        A few rows of features.
    environment
        What it was trained with.
    """
    inputs = native_input(scorer, example)
    told: dict[str, Any] = {
        "mlflow_model": about,
        "signature": _signature(scorer, inputs),
        "input_example": inputs,
        "pip_requirements": list(environment.requirements),
    }
    if scorer.kind == BOOSTING:
        import mlflow.lightgbm  # noqa: PLC0415 - takes seconds

        mlflow.lightgbm.save_model(scorer.estimator, str(folder), **told)
    else:
        import mlflow.sklearn  # noqa: PLC0415 - takes seconds

        mlflow.sklearn.save_model(
            scorer.estimator,
            str(folder),
            serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_SKOPS,
            skops_trusted_types=list(TRUSTED),
            pyfunc_predict_fn="predict_proba" if scorer.kind == LOGISTIC else "predict",
            **told,
        )
    shutil.copytree(files, folder / SCORER_FOLDER)


def native_input(scorer: Scorer, example: pl.DataFrame) -> DataFrame:
    """Return rows of features as the native model takes them."""
    import pandas as pd  # noqa: PLC0415 - comes with MLflow

    return pd.DataFrame(_prepared(scorer, example).astype("float64"), columns=list(scorer.encoding.columns))


def _prepared(scorer: Scorer, example: pl.DataFrame) -> Matrix:
    matrix = scorer.encoding.matrix(example)
    return matrix if scorer.kind == BOOSTING else compressed(matrix, scorer.encoding.code_places)


def _signature(scorer: Scorer, inputs: DataFrame) -> ModelSignature:
    from mlflow.models import ModelSignature, infer_signature  # noqa: PLC0415 - takes seconds
    from mlflow.types import ColSpec, Schema  # noqa: PLC0415 - takes seconds

    predict = scorer.estimator.predict_proba if scorer.kind == LOGISTIC else scorer.estimator.predict
    # Any feature may be missing, whatever the example has.
    columns = Schema([ColSpec("double", name, required=False) for name in scorer.encoding.columns])
    return ModelSignature(columns, infer_signature(inputs, predict(inputs.to_numpy())).outputs)
