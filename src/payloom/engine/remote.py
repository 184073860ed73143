"""What runs on the nodes of a cluster: one job after the other, in processes that keep their world."""

from __future__ import annotations

import os
import platform
import traceback
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from payloom.engine.making import make_job
from payloom.engine.memory import peak_rss_bytes
from payloom.engine.messages import JobFailed
from payloom.engine.task import RunTask
from payloom.errors import StorageError
from payloom.write.contract import Job, Producer, open_with, shared_of
from payloom.write.identity import MARKER
from payloom.write.parts import Receipt, trusted_receipt

_PACKAGES: Final = ("payloom", "numpy", "pyarrow")


@dataclass(frozen=True, slots=True)
class Made:
    """A job's files are durable.

    Attributes
    ----------
    receipt
        What it left.
    kept
        Whether an earlier run had left it.
    process
        Name of the process, unique in the cluster.
    peak_rss_bytes
        Largest size that this process had so far.
    """

    receipt: Receipt
    kept: bool
    process: str
    peak_rss_bytes: int


_PRODUCERS: Final[dict[str, Producer]] = {}
"""This process's producer, by the name of its run."""


def versions() -> dict[str, str]:
    """Return what decides the bytes: the versions of Python and of what makes and writes rows."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, **{name: version(name) for name in _PACKAGES}}


def look(task: RunTask) -> dict[str, str]:
    """Return this node's versions.

    Raises
    ------
    StorageError
        If this node does not see the data set's folder.
    """
    if task.store.size(MARKER) is None:
        raise StorageError(
            f"a node of the cluster does not see {task.store.location}",
            hint="give a bucket, such as s3://bucket/prefix, or a folder that all nodes share",
        )
    return versions()


def prepare(task: RunTask) -> Any:
    """Build what the processes of a run share."""
    return shared_of(task.source)


def make(run: str, task: RunTask, shared: Any, job: Job) -> Made | JobFailed:
    """Make one job, unless an earlier run left it.

    Parameters
    ----------
    run
        Name of the run.
    task
        Source and store.
    shared
        What `prepare` returned.
    job
        The job.
    """
    try:
        kept = trusted_receipt(task.store, job, task.digest, task.committed)
        receipt = kept or make_job(task, _producer(run, task, shared), job, lambda _rows: None)
    except Exception as error:  # noqa: BLE001 - the run decides what becomes of it
        return JobFailed.of(error, traceback.format_exc())
    return Made(receipt, kept is not None, f"{platform.node()} {os.getpid()}", peak_rss_bytes())


def _producer(run: str, task: RunTask, shared: Any) -> Producer:
    if run not in _PRODUCERS:
        _PRODUCERS.clear()
        _PRODUCERS[run] = open_with(task.source, shared)
    return _PRODUCERS[run]
