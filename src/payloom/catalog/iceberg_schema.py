"""Declared tables as Iceberg describes tables."""

from __future__ import annotations

from typing import Final

from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import MonthTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from payloom.schema import Column, Table
from payloom.schema.column import Kind

TYPES: Final[dict[Kind, IcebergType]] = {
    "int64": LongType(),
    "int32": IntegerType(),
    # Iceberg has nothing shorter; the files keep the short integer, and readers widen it.
    "int16": IntegerType(),
    "float64": DoubleType(),
    "float32": FloatType(),
    "bool": BooleanType(),
    "string": StringType(),
    "enum": StringType(),
    "timestamp": TimestamptzType(),
    "date": DateType(),
}

_TIME: Final = "event_time"
_FIRST_PARTITION_ID: Final = 1000
"""Where partition fields begin by Iceberg's specification."""


def iceberg_schema(table: Table) -> Schema:
    """Return the columns in file order, numbered from 1, each with its description."""
    fields = (
        NestedField(
            field_id=number,
            name=column.name,
            field_type=TYPES[column.kind],
            required=not column.nullable,
            doc=_doc(column),
        )
        for number, column in enumerate(table.columns, start=1)
    )
    return Schema(*fields)


def partition_spec(table: Table) -> PartitionSpec:
    """Return the partitions: by month of the event, which is how the files lie, or none."""
    if not table.by_month:
        return UNPARTITIONED_PARTITION_SPEC
    time_field = iceberg_schema(table).find_field(_TIME)
    by_month = PartitionField(
        source_id=time_field.field_id,
        field_id=_FIRST_PARTITION_ID,
        transform=MonthTransform(),
        name=f"{_TIME}_month",
    )
    return PartitionSpec(by_month)


def same_columns(found: Schema, table: Table) -> bool:
    """Say whether a table still has the declared columns and no others; descriptions may differ."""
    wanted = iceberg_schema(table)
    return [_shape(field) for field in found.fields] == [_shape(field) for field in wanted.fields]


def _shape(field: NestedField) -> tuple[int, str, IcebergType, bool]:
    return field.field_id, field.name, field.field_type, field.required


def _doc(column: Column) -> str:
    unit = f" [{column.unit}]" if column.unit else ""
    standard = f" ({column.standard})" if column.standard else ""
    return f"{column.description}{unit}{standard}"
