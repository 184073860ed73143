"""Jobs in this process, one after the other; encoding overlaps the next row group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from payloom.engine.encoder import BackgroundEncoder, Encoder, InlineEncoder
from payloom.engine.progress import Meter
from payloom.engine.stop import Stop
from payloom.engine.task import RunTask
from payloom.write.contract import Emit, Job
from payloom.write.job import JobWriter
from payloom.write.parts import Receipt

if TYPE_CHECKING:
    import pyarrow as pa


def run_inline(task: RunTask, jobs: Sequence[Job], meter: Meter, stop: Stop, *, overlap: bool) -> list[Receipt]:
    """Run the jobs and return their receipts.

    Parameters
    ----------
    task
        Source and store.
    jobs
        What to run, in order.
    meter
        Told of rows made and jobs done.
    stop
        Looked at between batches.
    overlap
        Whether to encode on a second thread, which keeps a second row group in memory.

    Raises
    ------
    InterruptedRunError
        If a signal came. Nothing half-made is visible after this or any other error.
    """
    receipts: list[Receipt] = []
    encoder: Encoder = BackgroundEncoder() if overlap else InlineEncoder()
    unfinished: list[JobWriter] = []
    counted = 0
    try:
        stop.check()
        producer = task.source.open()
        for job in jobs:
            stop.check()
            writer = JobWriter(task.store, job, task.digest, task.file_format, encoder.submit, receipts.append)
            # The encoder may still be publishing the job before this one.
            unfinished = [*unfinished[-1:], writer]
            producer.produce(job, _counting(writer, job, meter, stop))
            writer.finish()
            while counted < len(receipts):
                meter.add_job(jobs[counted])
                counted += 1
        encoder.drain()
    except BaseException:
        encoder.close()
        for writer in unfinished:
            writer.abort()
        raise
    encoder.close()
    for job in jobs[counted:]:
        meter.add_job(job)
    return receipts


def _counting(writer: JobWriter, job: Job, meter: Meter, stop: Stop) -> Emit:
    """Return the `emit` that counts the rows of the first output and looks for signals."""
    first_table = job.outputs[0].table

    def emit(table: str, batch: pa.RecordBatch) -> None:
        stop.check()
        writer.emit(table, batch)
        if table == first_table:
            meter.add_rows(job, batch.num_rows)

    return emit
