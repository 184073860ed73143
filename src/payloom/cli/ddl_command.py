"""``payloom ddl``: statements for Athena, Spark and DuckDB."""

from __future__ import annotations

from typing import cast

import click

from payloom.catalog.ddl import Dialect
from payloom.pipeline.catalog import ddl


def run_ddl(location: str, dialect: str, *, table: str | None, database: str, years: str | None) -> None:
    """Print the script, and nothing else.

    Raises
    ------
    ConfigError
        If a value can't be written into a statement safely.
    """
    click.echo(ddl(location, cast("Dialect", dialect), table=table, database=database, years=years), nl=False)
