"""``payloom register``: the Glue Data Catalog brought up to date."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from payloom.cli.store_values import given_store_options
from payloom.pipeline.catalog import TableReport, register


def run_register(location: str, database: str, given: dict[str, Any], *, as_json: bool) -> None:
    """Register the data set and print what was made and what was there.

    Raises
    ------
    ConfigError, ConflictError, StorageError, TransientError, CorruptionError
        As `payloom.pipeline.catalog.register` does.
    """
    report = register(location, database, given_store_options(given))
    if as_json:
        click.echo(json.dumps({"status": "ok", "exit_code": 0, **asdict(report)}))
        return
    click.echo(f"database {report.database} in {report.region}: {report.database_state}")
    for table in report.tables:
        click.echo(f"table {table.name}: {table.state}{_partitions(table)}")


def _partitions(table: TableReport) -> str:
    """Return what happened to a table's partitions, empty if it has none."""
    counts = {
        "added": table.partitions_added,
        "updated": table.partitions_updated,
        "kept": table.partitions_kept,
        "removed": table.partitions_removed,
    }
    said = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    return f"; partitions: {said}" if said else ""
