"""How many workers a run gets."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from payloom.engine.memory import available_cpus, available_memory_bytes
from payloom.errors import ConfigError, Problem
from payloom.write.contract import Job

PROCESS_BYTES: Final = 140_000_000
"""A process with NumPy, pyarrow and a world loaded, before its first job."""

ROWS_PER_WORKER_MIN: Final = 4_000_000
"""Starting a process costs what half a million rows do; one process already uses two CPUs."""

DEFAULT_MEMORY_BYTES: Final = 1_000_000_000
"""What all processes may take together unless the user says otherwise."""

_FREE_SHARE: Final = 0.8


def check_memory(jobs: Sequence[Job], max_memory_bytes: int | None) -> None:
    """Return if one process can run any of the jobs within the memory given.

    Raises
    ------
    ConfigError
        If not.
    """
    need_bytes = process_bytes(jobs)
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


def budget_bytes(max_memory_bytes: int | None, *, workers: int | None = None) -> int:
    """Return what all processes may take together.

    That is what the user wants; or, for as many workers as the user wants, most of what is free; or the default.
    """
    if max_memory_bytes is not None:
        return max_memory_bytes
    free = available_memory_bytes()
    free_bytes = sys.maxsize if free is None else int(free * _FREE_SHARE)
    return free_bytes if workers is not None else min(DEFAULT_MEMORY_BYTES, free_bytes)


def worker_count(jobs: Sequence[Job], *, workers: int | None, max_memory_bytes: int | None) -> int:
    """Return the number of processes that make rows; 1 is this one.

    Parameters
    ----------
    jobs
        The jobs that are left.
    workers
        What the user wants; None to choose.
    max_memory_bytes
        What all processes may take together; None as `budget_bytes` says.

    Raises
    ------
    ConfigError
        If `workers` is below 1.
    """
    if workers is not None and workers < 1:
        raise ConfigError([Problem("workers", str(workers), "must be at least 1")])
    if not jobs:
        return 1
    # The run itself keeps no rows when it has workers, but it is a process all the same.
    fitting = (budget_bytes(max_memory_bytes, workers=workers) - PROCESS_BYTES // 2) // process_bytes(jobs)
    return max(1, min(workers or wanted_workers(jobs), fitting, len(jobs)))


def wanted_workers(jobs: Sequence[Job]) -> int:
    """Return how many processes the jobs would get if memory were no matter."""
    return max(1, min(available_cpus(), len(jobs), sum(job.rows for job in jobs) // ROWS_PER_WORKER_MIN))


def process_bytes(jobs: Sequence[Job], *, sharing: bool = False) -> int:
    """Return the memory that a process needs for the largest of the jobs; `sharing`, beside what processes share."""
    return PROCESS_BYTES + max((job.memory_bytes - sharing * job.shared_bytes for job in jobs), default=0)


def memory_for(jobs: Sequence[Job], workers: int) -> int:
    """Return the budget that lets so many processes run."""
    return PROCESS_BYTES // 2 + workers * process_bytes(jobs)


def room_beside(job_bytes: int, max_memory_bytes: int | None) -> bool:
    """Say whether one process may make a row group while another is encoded."""
    return PROCESS_BYTES + 2 * job_bytes <= budget_bytes(max_memory_bytes)
