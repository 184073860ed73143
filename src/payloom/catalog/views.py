"""Statements for DuckDB: a view over the files of each table."""

from __future__ import annotations

from collections.abc import Sequence

from payloom.catalog.columns import PARTITIONS, column_comment, comment, partitions_of
from payloom.catalog.names import Location
from payloom.schema import Table


def duckdb_statements(tables: Sequence[Table], location: Location, database: str) -> list[str]:
    """Return the statements that make a schema with a view of each table, described as the schema does."""
    root = Location(location.url.removeprefix("file://"))
    statements = [f'CREATE SCHEMA IF NOT EXISTS "{database}"']
    for table in tables:
        name = f'"{database}"."{table.name}"'
        comments = {column.name: column_comment(column) for column in table.columns}
        comments |= {column: comment(text) for column, text in partitions_of(table).items()}
        statements += [
            _create_view(table, root, name, tuple(comments)),
            f"COMMENT ON VIEW {name} IS {_quoted(comment(table.description))}",
            *(f'COMMENT ON COLUMN {name}."{column}" IS {_quoted(text)}' for column, text in comments.items()),
        ]
    return statements


def _create_view(table: Table, root: Location, name: str, columns: tuple[str, ...]) -> str:
    listed = ",\n".join(f'  "{column}"' for column in columns)
    folder = root.table(table)
    if table.by_month:
        # Without types DuckDB 2 takes the month 06 for a text.
        types = ", ".join(f"'{column}': INTEGER" for column in PARTITIONS)
        deeper = "*/" * len(PARTITIONS)
        source = f"{_quoted(f'{folder}{deeper}*.parquet')}, hive_partitioning = true, hive_types = {{{types}}}"
    else:
        # A folder above may look like a partition.
        source = f"{_quoted(f'{folder}*.parquet')}, hive_partitioning = false"
    return f"CREATE OR REPLACE VIEW {name} AS\nSELECT\n{listed}\nFROM read_parquet({source})"


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
