"""One part on its way to the store: batches in, row groups out, the receipt's figures on the side."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import DTypeLike, NDArray

from payloom.schema import Table
from payloom.storage.store import Store, Upload
from payloom.write.encoding import FileFormat, row_group_rows, writer_options
from payloom.write.parts import Part

_SINK_BUFFER_BYTES = 1 << 20
"""Pages are gathered before Python sees them: each call from the encoder waits for the interpreter lock."""

_TIME = "event_time"
_FRAUD = "is_fraud"
_TYPOLOGY = "typology"


class HashingSink:
    """A file-like end of the encoder that hashes what it hands to an upload."""

    closed = False

    def __init__(self, upload: Upload) -> None:
        self._upload: Upload | None = upload
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """Digest of everything written so far."""
        return self._digest.hexdigest()

    def write(self, data: Any) -> int:
        """Hash and pass on; what comes after `drop` is forgotten."""
        if self._upload is None:
            return len(data)
        view = memoryview(data)
        self._digest.update(view)
        self._upload.write(view)
        self.size_bytes += view.nbytes
        return view.nbytes

    def drop(self) -> None:
        """Stop passing on: the encoder writes a footer when it is collected, even after a failure."""
        self._upload = None

    def flush(self) -> None:
        """Nothing is kept here."""

    def tell(self) -> int:
        """Return the position, which is the number of bytes so far."""
        return self.size_bytes

    def close(self) -> None:
        """The upload is committed or aborted by its owner."""

    def readable(self) -> bool:
        """A sink is never read."""
        return False

    def writable(self) -> bool:
        """A sink is written."""
        return True

    def seekable(self) -> bool:
        """A sink only grows."""
        return False


class PartWriter:
    """Encodes the row groups of one file, in order; not shared between threads at a time.

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
        self.schema = table.arrow_schema()
        self.group_rows = row_group_rows(table, file_format.row_group_mb)
        self._upload = store.upload(key)
        self._sink = HashingSink(self._upload)
        try:
            self._stream = pa.BufferedOutputStream(pa.PythonFile(self._sink, mode="w"), _SINK_BUFFER_BYTES)
            self._writer = pq.ParquetWriter(
                self._stream, self.schema, sorting_columns=_sorting(table), **writer_options(table, file_format)
            )
        except BaseException:
            self.abort()
            raise
        self._rows = 0
        self._times: tuple[int, int] | None = None
        self._fraud_rows = 0
        self._typologies: dict[str, int] = {}

    def write_group(self, batches: list[pa.RecordBatch]) -> None:
        """Encode the batches as one row group.

        Raises
        ------
        ValueError
            If a batch differs from the declared schema or its times run backwards.
        """
        rows = pa.Table.from_batches(batches, self.schema)
        if rows.num_rows == 0:
            return
        self._note(rows)
        self._writer.write_table(rows, row_group_size=rows.num_rows)

    def finish(self) -> Part:
        """Write the footer, make the file visible and say what is in it."""
        self._writer.close()
        self._stream.close()
        self._upload.commit(self._sink.sha256)
        first_us, last_us = self._times or (None, None)
        names = self.table.names
        return Part(
            key=self.key,
            table=self.table.name,
            rows=self._rows,
            size_bytes=self._sink.size_bytes,
            sha256=self._sink.sha256,
            first_time_us=first_us,
            last_time_us=last_us,
            fraud_rows=self._fraud_rows if _FRAUD in names else None,
            typologies=dict(sorted(self._typologies.items())),
        )

    def abort(self) -> None:
        """Forget the file; harmless after `finish`."""
        self._sink.drop()
        self._upload.abort()

    def _note(self, rows: pa.Table) -> None:
        self._rows += rows.num_rows
        if _TIME in self.schema.names:
            self._note_times(rows.column(_TIME))
        if _FRAUD in self.schema.names:
            self._fraud_rows += sum(chunk.true_count for chunk in rows.column(_FRAUD).chunks)
        if _TYPOLOGY in self.schema.names:
            self._note_typologies(rows.column(_TYPOLOGY))

    def _note_typologies(self, typologies: pa.ChunkedArray) -> None:
        for chunk in typologies.chunks:
            counts = np.bincount(
                _numbers(chunk.indices, np.dtype(str(chunk.indices.type))), minlength=len(chunk.dictionary)
            )
            for name, count in zip(chunk.dictionary.to_pylist(), counts.tolist(), strict=True):
                if count:
                    self._typologies[name] = self._typologies.get(name, 0) + count

    def _note_times(self, times: pa.ChunkedArray) -> None:
        """Keep the range; sorted times are promised in the footer, so look."""
        last_us = self._times[1] if self._times else None
        for chunk in times.chunks:
            values = _numbers(chunk, np.int64)
            if not values.size:
                continue
            if (last_us is not None and values[0] < last_us) or (values[1:] < values[:-1]).any():
                raise ValueError(f"{self.key}: rows are not in the order of {_TIME}")
            first_us = self._times[0] if self._times else int(values[0])
            last_us = int(values[-1])
            self._times = (first_us, last_us)


def _numbers(chunk: pa.Array, kind: DTypeLike) -> NDArray[Any]:
    """Look at a column without nulls; `to_numpy` would load pandas where it is installed."""
    return np.frombuffer(chunk.buffers()[1], kind)[chunk.offset : chunk.offset + len(chunk)]


def _sorting(table: Table) -> list[pq.SortingColumn] | None:
    """Declare the order that is checked while writing."""
    if table.sort_by[:1] != (_TIME,):
        return None
    return [pq.SortingColumn(table.names.index(_TIME))]
