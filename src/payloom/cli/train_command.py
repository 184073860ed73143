"""``payloom train``: the baseline models of a data set, for the terminal and for programs."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import click
from rich.table import Table

from payloom.cli.days import given_days
from payloom.cli.store_values import given_store_options
from payloom.cli.tables import print_table
from payloom.config.shown import shown_value
from payloom.errors import ConfigError, Problem
from payloom.pipeline.train import TrainOptions, TrainReport, log, train
from payloom.realism.window import Window

if TYPE_CHECKING:
    from payloom.baseline.results import Estimate

TRACKING: Final = "MLFLOW_TRACKING_URI"

_SHOWN: Final = {
    "AUC": "auc",
    "AP": "ap",
    "recall at 1 %": "recall_at_1pct",
    "cards right, 100 a day": "card_precision_at_100",
    "money saved": "savings_share",
}
"""Metrics of the table, by heading."""


def run_train(place: str, given: Mapping[str, Any]) -> None:
    """Train, or log what was trained, and print what came out.

    Raises
    ------
    ConfigError
        If an option is wrong, a library is missing, or the data can't be trained on.
    StorageError, CorruptionError, ConflictError, TransientError
        As `payloom.pipeline.train.train` does.
    """
    window = _window(given)
    options = TrainOptions(
        out=given["out"],
        tracking_uri=tracking_uri(given),
        experiment=given["experiment"],
        register=given["register"] or "",
        artifact_location=given["artifact_location"] or "",
        review_cost_usd=_number("review-cost", given["review_cost"]),
        alerts_per_day=_number("alerts-per-day", given["alerts_per_day"]),
        mapping=given["mapping"],
        window=window,
        store=given_store_options(given),
    )
    started_s = time.monotonic()

    def said(text: str) -> None:
        if not given["quiet"]:
            click.echo(f"{time.monotonic() - started_s:5.1f} s  {text}", err=True)

    report = log(options) if given["log_only"] else train(place, options, said)
    if given["as_json"]:
        click.echo(json.dumps(_document(report, window)))
        return
    if not given["quiet"]:
        _print(report, options)


def _window(given: Mapping[str, Any]) -> Window:
    window = Window(*given_days(given))
    if window and given["log_only"]:
        problem = Problem("from, to", str(window), "has no meaning for --log-only", "leave it out")
        raise ConfigError([problem])
    return window


def tracking_uri(given: Mapping[str, Any]) -> str:
    """Return the address of the tracking server: the option's, or the environment's."""
    return (given["tracking_uri"] or os.environ.get(TRACKING, "")).strip()


def _number(name: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not (isfinite(number) and number > 0):
        problem = Problem(name, shown_value(text), "expected a number above 0", source=f"option --{name}")
        raise ConfigError([problem])
    return number


def _document(report: TrainReport, window: Window) -> dict[str, Any]:
    models = [
        {
            "kind": model.kind,
            "metrics": {name: _numbers(estimate) for name, estimate in asdict(model.metrics).items()},
        }
        for model in report.evaluation.models
    ]
    return {
        "status": "ok",
        "exit_code": 0,
        "source": report.source,
        "start": None if window.start is None else window.start.isoformat(),
        "end": None if window.end is None else window.end.isoformat(),
        "folder": report.folder,
        "card": report.card,
        "models": models,
        "notes": list(report.evaluation.notes),
        "logged": None if report.logged is None else asdict(report.logged),
    }


def _numbers(estimate: Mapping[str, float]) -> dict[str, float | None]:
    """Return value and ends; JSON has no NaN."""
    return {name: value if isfinite(value) else None for name, value in estimate.items()}


def _print(report: TrainReport, options: TrainOptions) -> None:
    evaluation, split = report.evaluation, report.evaluation.split
    title = (
        f"Tested on {split.test_rows:,} payments of {split.test_from:%Y-%m-%d} to {split.test_to:%Y-%m-%d} "
        f"with {split.test_frauds:,} frauds"
    )
    table = Table(title=title, title_justify="left")
    for column in ("model", *_SHOWN):
        table.add_column(column)
    for model in evaluation.models:
        table.add_row(model.kind, *(_text(getattr(model.metrics, name)) for name in _SHOWN.values()))
    print_table(table)
    for note in evaluation.notes:
        click.echo(f"note: {note}")
    click.echo(f"card: {report.card}")
    logged = report.logged
    if logged is None:
        click.echo(f"results: {report.folder} (no tracking server was named: --tracking-uri, or {TRACKING})")
        return
    known = "logged" if logged.is_new else "logged before"
    click.echo(f"results: {report.folder}, {known} as run {logged.run_id}")
    if logged.promotion is not None:
        click.echo(f"registry: {_registry(logged.promotion)}")
        champion, place = f"models:/{logged.promotion.name}@champion", report.source or "DIR"
        address = options.tracking_uri if "@" not in options.tracking_uri else "URI"
        click.echo(f"next: {shlex.join(['payloom', 'score', place, '--model', champion, '--tracking-uri', address])}")


def _registry(promotion: Any) -> str:
    alias = "champion" if promotion.champion == promotion.version else "challenger"
    return f"models:/{promotion.name}/{promotion.version} is {alias}: {promotion.reason}"


def _text(estimate: Estimate) -> str:
    if not isfinite(estimate.value):
        return "not measured"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"
