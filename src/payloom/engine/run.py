"""Runs jobs: keeps what verifies, and makes the rest here, on worker processes or on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from payloom.engine.budget import memory_for, room_beside, wanted_workers, worker_count
from payloom.engine.failures import Failures
from payloom.engine.memory import available_cpus, peak_rss_bytes
from payloom.engine.progress import Meter, ProgressCallback
from payloom.engine.stop import Stop
from payloom.engine.task import Resources, RunResult, RunTask
from payloom.write.contract import Job
from payloom.write.parts import Receipt, trusted_receipt


def run_jobs(
    task: RunTask, jobs: Sequence[Job], resources: Resources, progress: ProgressCallback | None, stop: Stop
) -> RunResult:
    """Bring every job's files into being.

    Parameters
    ----------
    task
        Source and store.
    jobs
        All jobs of the unit.
    resources
        What the run may use.
    progress
        Told how far the run is.
    stop
        Raised by signals.

    Raises
    ------
    ConfigError
        If the cluster can't be used.
    FailedJobsError
        If jobs failed every time that they were begun; the others are finished then.
    PayloomError
        What storage raised, or `InterruptedRunError`.
    """
    meter, failures = Meter(jobs, progress), Failures()
    if resources.cluster is not None:
        from payloom.engine.cluster import run_cluster  # noqa: PLC0415 - loads Ray

        result = run_cluster(task, jobs, resources, meter, failures, stop)
    else:
        result = _run_here(task, jobs, resources, meter, failures, stop)
    failures.check()
    return result


def _run_here(
    task: RunTask, jobs: Sequence[Job], resources: Resources, meter: Meter, failures: Failures, stop: Stop
) -> RunResult:
    kept = _kept(task, jobs, stop)
    left = [job for job in jobs if job.name not in kept]
    for job in jobs:
        if job.name in kept:
            meter.add_job(job, kept=True)
    workers, memory = resources.workers, resources.max_memory_bytes
    count = worker_count(left, workers=workers, max_memory_bytes=memory)
    peaks: list[int] = []
    if not left:
        made: list[Receipt] = []
    elif count > 1:
        from payloom.engine.pool import run_pool  # noqa: PLC0415 - loads what starts processes

        made, peaks = run_pool(task, left, meter, failures, stop, workers=count)
    else:
        from payloom.engine.inline import run_inline  # noqa: PLC0415 - with workers, only those need pyarrow

        overlap = available_cpus() > 1 and room_beside(max(job.memory_bytes for job in left), memory)
        made = run_inline(task, left, meter, failures, stop, overlap=overlap)
    kept_parts = sum(len(receipt.parts) for receipt in kept.values())
    wanted = workers or wanted_workers(left)
    more_bytes = memory_for(left, wanted) if count < min(wanted, len(left)) else 0
    return RunResult((*kept.values(), *made), kept_parts, count, peak_rss_bytes() + sum(peaks), more_bytes)


def _kept(task: RunTask, jobs: Sequence[Job], stop: Stop) -> dict[str, Receipt]:
    """Return the receipts whose parts verify; hashing releases the interpreter lock."""

    def look(job: Job) -> Receipt | None:
        stop.check()
        return trusted_receipt(task.store, job, task.digest, task.committed)

    with ThreadPoolExecutor(available_cpus(), thread_name_prefix="payloom-verify") as threads:
        found = threads.map(look, jobs)
        return {job.name: receipt for job, receipt in zip(jobs, found, strict=True) if receipt is not None}
