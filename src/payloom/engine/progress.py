"""How far a run is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; rows are those of each job's first output.

    Attributes
    ----------
    rows_done, rows_total
        Rows made or kept, and expected.
    jobs_done, jobs_total
        Jobs whose files are durable, and all.
    """

    rows_done: int
    rows_total: int
    jobs_done: int
    jobs_total: int


ProgressCallback = Callable[[Progress], None]


class Meter:
    """Counts rows and jobs and tells a callback; used from one thread.

    Parameters
    ----------
    rows_total, jobs_total
        What is expected.
    callback
        Told after every change; None for nobody.
    """

    def __init__(self, rows_total: int, jobs_total: int, callback: ProgressCallback | None) -> None:
        self._rows_total, self._jobs_total, self._callback = rows_total, jobs_total, callback
        self._rows = 0
        self._jobs = 0

    def add_rows(self, rows: int) -> None:
        """Count rows made; a job that is done again may take some back."""
        self._rows += rows
        self._tell()

    def add_job(self) -> None:
        """Count a job whose files are durable."""
        self._jobs += 1
        self._tell()

    def _tell(self) -> None:
        if self._callback is not None:
            self._callback(Progress(self._rows, self._rows_total, self._jobs, self._jobs_total))
