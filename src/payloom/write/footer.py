"""The footer of a Parquet file: schema, row groups, statistics."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final

from payloom.schema import Column, Table
from payloom.write.encoding import Compression
from payloom.write.pages import PLAIN, RLE, ColumnPages, Page
from payloom.write.thrift import Struct

MAGIC: Final = b"PAR1"

_CREATED_BY: Final = b"payloom version 1.0.0"
"""Version of the encoder: raised when the same rows become other bytes, not with every release."""

_TYPE: Final[dict[str, int]] = {
    "bool": 0,
    "int16": 1,
    "int32": 1,
    "date": 1,
    "int64": 2,
    "timestamp": 2,
    "float32": 4,
    "float64": 5,
    "string": 6,
    "enum": 6,
}
_CODEC: Final[dict[Compression, int]] = {"snappy": 1, "zstd": 6}


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A row group that is ready to be written.

    Attributes
    ----------
    description
        Its entry in the footer.
    pages
        The pages of all columns, in order.
    rows, size_bytes
        What it holds.
    """

    description: Struct
    pages: tuple[bytes, ...]
    rows: int
    size_bytes: int


def row_group(
    columns: list[ColumnPages], offset: int, ordinal: int, compression: Compression, sorted_by: int | None
) -> RowGroup:
    """Lay out the columns from a place in the file.

    Parameters
    ----------
    columns
        Encoded columns of equal length.
    offset
        Where the row group begins.
    ordinal
        Its number in the file.
    compression
        Codec of the pages.
    sorted_by
        Number of the column that orders the rows, if one does.
    """
    start, plain_bytes = offset, 0
    chunks: list[Struct] = []
    data: list[bytes] = []
    for column in columns:
        dictionary = column.dictionary()
        pages = [dictionary, *column.pages] if dictionary else column.pages
        meta = _column_meta(column, pages, dictionary, offset, compression)
        chunks.append(Struct().i64(2, 0).struct(3, meta))
        data += [page.data for page in pages]
        offset += sum(len(page.data) for page in pages)
        plain_bytes += sum(page.plain_bytes for page in pages)
    rows = columns[0].values
    description = Struct().structs(1, chunks).i64(2, plain_bytes).i64(3, rows)
    if sorted_by is not None:
        description.structs(4, [Struct().i32(1, sorted_by).boolean(2, False).boolean(3, False)])
    description.i64(5, start).i64(6, offset - start).i16(7, ordinal)
    return RowGroup(description, tuple(data), rows, offset - start)


def footer(table: Table, row_groups: list[RowGroup]) -> bytes:
    """Return the end of the file."""
    arrow_schema = base64.b64encode(table.arrow_schema().serialize().to_pybytes())
    root = Struct().i32(3, 0).binary(4, b"schema").i32(5, len(table.columns))
    text = (
        Struct()
        .i32(1, 2)
        .structs(2, [root, *map(_schema_element, table.columns)])
        .i64(3, sum(group.rows for group in row_groups))
        .structs(4, [group.description for group in row_groups])
        .structs(5, [Struct().binary(1, b"ARROW:schema").binary(2, arrow_schema)])
        .binary(6, _CREATED_BY)
        .structs(7, [Struct().struct(1, Struct()) for _ in table.columns])
        .to_bytes()
    )
    return text + len(text).to_bytes(4, "little") + MAGIC


def _column_meta(
    column: ColumnPages, pages: list[Page], dictionary: Page | None, offset: int, compression: Compression
) -> Struct:
    first_data = offset + (len(dictionary.data) if dictionary else 0)
    encodings = {column.encoding, RLE} | ({PLAIN} if dictionary else set())
    meta = (
        Struct()
        .i32(1, _TYPE[column.column.kind])
        .i32s(2, sorted(encodings))
        .binaries(3, [column.column.name.encode()])
        .i32(4, _CODEC[compression])
        .i64(5, column.values)
        .i64(6, sum(page.plain_bytes for page in pages))
        .i64(7, sum(len(page.data) for page in pages))
        .i64(9, first_data)
    )
    if dictionary:
        meta.i64(11, offset)
    meta.struct(12, _statistics(column))
    used = [Struct().i32(1, 0).i32(2, column.encoding).i32(3, len(column.pages))]
    if dictionary:
        used.insert(0, Struct().i32(1, 2).i32(2, PLAIN).i32(3, 1))
    return meta.structs(13, used)


def _statistics(column: ColumnPages) -> Struct:
    statistics = Struct().i64(3, column.nulls)
    if bounds := column.bounds():
        least, greatest = bounds
        statistics.binary(5, greatest).binary(6, least).boolean(7, True).boolean(8, True)
    return statistics


def _schema_element(column: Column) -> Struct:
    element = Struct().i32(1, _TYPE[column.kind]).i32(3, int(column.nullable)).binary(4, column.name.encode())
    if column.kind in {"string", "enum"}:
        return element.i32(6, 0).struct(10, Struct().struct(1, Struct()))
    if column.kind == "date":
        return element.i32(6, 6).struct(10, Struct().struct(6, Struct()))
    if column.kind == "timestamp":
        microseconds = Struct().struct(2, Struct())
        return element.i32(6, 10).struct(10, Struct().struct(8, Struct().boolean(1, True).struct(2, microseconds)))
    if column.kind == "int16":
        return element.i32(6, 16).struct(10, Struct().struct(10, Struct().i8(1, 16).boolean(2, True)))
    return element
