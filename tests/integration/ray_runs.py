"""Runs with sources that the command line does not have, in a process of their own: jobs in another order, poison."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from typing import Any

from payloom.cell.source import PaymentsProducer, PaymentsSource
from payloom.config import make_config
from payloom.engine.task import Resources
from payloom.errors import PayloomError
from payloom.fraud.cases import CaseTable
from payloom.pipeline.generate import GenerateOptions, generate
from payloom.write.contract import Emit, Job
from payloom.write.encoding import FileFormat


class ShuffledSource(PaymentsSource):
    """The same jobs in another order."""

    def jobs(self) -> list[Job]:
        jobs = super().jobs()
        return random.Random(3).sample(jobs, len(jobs))


class PoisonedSource(PaymentsSource):
    """The job `poisoned` raises after its first rows, or kills its process; every time."""

    poisoned = ""
    kills = False

    def open(self, shared: CaseTable | None = None) -> PaymentsProducer:
        producer = PoisonedProducer(self.config, self.days, super().open(shared).streams)
        producer.poisoned, producer.kills = self.poisoned, self.kills
        return producer


class PoisonedProducer(PaymentsProducer):
    """Of `PoisonedSource`."""

    poisoned = ""
    kills = False

    def produce(self, job: Job, emit: Emit) -> None:
        def spoilt(table: str, batch: Any) -> None:
            emit(table, batch)
            if self.kills:
                os.kill(os.getpid(), signal.SIGKILL)
            raise ArithmeticError("the kernel has a bug")

        super().produce(job, spoilt if job.name == self.poisoned else emit)


def main(out: str, order: str) -> None:
    """Generate; print what is wrong on one line and leave with the exit code."""
    given = json.loads(order)
    config = make_config(given["config"])
    source: PaymentsSource = ShuffledSource(config)
    if given.get("poisoned"):
        source = poison = PoisonedSource(config)
        poison.poisoned, poison.kills = given["poisoned"], given["kills"]
    file_format = FileFormat(config.layout.compression, config.layout.row_group_mb)
    try:
        generate(source, out, GenerateOptions(file_format=file_format, resources=Resources(cluster=given["cluster"])))
    except PayloomError as error:
        print(f"error: {error.message}; {error.hint}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    # A class of `__main__` would be sent to the nodes by value, with another identity on each.
    from tests.integration.ray_runs import main as named_main

    named_main(*sys.argv[1:])
