"""Does a part hold what its manifest says? Bytes, pages, rows."""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from payloom.schema import TABLES
from payloom.storage.digests import file_sha256
from payloom.storage.failures import storage_faults
from payloom.storage.store import Store
from payloom.write.parts import OTHER_BYTES, Part, damage


def flaw(store: Store, part: Part) -> str:
    """Return what is wrong with a part, empty if nothing is; every byte and every page is read."""
    size = store.size(part.key)
    if size is None or size != part.size_bytes:
        return damage(store, part)
    with storage_faults(f"read {part.key}"), store.open(part.key) as file:
        if file_sha256(file) != part.sha256:
            return OTHER_BYTES
        file.seek(0)
        return unreadable(file, part)


def unreadable(file: BinaryIO, part: Part) -> str:
    """Return why a part can't be read as the rows that its manifest promises, empty if it can."""
    try:
        parquet = pq.ParquetFile(file, page_checksum_verification=True)
        table = TABLES.get(part.table)
        if table is not None and not parquet.schema_arrow.equals(table.arrow_schema(), check_metadata=False):
            return f"has other columns than the table {part.table}"
        rows = sum(batch.num_rows for batch in parquet.iter_batches(use_threads=False))
    except (pa.ArrowException, OSError, ValueError) as error:
        return f"is no readable Parquet ({str(error).splitlines()[0][:120]})"
    return "" if rows == part.rows else f"has {rows} rows instead of {part.rows}"
