"""One job on its way to the store: its parts, then its receipt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from payloom.schema import TABLES
from payloom.storage.store import Store
from payloom.write.contract import Job
from payloom.write.encoding import FileFormat
from payloom.write.parquet import PartWriter
from payloom.write.parts import Receipt, part_key, receipt_key

if TYPE_CHECKING:
    import pyarrow as pa

Submit = Callable[[Callable[[], None]], None]
"""Runs a task at once or, in order, on another thread."""


class JobWriter:
    """Encodes and writes the batches of a job as they come, then publishes its parts.

    Parameters
    ----------
    store
        Where the files go.
    job
        The job.
    digest
        Digest of world and layout, for names and the receipt.
    file_format
        Codec and row group target.
    submit
        Runs the task that waits for the disk.
    done
        Called with the receipt when everything is durable, from wherever `submit` runs its tasks.
    """

    def __init__(
        self,
        store: Store,
        job: Job,
        digest: str,
        file_format: FileFormat,
        submit: Submit,
        done: Callable[[Receipt], None],
    ) -> None:
        self._store, self._job, self._digest = store, job, digest
        self._submit, self._done = submit, done
        self._parts: dict[str, PartWriter] = {}
        try:
            for output in job.outputs:
                part = PartWriter(store, part_key(output, digest), TABLES[output.table], file_format)
                self._parts[output.table] = part
        except BaseException:
            self.abort()
            raise

    def emit(self, table: str, batch: pa.RecordBatch) -> None:
        """Encode the next rows of an output; a full row group is handed over to be written."""
        part = self._parts[table]
        start = 0
        while start < batch.num_rows:
            piece = batch.slice(start, part.group_rows - part.rows_open)
            start += piece.num_rows
            part.add(piece)
            if part.rows_open == part.group_rows:
                part.close_group()

    def finish(self) -> None:
        """Hand over what is left, then publish the parts and the receipt."""
        for part in self._parts.values():
            if part.rows_open:
                part.close_group()
        self._submit(self._publish)

    def abort(self) -> None:
        """Forget every part that is not published; no task may be running."""
        for part in self._parts.values():
            part.abort()

    def _publish(self) -> None:
        parts = tuple(part.finish() for part in self._parts.values())
        receipt = Receipt(self._job.name, self._digest, parts)
        self._store.put(receipt_key(self._job), receipt.to_bytes())
        self._done(receipt)
