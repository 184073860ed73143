"""``payloom publish``: a data set to another place, with progress in bytes."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from payloom.catalog.iceberg import (
    CATALOG_VARIABLE,
    DEFAULT_CATALOG,
    DEFAULT_NAMESPACE,
    IcebergOptions,
    TableChange,
)
from payloom.cli.days import given_day
from payloom.cli.progress import BYTES, progress_for
from payloom.cli.store_values import given_store_options
from payloom.cli.values import size_text
from payloom.errors import ConfigError, Problem
from payloom.pipeline.publish import PublishOptions, PublishSummary, publish
from payloom.storage.address import is_remote


def run_publish(source: str, target: str, given: Mapping[str, Any]) -> None:
    """Publish what the options name and print a summary.

    Raises
    ------
    GateError
        If the gate was asked for and stays closed.
    ConfigError, ConflictError, CorruptionError, StorageError, TransientError, InterruptedRunError
        As `payloom.pipeline.publish.publish` does.
    """
    options = PublishOptions(
        day=given_day(given),
        overwrite=given["overwrite"],
        iceberg=_iceberg(given),
        store=given_store_options(given),
    )
    if given["validate"]:
        _pass_the_gate(source, options)
    with progress_for(BYTES, quiet=given["quiet"], form=given["progress"]) as shown:
        done = publish(source, target, options, shown.update)
    if given["as_json"]:
        click.echo(json.dumps({"status": "ok", "exit_code": 0, **asdict(done)}))
    elif not given["quiet"]:
        click.echo("\n".join(_lines(done)))


def _pass_the_gate(source: str, options: PublishOptions) -> None:
    """Judge the data set; nothing has been sent when it does not pass."""
    from payloom.pipeline.validate import GateOptions, refusal, validate  # noqa: PLC0415 - slow to import

    report = validate(source, GateOptions(store=options.store))
    if not report.passed:
        raise refusal(report)


def _iceberg(given: Mapping[str, Any]) -> IcebergOptions | None:
    """Return the options of the tables, None for the Hive layout alone."""
    if given["table_format"] == "iceberg":
        catalog = given["catalog"] or os.environ.get(CATALOG_VARIABLE) or DEFAULT_CATALOG
        return IcebergOptions(catalog=catalog, namespace=given["namespace"] or DEFAULT_NAMESPACE)
    alone = [name for name in ("catalog", "namespace") if given[name] is not None]
    if alone:
        allowed, fix = "belongs to --table-format iceberg", "add that, or leave it out"
        raise ConfigError([Problem(name, "", allowed, fix, f"option --{name}") for name in alone])
    return None


def _table_line(change: TableChange) -> str:
    if not change.snapshots:
        return f"  iceberg {change.name}: {change.rows:,} rows, as it was"
    removed = f", {change.removed_files:,} removed" if change.removed_files else ""
    files = "file" if change.added_files == 1 else "files"
    return f"  iceberg {change.name}: {change.rows:,} rows, {change.added_files:,} {files} added{removed}"


def _lines(done: PublishSummary) -> list[str]:
    units = done.units[0] if len(done.units) == 1 else f"{len(done.units):,} units"
    kept = f", {done.kept_parts:,} were there ({size_text(done.kept_bytes)})" if done.kept_parts else ""
    speed = f", {size_text(int(done.sent_bytes / done.seconds))}/s" if done.sent_bytes and done.seconds else ""
    place = shlex.quote(done.target)
    lines = [
        f"{done.target} has {units} of {done.source}: {done.rows:,} payments, {done.fraud_rows:,} of them fraud",
        f"  sent    {done.sent_parts:,} files, {size_text(done.sent_bytes)}{kept}",
        *map(_table_line, done.tables),
        f"  time    {done.seconds:.2f} s{speed}",
        "next",
        f"  payloom verify {place}",
    ]
    return [*lines, f"  payloom ddl --location {place}"] if is_remote(done.target) else lines
