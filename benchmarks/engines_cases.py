"""Who hands out payloom's jobs in `benchmarks.engines`, and on which worlds."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import PAYLOOM, ROOT
from benchmarks.engines_work import Work

PEERS = ROOT / ".venv-engines" / "bin"
WORKERS = 2
#: Every process of every scheduler computes on one thread, as payloom's own workers do.
ENVIRONMENT = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
) | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "RAY_USAGE_STATS_ENABLED": "0"}


@dataclass(frozen=True)
class World:
    """One world that is made: `short` is all start-up, `long` has many small jobs, `large` is real work."""

    name: str
    rows: int
    start: str
    end: str = "2026-01-01"


WORLDS = (
    World("short", 1_000, "2025-01-01"),
    World("long", 1_000, "2021-01-01"),
    World("large", 6_000_000, "2025-01-01"),
)


@dataclass(frozen=True)
class Scheduler:
    """Something that hands out jobs; `glue` is what had to be written for it."""

    name: str
    command: Callable[[Work], list[str]]
    glue: tuple[Path, ...]
    worlds: tuple[str, ...] = ("short", "long", "large")
    environment: tuple[tuple[str, str], ...] = ()


def _generate(*more: str) -> Callable[[Work], list[str]]:
    def command(work: Work) -> list[str]:
        return [
            str(PAYLOOM), "generate", "--rows", str(work.rows), "--start", work.start, "--end", work.end,
            "--workers", str(work.workers), "--out", work.out, "--quiet", "--json", *more,
        ]  # fmt: skip

    return command


def _module(name: str, python: Path) -> Callable[[Work], list[str]]:
    return lambda work: [str(python), "-m", f"benchmarks.{name}", *work.arguments]


def _benchmark_file(name: str) -> tuple[Path, ...]:
    return (ROOT / "benchmarks" / f"{name}.py",)


def schedulers() -> list[Scheduler]:
    """Ours first: the others are compared with it."""
    engine = ROOT / "src" / "payloom" / "engine"
    own = (engine / "pool.py", engine / "worker.py", engine / "messages.py")
    peer = PEERS / "python"
    dask = _module("engines_dask", peer)
    return [
        Scheduler("payloom", _generate(), own),
        Scheduler("payloom-one-process", _generate("--workers", "1"), own, ("large",)),
        Scheduler("ray", _generate("--engine", "ray"), (engine / "cluster.py", engine / "remote.py")),
        Scheduler("dask", dask, _benchmark_file("engines_dask")),
        Scheduler(
            "dask-defaults", dask, _benchmark_file("engines_dask"), ("large",), (("ENGINES_DASK_DEFAULTS", "1"),)
        ),
        Scheduler("spark", _module("engines_spark", peer), _benchmark_file("engines_spark")),
    ]


def lines_of_code(files: tuple[Path, ...]) -> int:
    """Count the lines that hold code: no comments, docstrings or empty lines."""
    return sum(_lines_of_file(file.read_text("utf-8")) for file in files)


def _lines_of_file(text: str) -> int:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef
    tree = ast.parse(text)
    docstrings: set[int] = set()
    for node in ast.walk(tree):
        bodies = [node.body] if isinstance(node, documented) else []
        for statement in (statement for body in bodies for statement in body):
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                docstrings.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(1 for n, line in lines if line.strip() and not line.lstrip().startswith("#") and n not in docstrings)
