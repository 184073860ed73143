"""``payloom verify``: every file of a data set against its manifests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from payloom.cli.store_values import given_store_options
from payloom.cli.values import size_text
from payloom.pipeline.verify import verify


def run_verify(place: str, given: Mapping[str, Any], *, quiet: bool, as_json: bool) -> None:
    """Check the data set at `place` and print the result.

    Raises
    ------
    CorruptionError
        If a file is missing, damaged or not in a manifest.
    StorageError, TransientError
        If there is no data set, or the store refuses.
    """
    report = verify(place, given_store_options(given))
    if as_json:
        click.echo(json.dumps({"status": "ok", "exit_code": 0, **asdict(report)}))
    elif not quiet:
        units = "1 unit" if len(report.units) == 1 else f"{len(report.units):,} units"
        click.echo(
            f"{report.out} is whole: {report.rows:,} payments, {report.fraud_rows:,} of them fraud, in {units}; "
            f"{report.parts:,} files, {size_text(report.size_bytes)}, each as its manifest says"
        )
