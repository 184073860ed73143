"""The statements of each dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

from payloom.catalog.columns import PARTITIONS
from payloom.catalog.hive import athena_statements, spark_statements
from payloom.catalog.names import Location, Years, checked_location
from payloom.catalog.views import duckdb_statements
from payloom.config.shown import shown_value
from payloom.errors import ConfigError, Problem
from payloom.schema import Table

Dialect = Literal["athena", "spark", "duckdb"]
DIALECTS: Final[tuple[Dialect, ...]] = get_args(Dialect)

SCHEMES: Final[dict[Dialect, tuple[str, ...]]] = {
    # A file is nothing for Athena: it lets the same text run in Spark, where it is tested.
    "athena": ("s3", "file"),
    "spark": ("s3", "s3a", "gs", "file"),
    "duckdb": ("s3", "gs", "file", ""),
}
"""What each engine opens; the empty one is a folder."""

_PARTITION_FOLDERS: Final = tuple(f"{name}=" for name in PARTITIONS)


def dialect_location(text: str, dialect: Dialect) -> Location:
    """Return the location of the data set as that engine can open it.

    Raises
    ------
    ConfigError
        If it can't, or the text could be read as something else.
    """
    place = checked_location(text, SCHEMES[dialect])
    if dialect == "duckdb" and any(part.startswith(_PARTITION_FOLDERS) for part in place.url.split("/")):
        # DuckDB takes the first folder of that form in a path for the partition.
        allowed = "a folder above is called year=... or month=..., which DuckDB would take for a partition"
        raise ConfigError([Problem("location", shown_value(text), allowed, source="option --location")])
    return place


def statements(tables: Sequence[Table], location: Location, database: str, years: Years, dialect: Dialect) -> list[str]:
    """Return the statements that tell an engine of the tables, without the semicolons between them."""
    if dialect == "athena":
        return athena_statements(tables, location, database, years)
    if dialect == "spark":
        return spark_statements(tables, location, database)
    return duckdb_statements(tables, location, database)


def script(parts: Sequence[str]) -> str:
    """Return statements as one script: a semicolon and an empty line after each, and no other semicolon."""
    return "".join(f"{part};\n\n" for part in parts).removesuffix("\n")
