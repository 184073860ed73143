"""One part on its way to the store: batches in, row groups out, the receipt's figures on the side."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import pyarrow as pa

from payloom.schema import Table
from payloom.storage.store import Store
from payloom.write.encoding import FileFormat, row_group_rows
from payloom.write.footer import MAGIC, RowGroup, footer, row_group
from payloom.write.pages import numbers, pages_for
from payloom.write.parts import Part

_PAGE_ROWS: Final = 131_072
"""Most rows of a page, 1 MB of numbers; larger batches become pages of equal size."""

_TIME: Final = "event_time"
_FRAUD: Final = "is_fraud"
_TYPOLOGY: Final = "typology"


class PartWriter:
    """Encodes one file.

    Rows are encoded as they come, while they are in the cache. `finish` waits for the disk; it may run
    on another thread.

    Parameters
    ----------
    store
        Where the file goes.
    key
        Its key.
    table
        The declared table.
    file_format
        Codec and row group target.
    """

    def __init__(self, store: Store, key: str, table: Table, file_format: FileFormat) -> None:
        self.key = key
        self.table = table
        self.group_rows = row_group_rows(table, file_format.row_group_mb)
        self.rows_open = 0
        self._schema = table.arrow_schema()
        self._compression = file_format.compression
        self._codec = pa.Codec(file_format.compression)
        self._columns = [pages_for(column, self._codec) for column in table.columns]
        self._sorted_by = table.names.index(_TIME) if table.sort_by[:1] == (_TIME,) else None
        self._groups: list[RowGroup] = []
        self._end = len(MAGIC)
        self._times: tuple[int, int] | None = None
        self._fraud_rows = 0
        self._typologies: dict[str, int] = {}
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0
        self._upload = store.upload(key)

    def add(self, batch: pa.RecordBatch) -> None:
        """Encode rows into the open row group.

        Raises
        ------
        ValueError
            If the batch differs from the declared schema or its times run backwards.
        """
        if not batch.schema.equals(self._schema, check_metadata=False):
            raise ValueError(f"{self.key}: a batch has other columns than the table {self.table.name}")
        self._note(batch)
        pages = -(-batch.num_rows // _PAGE_ROWS)
        for number in range(pages):
            start, end = (batch.num_rows * edge // pages for edge in (number, number + 1))
            page = batch.slice(start, end - start)
            for column, array in zip(self._columns, page.columns, strict=True):
                column.add(array)
        self.rows_open += batch.num_rows

    def close_group(self) -> None:
        """Write the open row group."""
        group = row_group(self._columns, self._end, len(self._groups), self._compression, self._sorted_by)
        self._columns = [pages_for(column, self._codec) for column in self.table.columns]
        self._end += group.size_bytes
        self.rows_open = 0
        if not self._groups:
            self._write(MAGIC)
        for page in group.pages:
            self._write(page)
        self._groups.append(RowGroup(group.description, (), group.rows, group.size_bytes))

    def finish(self) -> Part:
        """Write the footer, make the file visible and say what is in it."""
        if not self._groups:
            self._write(MAGIC)
        self._write(footer(self.table, self._groups))
        self._upload.commit()
        first_us, last_us = self._times or (None, None)
        return Part(
            key=self.key,
            table=self.table.name,
            rows=sum(group.rows for group in self._groups),
            size_bytes=self._size_bytes,
            sha256=self._sha256.hexdigest(),
            first_time_us=first_us,
            last_time_us=last_us,
            fraud_rows=self._fraud_rows if _FRAUD in self.table.names else None,
            typologies=dict(sorted(self._typologies.items())),
        )

    def abort(self) -> None:
        """Forget the file; harmless after `finish`."""
        self._upload.abort()

    def _write(self, data: bytes) -> None:
        self._sha256.update(data)
        self._upload.write(data)
        self._size_bytes += len(data)

    def _note(self, rows: pa.RecordBatch) -> None:
        if _TIME in self.table.names:
            self._note_times(rows.column(_TIME))
        if _FRAUD in self.table.names:
            self._fraud_rows += rows.column(_FRAUD).true_count
        if _TYPOLOGY in self.table.names:
            self._note_typologies(rows.column(_TYPOLOGY))

    def _note_times(self, times: pa.Array) -> None:
        """Keep the range; sorted times are promised in the footer, so look."""
        values = numbers(times, "i8")
        if not values.size:
            return
        first_us, last_us = self._times or (int(values[0]), int(values[0]))
        if values[0] < last_us or (values[1:] < values[:-1]).any():
            raise ValueError(f"{self.key}: rows are not in the order of {_TIME}")
        self._times = (first_us, int(values[-1]))

    def _note_typologies(self, typologies: pa.Array) -> None:
        codes = numbers(typologies.indices, str(typologies.indices.type))
        counts = np.bincount(codes, minlength=len(typologies.dictionary))
        for name, count in zip(typologies.dictionary.to_pylist(), counts.tolist(), strict=True):
            if count:
                self._typologies[name] = self._typologies.get(name, 0) + count
