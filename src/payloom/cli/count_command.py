"""``payloom count``: Athena's count against the manifests'."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from payloom.cli.store_values import given_store_options
from payloom.pipeline.catalog import count_in_athena


def run_count(location: str, workgroup: str, given: dict[str, Any], *, as_json: bool) -> None:
    """Count and print both figures; they are the same when this returns.

    Raises
    ------
    ConfigError, StorageError, TransientError, CorruptionError
        As `payloom.pipeline.catalog.count_in_athena` does.
    """
    report = count_in_athena(
        location,
        workgroup,
        database=given["database"],
        table=given["table"],
        output=given["output"],
        options=given_store_options(given),
    )
    if as_json:
        click.echo(json.dumps({"status": "ok", "exit_code": 0, **asdict(report)}))
        return
    click.echo(f"{report.table}: {report.athena_rows:,} rows in Athena, {report.manifest_rows:,} in the manifests")
