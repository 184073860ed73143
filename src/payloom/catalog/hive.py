"""Statements for engines with Hive's DDL: Athena, and Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from payloom.catalog.columns import (
    HIVE_TYPES,
    PARTITION_TYPE,
    PARTITIONS,
    column_comment,
    comment,
    partitions_of,
)
from payloom.catalog.names import Location, Years
from payloom.schema import Table

DATABASE_COMMENT: Final = "Synthetic payments made by payloom, data of no real person"

_INDENT: Final = "  "


def athena_statements(tables: Sequence[Table], location: Location, database: str, years: Years) -> list[str]:
    """Return the statements for Athena, which also run in Spark with Hive.

    Parameters
    ----------
    tables, location, database
        What is made, where it lies, and in which database.
    years
        Years whose folders Athena looks for, see `projection`.
    """
    properties = {"classification": "parquet"}
    return [
        create_database(database),
        *(
            create_table(table, location, database, {**properties, **projection(table, location, years)})
            for table in tables
        ),
    ]


def spark_statements(tables: Sequence[Table], location: Location, database: str) -> list[str]:
    """Return the statements for Spark with a Hive metastore: tables, then the repair that finds their partitions."""
    repairs = [f"MSCK REPAIR TABLE {_full_name(database, table)}" for table in tables if table.by_month]
    return [
        create_database(database),
        *(create_table(table, location, database, {"classification": "parquet"}) for table in tables),
        *repairs,
    ]


def projection(table: Table, location: Location, years: Years) -> dict[str, str]:
    """Return the properties by which Athena knows a table's partitions without asking the catalog.

    Source: Athena User Guide, "Use partition projection"; `digits` gives the folder ``month=06``.
    """
    if not table.by_month:
        return {}
    folders = "/".join(f"{name}=${{{name}}}" for name in PARTITIONS)
    return {
        "projection.enabled": "true",
        "projection.year.type": "integer",
        "projection.year.range": f"{years.first},{years.last}",
        "projection.month.type": "integer",
        "projection.month.range": "1,12",
        "projection.month.digits": "2",
        "storage.location.template": f"{location.table(table)}{folders}/",
    }


def create_database(database: str) -> str:
    """Return the statement that makes the database unless it exists."""
    return f"CREATE DATABASE IF NOT EXISTS `{database}`\nCOMMENT {quoted(DATABASE_COMMENT)}"


def create_table(table: Table, location: Location, database: str, properties: Mapping[str, str]) -> str:
    """Return the statement that makes an external table unless it exists."""
    columns = [_column(column.name, HIVE_TYPES[column.kind], column_comment(column)) for column in table.columns]
    partitions = [_column(name, PARTITION_TYPE, comment(text)) for name, text in partitions_of(table).items()]
    return "\n".join(
        (
            f"CREATE EXTERNAL TABLE IF NOT EXISTS {_full_name(database, table)} (",
            ",\n".join(columns),
            ")",
            f"COMMENT {quoted(comment(table.description))}",
            *(("PARTITIONED BY (", ",\n".join(partitions), ")") if partitions else ()),
            "STORED AS PARQUET",
            f"LOCATION {quoted(location.table(table))}",
            "TBLPROPERTIES (",
            ",\n".join(f"{_INDENT}{quoted(name)} = {quoted(value)}" for name, value in properties.items()),
            ")",
        )
    )


def quoted(text: str) -> str:
    r"""Return a literal as Hive's grammar reads it, in which ``\'`` is a quote and ``''`` is nothing."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _column(name: str, kind: str, text: str) -> str:
    return f"{_INDENT}`{name}` {kind} COMMENT {quoted(text)}"


def _full_name(database: str, table: Table) -> str:
    return f"`{database}`.`{table.name}`"
