"""A digest over rows as they read, whatever file, chunk or dictionary holds them; the order of the rows counts."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_PLAIN = {pa.int16(): "<i2", pa.int32(): "<i4", pa.int64(): "<i8", pa.float32(): "<f4", pa.float64(): "<f8"}


def column_digest(column: pa.ChunkedArray) -> str:
    """SHA-256 of which values are null, then of the values: little-endian, text with its lengths, 0 for null."""
    digest = hashlib.sha256()
    digest.update(np.packbits(column.is_valid().to_numpy()).tobytes())
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(pa.string()), pa.string()
    if pa.types.is_string(kind):
        text = column.fill_null("")
        digest.update(pc.binary_length(text).to_numpy().astype("<i4").tobytes())
        digest.update("".join(text.to_pylist()).encode())
        return digest.hexdigest()
    if pa.types.is_boolean(kind):
        digest.update(np.packbits(column.fill_null(False).to_numpy()).tobytes())
        return digest.hexdigest()
    if pa.types.is_timestamp(kind):
        column, kind = column.cast(pa.int64()), pa.int64()
    if pa.types.is_date(kind):
        column, kind = column.cast(pa.int32()), pa.int32()
    digest.update(column.fill_null(0).to_numpy().astype(_PLAIN[kind]).tobytes())
    return digest.hexdigest()


def column_digests(table: pa.Table) -> dict[str, str]:
    """Digest of each column, so that a difference has a name."""
    return {name: column_digest(table[name])[:16] for name in table.column_names}


def table_digest(table: pa.Table) -> str:
    """One digest of a whole table: names and digests of its columns, in their order."""
    digest = hashlib.sha256(str(table.num_rows).encode())
    for name in table.column_names:
        digest.update(f"\n{name} {column_digest(table[name])}".encode())
    return digest.hexdigest()


def world_digest(tables: dict[str, pa.Table]) -> dict[str, str]:
    """Digest of every table by name."""
    return {name: table_digest(table) for name, table in sorted(tables.items())}
