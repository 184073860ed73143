"""``payloom profile``: pages that show what is in a data set."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from payloom.cli.days import given_days
from payloom.cli.store_values import given_store_options
from payloom.cli.values import count, size_text
from payloom.config.shown import shown_value
from payloom.errors import ConfigError, Problem
from payloom.pipeline.profile import profile
from payloom.realism.window import Window


def run_profile(place: str, given: Mapping[str, Any]) -> None:
    """Write the pages and print where they are.

    Raises
    ------
    ConfigError
        If an option is wrong, or a library is missing.
    StorageError, TransientError, ConflictError
        If there is nothing to read, or the pages can't be written.
    """
    options = given_store_options(given)
    started_s = time.monotonic()
    report = profile(
        place,
        given["out"],
        compare=given["compare"],
        sample_rows=_sample_rows(given["sample"]),
        mapping=given["mapping"],
        window=Window(*given_days(given)),
        options=options,
        said=lambda text: click.echo(f"{time.monotonic() - started_s:5.1f} s  {text}", err=True),
    )
    if given["as_json"]:
        click.echo(json.dumps({"status": "ok", "exit_code": 0, **asdict(report)}))
        return
    for name, size in report.pages.items():
        click.echo(f"page: {report.out.rstrip('/')}/{name} ({size_text(size)})")
    click.echo(f"numbers of {report.basis}; {time.monotonic() - started_s:.1f} s")


def _sample_rows(text: str) -> int:
    number = count(text)
    if isinstance(number, int):
        return number
    raise ConfigError([Problem("sample", shown_value(text), "expected a whole number", source="option --sample")])
