"""How far a run is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from payloom.schema import PAYMENTS
from payloom.write.contract import Job


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; rows are the payments that each job announced.

    Attributes
    ----------
    rows_done, rows_total
        Payments made or kept, and expected; rows of the other tables do not count.
    jobs_done, jobs_total
        Jobs whose files are durable, and all.
    rows_kept
        Those of `rows_done` that an earlier run left: they say nothing of speed.
    """

    rows_done: int
    rows_total: int
    jobs_done: int
    jobs_total: int
    rows_kept: int = 0


ProgressCallback = Callable[[Progress], None]


class Meter:
    """Counts payments and jobs and tells a callback; used from one thread.

    A job counts for the rows that it announced, which may be an estimate: no run shows more than 100 %.

    Parameters
    ----------
    jobs
        All jobs.
    callback
        Told after every change; None for nobody.
    """

    def __init__(self, jobs: Sequence[Job], callback: ProgressCallback | None) -> None:
        self._rows_total, self._jobs_total = sum(map(_payments, jobs)), len(jobs)
        self._callback = callback
        self._open: dict[str, int] = {}
        self._rows_of_done = self._rows_kept = 0
        self._jobs = 0

    def add_rows(self, job: Job, rows: int) -> None:
        """Count rows made of a job that has begun."""
        self._open[job.name] = min(_payments(job), self._open.get(job.name, 0) + rows)
        self._tell()

    def take_back(self, job: Job) -> None:
        """Forget the rows of a job that has to begin again."""
        self._open.pop(job.name, None)
        self._tell()

    def add_job(self, job: Job, *, kept: bool = False) -> None:
        """Count a job whose files are durable, from this run or kept from an earlier one."""
        self._open.pop(job.name, None)
        self._rows_of_done += _payments(job)
        self._rows_kept += _payments(job) if kept else 0
        self._jobs += 1
        self._tell()

    def _tell(self) -> None:
        if self._callback is not None:
            rows = self._rows_of_done + sum(self._open.values())
            self._callback(Progress(rows, self._rows_total, self._jobs, self._jobs_total, self._rows_kept))


def _payments(job: Job) -> int:
    """Return the payments that a job announced: the rows that the user asked for."""
    return job.rows if job.outputs[0].table == PAYMENTS.name else 0
