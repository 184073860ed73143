"""How many workers a run gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from payloom.engine.memory import available_cpus, available_memory_bytes
from payloom.errors import ConfigError, Problem
from payloom.write.contract import Job

PROCESS_BYTES: Final = 140_000_000
"""A process with NumPy, pyarrow and a world loaded, before its first job."""

ROWS_PER_WORKER_MIN: Final = 4_000_000
"""Starting a process costs what half a million rows do; one process already uses two CPUs."""

_FREE_SHARE: Final = 0.8


def check_memory(jobs: Sequence[Job], max_memory_bytes: int | None) -> None:
    """Return if one process can run any of the jobs within the memory given.

    Raises
    ------
    ConfigError
        If not.
    """
    need_bytes = PROCESS_BYTES + max((job.memory_bytes for job in jobs), default=0)
    if max_memory_bytes is None or need_bytes <= max_memory_bytes:
        return
    raise ConfigError(
        [
            Problem(
                "max-memory",
                f"{max_memory_bytes / 1e6:.0f} MB",
                f"must be at least {(need_bytes + 999_999) // 1_000_000} MB for this world and its row groups",
                fix="give more, or lower --row-group-mb",
            )
        ]
    )


def worker_count(jobs: Sequence[Job], *, workers: int | None, max_memory_bytes: int | None) -> int:
    """Return the number of processes that make rows; 1 is this one.

    Parameters
    ----------
    jobs
        The jobs that are left.
    workers
        What the user wants; None to choose.
    max_memory_bytes
        What all processes may take together; None for most of what is free.

    Raises
    ------
    ConfigError
        If `workers` is below 1.
    """
    if workers is not None and workers < 1:
        raise ConfigError([Problem("workers", str(workers), "must be at least 1")])
    if not jobs:
        return 1
    if workers is None:
        workers = min(available_cpus(), sum(job.rows for job in jobs) // ROWS_PER_WORKER_MIN)
    each_bytes = PROCESS_BYTES + max(job.memory_bytes for job in jobs)
    budget_bytes = max_memory_bytes or int((available_memory_bytes() or 0) * _FREE_SHARE)
    # The run itself keeps no rows when it has workers, but it is a process all the same.
    fitting = (budget_bytes - PROCESS_BYTES // 2) // each_bytes if budget_bytes else workers
    return max(1, min(workers, fitting, len(jobs)))


def room_beside(job_bytes: int, max_memory_bytes: int | None) -> bool:
    """Say whether one process may make a row group while another is encoded."""
    budget = max_memory_bytes or available_memory_bytes()
    return budget is None or PROCESS_BYTES + 2 * job_bytes <= budget
