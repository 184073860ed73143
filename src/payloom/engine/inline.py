"""Jobs in this process, one after the other; encoding overlaps the next row group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from payloom.engine.encoder import BackgroundEncoder, Encoder, InlineEncoder
from payloom.engine.failures import Failures
from payloom.engine.progress import Meter
from payloom.engine.stop import Stop
from payloom.engine.task import RunTask
from payloom.write.contract import Emit, Job, Producer
from payloom.write.job import JobWriter
from payloom.write.parts import Receipt

if TYPE_CHECKING:
    import pyarrow as pa


def run_inline(
    task: RunTask, jobs: Sequence[Job], meter: Meter, failures: Failures, stop: Stop, *, overlap: bool
) -> list[Receipt]:
    """Run the jobs and return the receipts of those that did not fail.

    Parameters
    ----------
    task
        Source and store.
    jobs
        What to run, in order.
    meter
        Told of rows made and jobs done.
    failures
        Told of what fails; says what is begun again.
    stop
        Looked at between batches.
    overlap
        Whether to encode on a second thread, which keeps a second row group in memory.

    Raises
    ------
    InterruptedRunError
        If a signal came. Nothing half-made is visible after this or any other error.
    """
    encoder: Encoder = BackgroundEncoder() if overlap else InlineEncoder()
    run = _Inline(task, meter, failures, stop, encoder)
    try:
        stop.check()
        run.all(jobs)
        encoder.drain()
    except BaseException:
        encoder.close()
        for writer in run.unfinished:
            writer.abort()
        raise
    encoder.close()
    run.count()
    return run.receipts


class _Inline:
    """The state of a run in this process."""

    def __init__(self, task: RunTask, meter: Meter, failures: Failures, stop: Stop, encoder: Encoder) -> None:
        self._task, self._meter, self._failures, self._stop, self._encoder = task, meter, failures, stop, encoder
        self._jobs: dict[str, Job] = {}
        self._counted = 0
        self.receipts: list[Receipt] = []
        self.unfinished: list[JobWriter] = []

    def all(self, jobs: Sequence[Job]) -> None:
        """Run the jobs; the last one may still be on its way to the store."""
        self._jobs = {job.name: job for job in jobs}
        producer = self._task.source.open()
        for job in jobs:
            while not self._once(producer, job):
                pass
            self.count()

    def count(self) -> None:
        """Tell the meter of the jobs that are durable."""
        for receipt in self.receipts[self._counted :]:
            self._meter.add_job(self._jobs[receipt.job])
            self._counted += 1

    def _once(self, producer: Producer, job: Job) -> bool:
        """Run a job; say whether that is all that is done for it."""
        self._stop.check()
        task = self._task
        writer = JobWriter(task.store, job, task.digest, task.file_format, self._encoder.submit, self.receipts.append)
        # The encoder may still be publishing the job before this one.
        self.unfinished = [*self.unfinished[-1:], writer]
        try:
            producer.produce(job, _counting(writer, job, self._meter, self._stop))
            writer.finish()
        except Exception as error:  # noqa: BLE001 - `failures` raises what is not the job's
            again = self._failures.raised(job, error)
            self._encoder.drain()
            writer.abort()
            self._meter.take_back(job)
            return not again
        return True


def _counting(writer: JobWriter, job: Job, meter: Meter, stop: Stop) -> Emit:
    """Return the `emit` that counts the rows of the first output and looks for signals."""
    first_table = job.outputs[0].table

    def emit(table: str, batch: pa.RecordBatch) -> None:
        stop.check()
        writer.emit(table, batch)
        if table == first_table:
            meter.add_rows(job, batch.num_rows)

    return emit
