"""How a table becomes Parquet: encodings per column and rows per row group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from payloom.schema.column import Column, Table

Compression = Literal["snappy", "zstd"]

ROW_GROUP_MB_DEFAULT: Final = 128
"""Row group target, uncompressed; the block size that Athena and Spark are tuned for."""

_STRING_BYTES: Final = 16
_BYTES: Final[dict[str, int]] = {
    "int64": 8,
    "float64": 8,
    "timestamp": 8,
    "int32": 4,
    "int16": 4,
    "float32": 4,
    "date": 4,
    "string": _STRING_BYTES,
}
"""Plain Parquet bytes per value; Parquet has no integer below 32 bits."""

_DELTA_BYTES: Final = 4
"""Sorted microseconds, some tens of seconds apart."""

_PRESENT_SHARE: Final = 0.55
"""Share of a nullable column that is not null, over the payments columns by width (default world, 1 M rows)."""

_PAGE_ROWS_MAX: Final = 131_072
_WRITE_BATCH_ROWS: Final = 16_384
"""Values that the encoder takes at a time; the default of 1,024 costs a fifth more CPU."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """What the user chooses about the files.

    Attributes
    ----------
    compression
        Codec of the pages.
    row_group_mb
        Target size of a row group in MB (10⁶ bytes), encoded but not compressed.
    """

    compression: Compression = "snappy"
    row_group_mb: int = ROW_GROUP_MB_DEFAULT


def row_bytes(table: Table) -> float:
    """Return the encoded, uncompressed bytes of a row, taken from the declared types alone."""
    return max(1.0, sum(map(_column_bits, table.columns)) / 8)


def row_group_rows(table: Table, row_group_mb: int) -> int:
    """Return how many rows make a row group; the same for every data set of this format."""
    return max(1, int(row_group_mb * 1_000_000 / row_bytes(table)))


def writer_options(table: Table, file_format: FileFormat) -> dict[str, Any]:
    """Return the options of `pyarrow.parquet.ParquetWriter` for a table."""
    delta = dict.fromkeys(table.encoded("delta"), "DELTA_BINARY_PACKED")
    return {
        "compression": file_format.compression,
        "use_dictionary": list(table.encoded("dictionary")),
        "column_encoding": delta or None,
        "write_statistics": True,
        "write_page_checksum": True,
        "max_rows_per_page": _PAGE_ROWS_MAX,
        "write_batch_size": _WRITE_BATCH_ROWS,
        "data_page_version": "1.0",
    }


def _column_bits(column: Column) -> float:
    if column.encoding == "dictionary":
        bits = max(1, (max(len(column.codes), 2) - 1).bit_length())
    elif column.encoding == "delta":
        bits = 8 * _DELTA_BYTES
    elif column.kind == "bool":
        bits = 1
    else:
        bits = 8 * _BYTES[column.kind]
    return 1 + bits * _PRESENT_SHARE if column.nullable else bits
