"""A connection to a tracking server that fails soon, sends nothing to anybody else, and leaves no setting behind."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from payloom.extras import extra_libraries
from payloom.tracking.address import make_sure_it_answers
from payloom.tracking.failures import told

if TYPE_CHECKING:
    from mlflow import MlflowClient

_SETTINGS: Final = {
    # By default MLflow tries for four minutes; what is not logged now lies on disk and is logged later.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""Settings of MLflow while a session lasts; the user's own win."""

_TOGETHER: Final = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
_LOUD: Final = ("mlflow", "alembic")


@contextmanager
def session(tracking_uri: str) -> Iterator[MlflowClient]:
    """Give a client of a tracking server and its registry; failures in the block become payloom's.

    MLflow's settings hold for the whole process, so a program does not open two sessions in two threads.

    Raises
    ------
    ConfigError
        If the address is none, or MLflow is not installed.
    StorageError
        If the server refuses for good, or is no MLflow server.
    TransientError
        If nobody answers.
    """
    make_sure_it_answers(tracking_uri)
    with _settings(tracking_uri), warnings.catch_warnings():
        # What MLflow's libraries will do differently one day is no matter of who logs a run.
        for kind in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
            warnings.simplefilter("ignore", kind)
        warnings.filterwarnings("ignore", module=r"mlflow\.")
        with extra_libraries("train", "the tracking server"):
            import mlflow  # noqa: PLC0415 - takes seconds
        levels = {name: logging.getLogger(name).level for name in _LOUD}
        for name in _LOUD:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        # Parts of MLflow ask for the address of the process and not of the client.
        tracking: Any = mlflow
        before = tracking.get_tracking_uri() if tracking.is_tracking_uri_set() else None
        tracking.set_tracking_uri(tracking_uri)
        try:
            yield mlflow.MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
        except Exception as error:
            instead = told(error, tracking_uri)
            if instead is None or instead is error:
                raise
            raise instead from error
        finally:
            # MLflow knows no other way to forget an address.
            tracking.set_tracking_uri(before)
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


@contextmanager
def _settings(tracking_uri: str) -> Iterator[None]:
    names = (*_SETTINGS, *_TOGETHER)
    before = {name: os.environ[name] for name in names if name in os.environ}
    os.environ.update({**_SETTINGS, **before, "MLFLOW_REGISTRY_URI": tracking_uri})
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(before)
