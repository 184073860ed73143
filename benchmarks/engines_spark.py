"""payloom's jobs on Spark in local mode: one partition a job; Python workers that are used again keep the world."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from pyspark.sql import SparkSession  # type: ignore[import-not-found]

from benchmarks.engines_work import Done, Work, tell, world_of_process
from payloom.engine.task import RunTask
from payloom.write.contract import Job

ATTEMPTS_MAX = 3


def make(task: RunTask, jobs: Iterable[Job]) -> Iterator[Done]:
    """Make the files of a partition's jobs in a Python worker."""
    world = world_of_process(task)
    return (world.run(job) for job in jobs)


def main(work: Work) -> None:
    """Run all jobs on threads of one JVM, each with a Python worker."""
    task = work.task()
    os.environ["PYSPARK_PYTHON"] = sys.executable  # else the first python3 of the PATH
    builder = SparkSession.builder.master(f"local[{work.workers},{ATTEMPTS_MAX}]")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.python.worker.reuse": "true",
    }.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    jobs = task.source.jobs()
    tell(spark.sparkContext.parallelize(jobs, len(jobs)).mapPartitions(lambda part: make(task, part)).collect())
    spark.stop()


if __name__ == "__main__":
    main(Work.read(sys.argv[1:]))
