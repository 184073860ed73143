"""How engines type and describe a column."""

from __future__ import annotations

from typing import Final

from payloom.schema import Column, Table
from payloom.schema.column import Kind

HIVE_TYPES: Final[dict[Kind, str]] = {
    "int64": "bigint",
    "int32": "int",
    "int16": "smallint",
    "float64": "double",
    "float32": "float",
    "bool": "boolean",
    "string": "string",
    # The files hold the text; its codes are only how Parquet stores it.
    "enum": "string",
    "timestamp": "timestamp",
    "date": "date",
}
"""Types of Hive's DDL, which Athena, Glue and Spark share."""

PARTITION_TYPE: Final = "int"
"""Of `year` and `month`: then ``month = 6`` finds the folder ``month=06`` in every engine."""

PARTITIONS: Final = {"year": "Year of event_time, UTC", "month": "Month of event_time, UTC, 1 to 12"}
"""Folders of a table that lies by month, outer first."""

MAX_COMMENT_BYTES: Final = 255
"""Of a column's comment in Glue (API reference, Column)."""


def partitions_of(table: Table) -> dict[str, str]:
    """Return the partition columns of a table with their comments; empty without any."""
    return PARTITIONS if table.by_month else {}


def column_comment(column: Column) -> str:
    """Return what a column means, with its unit, as a catalog can hold it."""
    unit = f" [{column.unit}]" if column.unit else ""
    return comment(f"{column.description}{unit}")


def comment(text: str) -> str:
    """Return `text` as every engine can hold it: printable ASCII, short, and without a semicolon.

    Many tools cut a script at every semicolon, also inside of quotes.
    """
    plain = " ".join(text.replace(";", ",").replace("\\", "/").split())
    ascii_text = plain.encode("ascii", "replace").decode()
    return ascii_text if len(ascii_text) <= MAX_COMMENT_BYTES else f"{ascii_text[: MAX_COMMENT_BYTES - 3]}..."
