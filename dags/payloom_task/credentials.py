"""The environment of payloom's process: credentials of the connection go there, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from airflow.sdk import Connection

from payloom_task.names import AirflowFailException, AirflowNotFoundException
from payloom_task.settings import Settings

_NO_CREDENTIALS: Final = frozenset({"region_name", "endpoint_url", "service_config", "config_kwargs", "verify"})
"""Extras of a connection that leave the credentials to AWS's own chain."""

_SECRET_NAMES: Final = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
)


def child_environment(settings: Settings, parent: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the whole environment of the command.

    Airflow's own settings, which may hold its keys and its database's password, are not handed on.

    Raises
    ------
    AirflowFailException
        If the connection exists and can't be used.
    """
    # payloom does not need them, and some of them are secrets.
    environment = {name: value for name, value in parent.items() if not name.startswith("AIRFLOW")}
    if settings.mlflow_tracking_uri:
        # Not an argument: it may hold a password.
        environment["MLFLOW_TRACKING_URI"] = settings.mlflow_tracking_uri
    connection = _connection(settings.aws_conn_id)
    if connection is not None:
        environment |= _of_connection(settings.aws_conn_id, connection, environment)
    return environment


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """Return the texts of a command's environment that no log may show."""
    password = urlsplit(environment.get("MLFLOW_TRACKING_URI", "")).password
    return [*(environment[name] for name in _SECRET_NAMES if name in environment), *([password] if password else [])]


def aws_client(settings: Settings, service: str) -> Any:
    """Return a client of the connection, or of the worker's own AWS settings if there is no such connection.

    Raises
    ------
    AirflowFailException
        If Airflow's Amazon provider is missing.
    """
    exists = _connection(settings.aws_conn_id) is not None
    return _hook(settings.aws_conn_id if exists else None, service).get_conn()


def _connection(name: str) -> Any:
    if not name:
        return None
    try:
        return Connection.get(name)
    except AirflowNotFoundException:
        return None


def _hook(name: str | None, service: str) -> Any:
    try:
        from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook  # noqa: PLC0415 - slow, and not for parsing
    except ImportError:
        raise AirflowFailException(
            "Airflow's Amazon provider is missing where this task runs: install apache-airflow-providers-amazon"
        ) from None
    return AwsGenericHook(aws_conn_id=name, client_type=service)


def _of_connection(name: str, connection: Any, environment: dict[str, str]) -> dict[str, str]:
    """Return what a connection says; where it has credentials, others are taken out of `environment`."""
    hook = _hook(name, "s3")
    found: dict[str, str] = {}
    has_credentials = connection.login or connection.password or set(connection.extra_dejson) - _NO_CREDENTIALS
    if has_credentials:
        credentials = hook.get_credentials()
        for other in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
            environment.pop(other, None)
        found["AWS_ACCESS_KEY_ID"] = credentials.access_key
        found["AWS_SECRET_ACCESS_KEY"] = credentials.secret_key
        if credentials.token:
            found["AWS_SESSION_TOKEN"] = credentials.token
    if hook.region_name:
        found["AWS_REGION"] = found["AWS_DEFAULT_REGION"] = hook.region_name
    if endpoint := hook.conn_config.get_service_endpoint_url("s3"):
        found["AWS_ENDPOINT_URL"] = endpoint
    return found
