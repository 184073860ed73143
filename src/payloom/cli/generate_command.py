"""``payloom generate``: config, slice and run options in, a data set and a summary out."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import click

from payloom.cell.source import PaymentsSource
from payloom.cli.config_command import load_given
from payloom.cli.progress import ROWS, Progress, progress_for
from payloom.cli.store_values import given_store_options
from payloom.cli.summary import summary_json, summary_lines
from payloom.cli.values import count, size_bytes
from payloom.config import DayRange, LoadedConfig, day_problems, day_range
from payloom.config.shown import shown_value
from payloom.engine.task import STARTED_HERE, Resources
from payloom.errors import ConfigError, Problem
from payloom.pipeline.arguments import MAX_WORKERS, MIN_MEMORY_BYTES
from payloom.pipeline.generate import GenerateOptions, RunSummary, generate
from payloom.storage.address import Address, StoreOptions, is_remote
from payloom.write.contract import Source
from payloom.write.encoding import FileFormat
from payloom.write.units import Unit

_ADDRESS = re.compile(r"auto|[^\s/]+:\d{1,5}")


@dataclass(frozen=True, slots=True)
class Run:
    """What a command line asks for, checked."""

    loaded: LoadedConfig
    days: DayRange
    out: str
    resources: Resources
    overwrite: bool
    store: StoreOptions


def run_generate(given: Mapping[str, Any]) -> None:
    """Make the data set that the options ask for and print its summary.

    Raises
    ------
    ConfigError
        With every problem of config, slice and run options, before anything is written.
    """
    run = checked_run(given)
    done = _generate(run, progress_for(ROWS, quiet=given["quiet"], form=given["progress"]))
    if given["as_json"]:
        click.echo(json.dumps(summary_json(done, run.loaded.config, run.days)))
    elif not given["quiet"]:
        click.echo("\n".join(summary_lines(done, run.loaded.config, run.days)))


def _generate(run: Run, progress: Progress) -> RunSummary:
    config = run.loaded.config
    options = GenerateOptions(
        unit=_unit(run),
        file_format=FileFormat(config.layout.compression, config.layout.row_group_mb),
        resources=run.resources,
        overwrite=run.overwrite,
        store=run.store,
    )
    started_s = time.monotonic()
    with progress as shown:
        done = generate(
            _source(run), run.out, options, lambda now: shown.update(now.rows_done, now.rows_total, now.rows_kept)
        )
    # Building the world is part of the user's wait.
    return replace(done, seconds=time.monotonic() - started_s)


def _unit(run: Run) -> Unit:
    """Return what the run publishes; a slice that is the whole period is a full run."""
    world = run.loaded.config.world
    if (run.days.start, run.days.end) == (world.start, world.end):
        return Unit()
    return Unit(run.days.start, run.days.end)


def _source(run: Run) -> Source:
    """Return what makes the rows, its world laid out: what can't be made is refused before the folder is touched."""
    source = PaymentsSource(run.loaded.config, run.days)
    source.open()
    return source


def checked_run(given: Mapping[str, Any]) -> Run:
    """Return the run that the options ask for.

    Raises
    ------
    ConfigError
        With every problem.
    """
    slice_given = {"first": given["from_day"], "end": given["to_day"], "day": given["day"]}
    problems = [*_option_problems(given), *day_problems(**slice_given)]
    store = StoreOptions()
    try:
        store = given_store_options(given)
        if is_remote(given["out"]):
            Address.parse(given["out"])
    except ConfigError as error:
        problems += error.problems
    try:
        loaded = load_given(given)
    except ConfigError as error:
        raise ConfigError([*error.problems, *problems]) from None
    if problems:
        raise ConfigError(problems)
    days = day_range(loaded.config.world, **slice_given)
    workers, memory = given["workers"], given["max_memory"]
    return Run(
        loaded=loaded,
        days=days,
        out=given["out"],
        resources=Resources(
            None if workers is None else int(count(workers)),
            None if memory is None else size_bytes(memory),
            (given["address"] or STARTED_HERE) if given["engine"] == "ray" else None,
        ),
        overwrite=given["overwrite"],
        store=store,
    )


def _option_problems(given: Mapping[str, Any]) -> list[Problem]:
    problems = []
    workers = given["workers"]
    if workers is not None:
        number = count(workers)
        if not isinstance(number, int) or not 1 <= number <= MAX_WORKERS:
            allowed = f"expected a whole number from 1 to {MAX_WORKERS:,} (processes)"
            problems.append(Problem("workers", shown_value(workers), allowed, source="option --workers"))
    memory = given["max_memory"]
    if memory is not None and (size_bytes(memory) or 0) < MIN_MEMORY_BYTES:
        allowed = f"expected a size of at least {MIN_MEMORY_BYTES // 1_000_000} MB, with its unit"
        problems.append(Problem("max-memory", shown_value(memory), allowed, 'such as "1GB"', "option --max-memory"))
    address = given["address"]
    if address is not None and not _ADDRESS.fullmatch(address):
        problems.append(Problem("address", shown_value(address), "expected HOST:PORT or auto", "", "option --address"))
    elif address is not None and given["engine"] != "ray":
        allowed, fix = "names a cluster of Ray", "add --engine ray"
        problems.append(Problem("address", shown_value(address), allowed, fix, "option --address"))
    if not given["out"] or "\0" in given["out"]:
        problems.append(Problem("out", shown_value(given["out"]), "expected a folder", source="option --out"))
    return problems
