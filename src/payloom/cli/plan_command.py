"""``payloom plan``: what a run would make and take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import click

from payloom.cli.config_command import load_given
from payloom.cli.values import duration_text, size_text, table_lines
from payloom.config import Config
from payloom.errors import ConfigError
from payloom.pipeline.outlook import Outlook, Trial, outlook, run_trial, scaled

SCALES: Final = tuple(10**exponent for exponent in range(7, 12))
"""Rows of the table: 10 million to 100 billion."""

_HEADINGS: Final = ("rows", "fraud", "cells", "files", "bytes", "memory", "CPU", "CPU to start", "storage", "requests")
_NOTES: Final = (
    "memory: of each process; what lists the fraud, or makes the rows, whichever is more",
    "CPU: seconds of all cores together, as on this machine; to start: of each process, before its first row",
    "storage: US dollars a month in S3 Standard, us-east-1, 2026-06; requests: once, parts of 8 MiB; without traffic",
)


def run_plan(given: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the outlook of the config that the options ask for, and of larger ones.

    Raises
    ------
    ConfigError
        If the config is wrong, or asks for what cannot be made here.
    """
    config = load_given(given).config
    trial = run_trial(config)
    own = outlook(config, trial)
    others, too_many = _scales(config, trial)
    if as_json:
        document = {"status": "ok", "exit_code": 0, **asdict(own), "trial": asdict(trial)}
        click.echo(json.dumps({**document, "scales": [asdict(one) for one in others], "too_many_rows": too_many}))
        return
    seconds = trial.cpu_seconds_per_row * 1e6
    click.echo(f"From trials of up to {trial.rows:,} payments: {seconds:.1f} CPU seconds a million")
    rows = [_HEADINGS, _cells(own), ("",) * len(_HEADINGS), *map(_cells, others)]
    notes = [f"more than this world's days hold: {', '.join(f'{one:,}' for one in too_many)}"] if too_many else []
    click.echo("\n".join([*table_lines(rows, right=range(len(_HEADINGS))), "", *notes, *_NOTES]))


def _scales(config: Config, trial: Trial) -> tuple[list[Outlook], list[int]]:
    """Return the outlook at each scale that the period of the config holds, and the rows of those that it does not."""
    found, too_many = [], []
    for rows in SCALES:
        try:
            found.append(outlook(scaled(config, rows), trial))
        except ConfigError:
            too_many.append(rows)
    return found, too_many


def _cells(one: Outlook) -> tuple[str, ...]:
    return (
        f"{one.rows:,}",
        f"{one.fraud_rows:,}",
        f"{one.cells:,}",
        f"{one.files:,}",
        size_text(one.size_bytes),
        size_text(one.process_bytes),
        duration_text(one.cpu_seconds),
        duration_text(one.start_cpu_seconds),
        f"{one.usd_per_month:,.2f} $",
        f"{one.usd_once:,.2f} $",
    )
