"""What MLflow, its server and its database say when they fail, as one line with the next step."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from payloom.errors import ConfigError, PayloomError, Problem, StorageError, TransientError
from payloom.tracking.address import LATER, nobody, one_line, reason, shown

if TYPE_CHECKING:
    import requests

_LOG_IN: Final = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
_NOT_MLFLOW: Final = "check the address: an MLflow server answers there with its API, version 3 or later"
_PASSING: Final = frozenset({"TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "INTERNAL_ERROR", "IO_ERROR"})
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def told(error: Exception, address: str) -> PayloomError | None:
    """Return the error to raise instead of one of MLflow or a library under it; nothing for a fault of ours."""
    import requests  # noqa: PLC0415 - comes with MLflow
    from mlflow.exceptions import MlflowException, RestException  # noqa: PLC0415 - takes seconds
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - comes with MLflow

    if isinstance(error, PayloomError):
        return error
    if not isinstance(error, RestException):
        for cause in _chain(error):
            # MLflow wraps what its HTTP client says; what that says is clearer.
            if isinstance(cause, requests.RequestException):
                return _of_request(cause, address)
    if isinstance(error, MlflowException):
        known: Any = error
        return _of_mlflow(known.error_code, known.get_http_status_code(), str(known.message), address)
    if isinstance(error, SQLAlchemyError):
        return nobody(address, one_line(str(error)))
    return _of_system(error, address)


def _of_system(error: Exception, address: str) -> PayloomError | None:
    if isinstance(error, ModuleNotFoundError) and error.name:
        problem = Problem(error.name, "", f"is not installed; {shown(address)} needs it")
        return ConfigError([problem], hint=f"pip install {error.name}")
    if isinstance(error, OSError):
        return StorageError(f"cannot log to {shown(address)}: {_said(error)}", hint="make room or rights there")
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _of_request(error: requests.RequestException, address: str) -> PayloomError:
    import requests  # noqa: PLC0415 - comes with MLflow

    if error.response is not None:
        return _of_status(error.response.status_code, error.response.text, address)
    if isinstance(error, requests.exceptions.SSLError):
        text = f"the certificate of the tracking server {shown(address)} is not accepted"
        return StorageError(text, hint="set MLFLOW_TRACKING_SERVER_CERT_PATH to the certificate of its authority")
    if isinstance(error, requests.exceptions.RetryError):
        return nobody(address, "it answers with errors only (500 to 599, or too many requests)")
    if isinstance(error, requests.Timeout):
        return nobody(address, "no answer in time")
    inner = next((cause for cause in _chain(error) if isinstance(cause, OSError) and cause.errno), None)
    return nobody(address, reason(inner) if inner else "the connection failed")


def _of_status(status: int, text: str, address: str) -> PayloomError:
    where = f"the tracking server {shown(address)}"
    if status in _REFUSED:
        return StorageError(f"{where} refuses this user (status {status})", hint=_LOG_IN)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return nobody(address, f"status {status}")
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED} or text.lstrip().startswith("<"):
        return StorageError(f"{where} does not know MLflow's requests (status {status})", hint=_NOT_MLFLOW)
    return StorageError(f"{where} refuses: {one_line(text) or f'status {status}'}")


def _of_mlflow(code: str, status: int, message: str, address: str) -> PayloomError:
    said = one_line(message.removeprefix(f"{code}: "))
    if code == "ENDPOINT_NOT_FOUND" or "valid JSON" in message or "Response body: '<" in message:
        return StorageError(f"{shown(address)} does not know MLflow's requests", hint=_NOT_MLFLOW)
    if "out-of-date database schema" in message:
        text = f"the database {shown(address)} was made by another version of MLflow"
        return StorageError(text, hint="make a copy of it, then run `mlflow db upgrade` on it")
    if status in _REFUSED:
        return StorageError(f"the tracking server {shown(address)} refuses this user", hint=_LOG_IN)
    if code in _PASSING:
        return TransientError(f"the tracking server {shown(address)} failed: {said}", hint=LATER)
    return StorageError(f"the tracking server {shown(address)} refuses: {said}")


def _said(error: OSError) -> str:
    return f"{error.filename}: {reason(error)}" if error.filename else reason(error)
