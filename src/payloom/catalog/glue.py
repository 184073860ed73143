"""Tables and partitions as the Glue Data Catalog writes them."""

from __future__ import annotations

from typing import Any, Final

from payloom.catalog.columns import HIVE_TYPES, PARTITION_TYPE, column_comment, comment, partitions_of
from payloom.catalog.hive import DATABASE_COMMENT, projection
from payloom.catalog.names import ANY_YEAR, Location, Years
from payloom.catalog.published import Month
from payloom.schema import Table

Item = dict[str, Any]
"""A structure of Glue's API."""

_STORED_AS_PARQUET: Final[Item] = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}

_KEPT: Final = ("Owner", "Retention")
"""What others may have set on a table that is brought up to date."""


def database_input(database: str) -> Item:
    """Return the database."""
    return {"Name": database, "Description": DATABASE_COMMENT}


def table_input(table: Table, location: Location, years: Years | None) -> Item:
    """Return the table, the same as the statement for Athena makes.

    Parameters
    ----------
    table, location
        What it holds and where it lies.
    years
        Years that the data set has; None when the table has no part yet.
    """
    return {
        "Name": table.name,
        "Description": comment(table.description),
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            **projection(table, location, years or ANY_YEAR),
        },
        "PartitionKeys": [_column(name, PARTITION_TYPE, comment(text)) for name, text in partitions_of(table).items()],
        "StorageDescriptor": _storage(table, location.table(table)),
    }


def partition_input(table: Table, location: Location, month: Month) -> Item:
    """Return the partition of a month."""
    return {"Values": month.values, "StorageDescriptor": _storage(table, f"{location.table(table)}{month.folder}")}


def same_table(existing: Item, wanted: Item) -> bool:
    """Say whether Glue already has the table as it is wanted; what others added to it does not matter."""
    has = existing.get("Parameters") or {}
    return (
        existing.get("Description", "") == wanted["Description"]
        and existing.get("TableType") == wanted["TableType"]
        and all(has.get(name) == value for name, value in wanted["Parameters"].items())
        and _columns(existing.get("PartitionKeys")) == _columns(wanted["PartitionKeys"])
        and same_storage(existing, wanted)
    )


def same_storage(existing: Item, wanted: Item) -> bool:
    """Say whether place, columns and format of a table or partition are as wanted."""
    has, wants = existing.get("StorageDescriptor") or {}, wanted["StorageDescriptor"]
    serde = "SerializationLibrary"
    return (
        place_of(existing) == place_of(wanted)
        and _columns(has.get("Columns")) == _columns(wants["Columns"])
        and all(has.get(name) == wants[name] for name in ("InputFormat", "OutputFormat"))
        and (has.get("SerdeInfo") or {}).get(serde) == wants["SerdeInfo"][serde]
    )


def place_of(item: Item) -> str:
    """Return where a table or partition lies, without the slash at the end; empty if it says nothing."""
    return str((item.get("StorageDescriptor") or {}).get("Location") or "").rstrip("/")


def updated_table(existing: Item, wanted: Item) -> Item:
    """Return the table as wanted, with what others added to the existing one."""
    kept: Item = {name: existing[name] for name in _KEPT if existing.get(name)}
    return {**kept, **wanted, "Parameters": {**(existing.get("Parameters") or {}), **wanted["Parameters"]}}


def _storage(table: Table, place: str) -> Item:
    columns = [_column(column.name, HIVE_TYPES[column.kind], column_comment(column)) for column in table.columns]
    return {"Columns": columns, "Location": place, **_STORED_AS_PARQUET}


def _column(name: str, kind: str, text: str) -> Item:
    return {"Name": name, "Type": kind, "Comment": text}


def _columns(columns: list[Item] | None) -> list[tuple[str, str, str]]:
    return [(column["Name"], column.get("Type", ""), column.get("Comment", "")) for column in columns or []]
