"""One job made and written by the process that runs this."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from payloom.engine.task import RunTask
from payloom.write.contract import Job, Producer
from payloom.write.job import JobWriter
from payloom.write.parts import Receipt

if TYPE_CHECKING:
    import pyarrow as pa


def make_job(task: RunTask, producer: Producer, job: Job, tell: Callable[[int], None]) -> Receipt:
    """Make a job's rows, write its files, and return what it left.

    Parameters
    ----------
    task
        Source and store.
    producer
        This process's, from the task's source.
    job
        The job.
    tell
        Called with the rows of every batch of the job's first output.

    Raises
    ------
    PayloomError
        What storage raised. Other exceptions are the source's own. After any, nothing of the job is visible.
    """
    receipts: list[Receipt] = []
    writer = JobWriter(task.store, job, task.digest, task.file_format, lambda step: step(), receipts.append)
    first_table = job.outputs[0].table

    def emit(table: str, batch: pa.RecordBatch) -> None:
        writer.emit(table, batch)
        if table == first_table:
            tell(batch.num_rows)

    try:
        producer.produce(job, emit)
        writer.finish()
    finally:
        writer.abort()
    return receipts[0]
