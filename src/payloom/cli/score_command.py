"""``payloom score``: alerts of a trained model, one file a day."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from payloom.cli.days import given_days
from payloom.cli.store_values import given_store_options
from payloom.cli.train_command import tracking_uri
from payloom.cli.values import count
from payloom.config.shown import shown_value
from payloom.errors import ConfigError, Problem
from payloom.pipeline.score import BUDGET, ScoreOptions, score


def run_score(place: str, given: Mapping[str, Any]) -> None:
    """Score, and print what came out.

    Raises
    ------
    ConfigError, StorageError, CorruptionError, ConflictError, TransientError
        As `payloom.pipeline.score.score` does.
    """
    start, end = given_days(given)
    options = ScoreOptions(
        model=given["model"],
        out=given["out"],
        tracking_uri=tracking_uri(given),
        start=start,
        end=end,
        alerts_per_day=_alerts(given["alerts_per_day"]),
        mapping=given["mapping"],
        store=given_store_options(given),
    )
    started_s = time.monotonic()

    def said(text: str) -> None:
        if not given["quiet"]:
            click.echo(f"{time.monotonic() - started_s:5.1f} s  {text}", err=True)

    report = score(place, options, said)
    if given["as_json"]:
        click.echo(json.dumps({"status": "ok", "exit_code": 0, **asdict(report)}))
    elif not given["quiet"]:
        rule = "the most suspicious of each day" if report.rule == BUDGET else "above the threshold by cost"
        click.echo(f"{report.alerts:,} alerts ({rule}) of {report.rows:,} payments on {report.days:,} days")
        click.echo(f"alerts: {report.out.rstrip('/')}/day=YYYY-MM-DD/alerts.parquet, by {report.model} ({report.kind})")


def _alerts(text: str | None) -> int | None:
    if text is None:
        return None
    number = count(text)
    if not isinstance(number, int) or number < 1:
        allowed = "expected a whole number from 1 (alerts)"
        raise ConfigError([Problem("alerts-per-day", shown_value(text), allowed, source="option --alerts-per-day")])
    return number
