"""``payloom schema``: tables and columns as declared."""

from __future__ import annotations

import json
from typing import Final

import click
from rich.table import Table as Grid
from rich.text import Text

from payloom.cli.tables import print_table
from payloom.config.near import did_you_mean
from payloom.config.shown import shown_value
from payloom.errors import ConfigError, Problem
from payloom.schema import TABLES, Column, Table

_MAX_CODES: Final = 12
"""Longest list of codes that is printed whole."""


def run_schema(name: str | None, *, as_json: bool) -> None:
    """Print all tables, or the one called `name`.

    Raises
    ------
    ConfigError
        If there is no such table.
    """
    tables = _chosen(name)
    if as_json:
        click.echo(json.dumps({table.name: table.as_dict() for table in tables}, indent=2))
        return
    for table in tables:
        print_table(_grid(table))


def _chosen(name: str | None) -> list[Table]:
    if name is None:
        return list(TABLES.values())
    if name in TABLES:
        return [TABLES[name]]
    allowed = f"expected one of {', '.join(TABLES)}"
    fix = did_you_mean(name, TABLES)
    raise ConfigError([Problem("table", shown_value(name), allowed, fix, "option --table")])


def _grid(table: Table) -> Grid:
    grid = Grid(
        title=f"{table.name}: {table.description}",
        title_justify="left",
        caption=f"sorted by {', '.join(table.sort_by)}",
        caption_justify="left",
        show_lines=True,
    )
    grid.add_column("column", no_wrap=True, style="bold")
    grid.add_column("type", no_wrap=True)
    grid.add_column("meaning", ratio=1)
    for column in table.columns:
        grid.add_row(column.name, column.type_text, _meaning(column))
    return grid


def _meaning(column: Column) -> Text:
    """Return what the value means, and below it, dimmed, what else is declared."""
    notes = [_codes(column), f"unit: {column.unit}" if column.unit else "", column.standard]
    notes.append(f"null {column.null}" if column.nullable else "")
    notes.append("known after the authorisation" if column.known == "after" else "")
    return Text.assemble(column.description, ("".join(f"\n{note}" for note in notes if note), "dim"))


def _codes(column: Column) -> str:
    if len(column.codes) <= _MAX_CODES:
        return ", ".join(column.codes)
    return f"{', '.join(column.codes[:6])}, ... {len(column.codes)} in all (--json lists them)"
