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
    """Gathers the batches of a job into row groups and hands those to the encoder.

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
        Runs the encoding tasks.
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
        self._gathered: dict[str, _Gathered] = {}
        try:
            for output in job.outputs:
                part = PartWriter(store, part_key(output, digest), TABLES[output.table], file_format)
                self._gathered[output.table] = _Gathered(part)
        except BaseException:
            self.abort()
            raise

    def emit(self, table: str, batch: pa.RecordBatch) -> None:
        """Take the next rows of an output; a full row group goes to the encoder."""
        gathered = self._gathered[table]
        start = 0
        while batch.num_rows - start >= gathered.room:
            piece = batch.slice(start, gathered.room)
            start += piece.num_rows
            gathered.add(piece)
            self._hand_over(gathered)
        if start < batch.num_rows:
            gathered.add(batch.slice(start))

    def finish(self) -> None:
        """Hand over what is left, to be encoded and published as one task: the next job need not wait for it."""
        left = [(gathered.part, gathered.take()) for gathered in self._gathered.values() if gathered.rows]
        self._submit(lambda: self._publish(left))

    def abort(self) -> None:
        """Forget every part that is not published; no task may be running."""
        for gathered in self._gathered.values():
            gathered.part.abort()

    def _hand_over(self, gathered: _Gathered) -> None:
        batches = gathered.take()
        self._submit(lambda: gathered.part.write_group(batches))

    def _publish(self, left: list[tuple[PartWriter, list[pa.RecordBatch]]]) -> None:
        for part, batches in left:
            part.write_group(batches)
        parts = tuple(gathered.part.finish() for gathered in self._gathered.values())
        receipt = Receipt(self._job.name, self._digest, parts)
        self._store.put(receipt_key(self._job), receipt.to_bytes())
        self._done(receipt)


class _Gathered:
    """The rows of the row group that is filling up."""

    def __init__(self, part: PartWriter) -> None:
        self.part = part
        self.rows = 0
        self._batches: list[pa.RecordBatch] = []

    @property
    def room(self) -> int:
        return self.part.group_rows - self.rows

    def add(self, batch: pa.RecordBatch) -> None:
        self._batches.append(batch)
        self.rows += batch.num_rows

    def take(self) -> list[pa.RecordBatch]:
        batches, self._batches, self.rows = self._batches, [], 0
        return batches
