"""Options of the commands, each with help, unit and default.

Values that belong to the config arrive as text, so that one run reports every mistake:
the config refuses them together with what is wrong in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, TypeVar

import click
from click.shell_completion import CompletionItem

from payloom.cli.progress import FORMATS
from payloom.cli.values import count

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class ConfigOption:
    """An option that sets one value of the config."""

    flag: str
    section: str
    key: str
    metavar: str
    help: str
    read: Callable[[str], Any] = str

    @property
    def parameter(self) -> str:
        """Name under which click hands the value over."""
        return self.flag.removeprefix("--").replace("-", "_")


CONFIG_OPTIONS: Final = (
    ConfigOption(
        "--rows",
        "world",
        "rows",
        "N",
        "Payments in the whole period, exactly; 1_000_000, 1e6 and 1M are the same.  [payments; default: 1000000]",
        count,
    ),
    ConfigOption("--start", "world", "start", "DAY", "First day, in UTC.  [YYYY-MM-DD; default: 2025-01-01]"),
    ConfigOption(
        "--end",
        "world",
        "end",
        "DAY",
        "Day after the last (exclusive), in UTC.  [YYYY-MM-DD; default: 2026-01-01]",
    ),
    ConfigOption("--seed", "world", "seed", "N", "Number of the world.  [0 to 2^63-1; default: 7]", count),
    ConfigOption(
        "--fraud-rate",
        "world",
        "fraud_rate",
        "RATE",
        "Fraud among all payments, up to 0.5.  [share; default: 0.003]",
    ),
    ConfigOption(
        "--customers",
        "world",
        "customers",
        "N",
        "People who are customers at some time of the period.  [customers; default: rows / (10.5 x months)]",
        count,
    ),
    ConfigOption(
        "--merchants",
        "world",
        "merchants",
        "N",
        "Shops and sites.  [merchants; default: 2 per customer, at least 500]",
        count,
    ),
    ConfigOption(
        "--compression",
        "layout",
        "compression",
        "CODEC",
        "Codec of the Parquet pages, snappy or zstd.  [name; default: snappy]",
    ),
    ConfigOption(
        "--row-group-mb",
        "layout",
        "row_group_mb",
        "MB",
        "Target size of a row group before compression.  [MB; default: 128]",
        count,
    ),
)
"""Options that set a value of the config, in the order of the help."""


def config_options(command: Command) -> Command:
    """Add ``--config``, ``--preset`` and every option that sets a value of the config."""
    for option in reversed(CONFIG_OPTIONS):
        command = click.option(option.flag, metavar=option.metavar, help=option.help)(command)
    command = click.option(
        "--preset",
        metavar="NAME",
        shell_complete=_complete_preset,
        help="Config that ships with payloom: default, small, demo, large, airflow.  [name; default: default]",
    )(command)
    return click.option(
        "--config",
        "config_file",
        metavar="FILE.toml",
        type=click.Path(),
        help="TOML file, laid over the preset; options win over it.  [path; default: none]",
    )(command)


def slice_options(command: Command) -> Command:
    """Add ``--from``, ``--to`` and ``--day``."""
    for flag, name, text in (
        ("--day", "day", "Make this one day of the period.  [YYYY-MM-DD, UTC; default: all days]"),
        ("--to", "to_day", "Make the days before this one.  [YYYY-MM-DD, UTC; default: end]"),
        ("--from", "from_day", "Make the days from this one on.  [YYYY-MM-DD, UTC; default: start]"),
    ):
        command = click.option(flag, name, metavar="DAY", help=text)(command)
    return command


def window_options(verb: str) -> Callable[[Command], Command]:
    """Return what adds ``--from`` and ``--to`` to a command that reads days of a data set."""

    def add(command: Command) -> Command:
        for flag, name, which in (("--to", "end", "before this one"), ("--from", "start", "from this one on")):
            text = f"{verb} the days {which}.  [YYYY-MM-DD, UTC; default: all]"
            command = click.option(flag, name, metavar="DAY", help=text)(command)
        return command

    return add


def run_options(command: Command) -> Command:
    """Add the options of a run that change neither rows nor files."""
    decorators = (
        click.option(
            "--out",
            metavar="DIR",
            type=click.Path(),
            default="data",
            help="Folder of the data set, or s3://bucket/prefix.  [path; default: data]",
        ),
        click.option(
            "--workers",
            metavar="N",
            help="Processes at most.  [processes; default: up to one per CPU]",
        ),
        click.option(
            "--max-memory",
            metavar="SIZE",
            help="Memory of all processes together, which bounds how many there are; such as 512MB.  "
            "[bytes; default: 1GB, or most of what is free with --workers]",
        ),
        click.option(
            "--engine",
            type=click.Choice(["local", "ray"]),
            default="local",
            help="Processes of this machine, or tasks of a Ray cluster: the same bytes.  [name; default: local]",
        ),
        click.option(
            "--address",
            metavar="HOST:PORT",
            help="The Ray cluster; auto finds the one that this machine belongs to.  "
            "[address; default: start one on this machine for this run]",
        ),
        click.option(
            "--overwrite",
            is_flag=True,
            help="Replace another data set that is there.  [default: off, refuse]",
        ),
    )
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def progress_option(command: Command) -> Command:
    """Add ``--progress``."""
    return click.option(
        "--progress",
        type=click.Choice(FORMATS),
        default="auto",
        help="How progress is shown on standard error: a bar, lines, JSON for programs; auto is a bar on a terminal "
        "and lines elsewhere.  [name; default: auto]",
    )(command)


def _complete_preset(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    del context, parameter
    # Not through payloom.config: a key press must not wait for pydantic.
    folder = resources.files("payloom") / "config" / "presets"
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir())
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
