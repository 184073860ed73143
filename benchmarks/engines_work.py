"""What every scheduler of `benchmarks.engines` runs: the jobs of one world, each as payloom's own worker runs it.

With `--state` it says what a process pays before its first row, as one JSON object.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from itertools import islice
from typing import Any, Self

from payloom.cell.source import PaymentsProducer, PaymentsSource
from payloom.config import make_config
from payloom.engine.making import make_job
from payloom.engine.task import RunTask
from payloom.storage.address import open_store
from payloom.write.contract import Job
from payloom.write.encoding import FileFormat
from payloom.write.identity import Identity


@dataclass(frozen=True)
class Work:
    """A world, where its files go, and how many processes make them."""

    rows: int
    start: str
    end: str
    out: str
    workers: int

    @classmethod
    def read(cls, arguments: list[str]) -> Self:
        """Read what `arguments` gives."""
        rows, start, end, out, workers = arguments
        return cls(int(rows), start, end, out, int(workers))

    @property
    def arguments(self) -> list[str]:
        """Command line of a scheduler's module."""
        return [str(value) for value in asdict(self).values()]

    def source(self) -> PaymentsSource:
        """Give the source that `payloom generate` would take."""
        return PaymentsSource(make_config({"world": {"rows": self.rows, "start": self.start, "end": self.end}}))

    def task(self) -> RunTask:
        """Give what every worker is told: small, because it carries no built world."""
        source = self.source()
        return RunTask(source, open_store(self.out), Identity.of(source).digest, FileFormat(), {})


@dataclass(frozen=True)
class Done:
    """What a worker answers; `built` says that it built the world for this job."""

    job: str
    built: bool


class World:
    """The state that a worker keeps: what `Source.open` builds once."""

    def __init__(self, task: RunTask) -> None:
        self.task = task
        self.producer = task.source.open()
        self._fresh = True

    def run(self, job: Job) -> Done:
        """Make and publish the files of one job."""
        make_job(self.task, self.producer, job, lambda _: None)
        fresh, self._fresh = self._fresh, False
        return Done(job.name, fresh)


@cache
def _worlds() -> dict[str, World]:
    return {}


def world_of_process(task: RunTask) -> World:
    """Give the world of this process, for schedulers that have no place for it: a global of an imported module."""
    worlds = _worlds()
    if task.digest not in worlds:
        worlds[task.digest] = World(task)
    return worlds[task.digest]


def tell(answers: Iterable[Done]) -> None:
    """Print how many jobs were done and how many worlds were built for them."""
    done = list(answers)
    _print({"jobs": len({answer.job for answer in done}), "worlds_built": sum(answer.built for answer in done)})


def _print(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")


def state(work: Work) -> dict[str, float]:
    """Measure what a process pays once: the world, and the list of all fraud, made here or by another process."""
    source = work.source()
    begun = time.process_time()
    producer = source.open()
    open_seconds = time.process_time() - begun
    first, again = _first_batch_seconds(producer), _first_batch_seconds(producer)
    found = {"rows": work.rows, "open_cpu_seconds": open_seconds, "list_fraud_cpu_seconds": first - again}
    if (shared := source.shared()) is None:
        return found  # too little fraud to be worth it
    begun = time.process_time()
    taker = work.source().open(shared)
    taking_seconds = time.process_time() - begun + _first_batch_seconds(taker) - again
    return found | {"shared_bytes": len(pickle.dumps(shared)), "open_with_shared_cpu_seconds": taking_seconds}


def _first_batch_seconds(producer: PaymentsProducer) -> float:
    """CPU seconds of the first batch of a cell; the same batch again costs what a batch costs."""
    begun = time.process_time()
    cell = next(job for job in producer.jobs() if job.outputs[0].table == "payments")
    next(islice(producer.batches(cell, "payments"), 1))
    return time.process_time() - begun


if __name__ == "__main__":
    _print(state(Work.read(sys.argv[2:])))
