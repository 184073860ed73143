"""The engine of one machine: keeps what verifies, runs the rest here or on worker processes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from payloom.engine.budget import room_beside, worker_count
from payloom.engine.memory import available_cpus, peak_rss_bytes
from payloom.engine.progress import Meter, ProgressCallback
from payloom.engine.stop import Stop
from payloom.engine.task import RunTask
from payloom.write.contract import Job
from payloom.write.parts import Receipt, trusted_receipt


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run of jobs left.

    Attributes
    ----------
    receipts
        One for each job, kept or new.
    kept_parts
        Parts that were there and verified.
    workers
        Processes that made rows.
    peak_rss_bytes
        Sum of each process's largest resident size; shared pages count more than once.
    """

    receipts: tuple[Receipt, ...]
    kept_parts: int
    workers: int
    peak_rss_bytes: int


def run_jobs(
    task: RunTask,
    jobs: Sequence[Job],
    *,
    workers: int | None,
    max_memory_bytes: int | None,
    progress: ProgressCallback | None,
    stop: Stop,
) -> RunResult:
    """Bring every job's files into being.

    Parameters
    ----------
    task
        Source and store.
    jobs
        All jobs of the unit.
    workers, max_memory_bytes
        What the user wants; None to choose.
    progress
        Told how far the run is.
    stop
        Raised by signals.

    Raises
    ------
    ConfigError
        If a job does not fit into the memory given.
    PayloomError
        What storage raised, or `InterruptedRunError`. Other exceptions are the source's own.
    """
    meter = Meter(jobs, progress)
    kept = _kept(task, jobs, stop)
    left = [job for job in jobs if job.name not in kept]
    for job in jobs:
        if job.name in kept:
            meter.add_job(job)
    count = worker_count(left, workers=workers, max_memory_bytes=max_memory_bytes)
    peaks: list[int] = []
    if not left:
        made: list[Receipt] = []
    elif count > 1:
        from payloom.engine.pool import run_pool  # noqa: PLC0415 - loads what starts processes

        made, peaks = run_pool(task, left, meter, stop, workers=count)
    else:
        from payloom.engine.inline import run_inline  # noqa: PLC0415 - with workers, only those need pyarrow

        overlap = available_cpus() > 1 and room_beside(max(job.memory_bytes for job in left), max_memory_bytes)
        made = run_inline(task, left, meter, stop, overlap=overlap)
    kept_parts = sum(len(receipt.parts) for receipt in kept.values())
    return RunResult((*kept.values(), *made), kept_parts, count, peak_rss_bytes() + sum(peaks))


def _kept(task: RunTask, jobs: Sequence[Job], stop: Stop) -> dict[str, Receipt]:
    """Return the receipts whose parts verify; hashing releases the interpreter lock."""

    def look(job: Job) -> Receipt | None:
        stop.check()
        return trusted_receipt(task.store, job, task.digest, task.committed)

    with ThreadPoolExecutor(available_cpus(), thread_name_prefix="payloom-verify") as threads:
        found = threads.map(look, jobs)
        return {job.name: receipt for job, receipt in zip(jobs, found, strict=True) if receipt is not None}
