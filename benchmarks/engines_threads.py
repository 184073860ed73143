"""Threads in one process, peers that cannot hand out payloom's jobs: Polars, and a generator written in Rust."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.cases import PEERS, WORK
from benchmarks.engines_cases import ENVIRONMENT
from benchmarks.engines_kill import CommandKiller, file_digest
from benchmarks.engines_tree import Took, run

POLARS_ROWS = 3_000_000
TPCH_SCALE = 0.5
KILL_AT_BYTES = 20_000_000


@dataclass(frozen=True)
class Threaded:
    """A program that writes one Parquet file with some threads."""

    name: str
    threads: int
    command: tuple[str, ...]
    file: Path

    def run(self, *, watch_memory: bool = False, meanwhile: Callable[..., None] | None = None) -> Took:
        """Run it into an empty folder; who kills it says so by `meanwhile`."""
        shutil.rmtree(self.file.parent, ignore_errors=True)
        self.file.parent.mkdir(parents=True)
        return run(
            list(self.command),
            WORK / f"{self.name}.log",
            environment=ENVIRONMENT | {"POLARS_MAX_THREADS": str(self.threads)},
            watch_memory=watch_memory,
            meanwhile=meanwhile,
            may_fail=meanwhile is not None,
        )


def threaded() -> list[Threaded]:
    """Every program with one thread and with two."""
    return [make(threads) for make in (_polars("streaming"), _polars("in-memory"), _tpch) for threads in (1, 2)] + [
        _polars("streaming-any-order")(2)
    ]


def _polars(engine: str) -> Callable[[int], Threaded]:
    def make(threads: int) -> Threaded:
        name = f"polars-{engine}-{threads}"
        file = WORK / name / "payments.parquet"
        module = (sys.executable, "-m", "benchmarks.engines_polars")
        return Threaded(name, threads, (*module, engine, str(POLARS_ROWS), str(file)), file)

    return make


def _tpch(threads: int) -> Threaded:
    name = f"tpchgen-{threads}"
    folder = WORK / name
    command = (
        str(PEERS / "tpchgen-cli"), "parquet", "-s", f"{TPCH_SCALE:g}", "-T", "lineitem", "-c", "SNAPPY", "-q",
        "--num-threads", str(threads), "-o", str(folder),
    )  # fmt: skip
    return Threaded(name, threads, command, folder / "lineitem.parquet")


def measure(one: Threaded, rounds: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Time a program, watch its memory, and kill it half-way."""
    runs = [one.run() for _ in range(rounds)]
    rows, digest = pq.read_metadata(one.file).num_rows, file_digest(one.file)
    peak_bytes = one.run(watch_memory=True).peak_bytes
    killer = CommandKiller(one.file.parent, KILL_AT_BYTES)
    one.run(meanwhile=killer)
    killed = what_is_left(one.file) if killer.killed else "it ended before it could be killed"
    shutil.rmtree(one.file.parent)
    tell(f"{one.name:28} {sum(took.cpu_seconds for took in runs) / rounds:8.2f} CPU s")
    return {
        "threads": one.threads,
        "rows": rows,
        "sha256": digest,
        "cpu_seconds": [took.cpu_seconds for took in runs],
        "wall_seconds": [took.wall_seconds for took in runs],
        "peak_bytes": peak_bytes,
        "after_kill": killed,
    }


def what_is_left(file: Path) -> str:
    """Say what a killed program left under the final name."""
    if not file.exists():
        return "no file under the final name"
    try:
        return f"a file of {pq.read_metadata(file).num_rows} rows"
    except (pa.ArrowInvalid, OSError):
        return "a broken file under the final name"
