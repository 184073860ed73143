"""MLflow as tests import it: it does not tell its makers that it was imported."""

import os

import pytest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
mlflow = pytest.importorskip("mlflow")
