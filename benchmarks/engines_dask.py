"""payloom's jobs on Dask: a worker plugin keeps the world."""

from __future__ import annotations

import os
import sys

import dask  # type: ignore[import-not-found] # Dask is in another environment
from distributed import Client, LocalCluster, WorkerPlugin, as_completed, get_worker  # type: ignore[import-not-found]

from benchmarks.engines_work import Done, Work, World, tell
from payloom.engine.task import RunTask
from payloom.write.contract import Job

DEFAULTS = "ENGINES_DASK_DEFAULTS"
"""Variable that leaves Dask's settings as they are."""


class Keeper(WorkerPlugin):  # type: ignore[misc]
    """Builds the world when a worker starts, also when it starts again."""

    name = "keeper"

    def __init__(self, task: RunTask) -> None:
        self.task = task

    def setup(self, worker: object) -> None:  # noqa: ARG002 - Dask's signature
        """Build the world."""
        self.world = World(self.task)


def make(job: Job) -> Done:
    """Make the files of one job on a worker."""
    return get_worker().plugins["keeper"].world.run(job)


def main(work: Work) -> None:
    """Run all jobs on a cluster of this machine."""
    task = work.task()
    if DEFAULTS not in os.environ:
        # Dask has malloc give memory back at once. NumPy asks for it again at once: half as much CPU again, all faults.
        dask.config.config["distributed"]["nanny"]["pre-spawn-environ"].pop("MALLOC_TRIM_THRESHOLD_")
    cluster = LocalCluster(
        n_workers=work.workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    )
    with cluster, Client(cluster) as client:
        client.register_plugin(Keeper(task))
        futures = client.map(make, task.source.jobs(), pure=False)
        tell(future.result() for future in as_completed(futures))


if __name__ == "__main__":
    main(Work.read(sys.argv[1:]))
