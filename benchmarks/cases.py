"""What is run, and what is compared with what."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "benchmarks" / "scratch"
PEERS = ROOT / ".venv-bench" / "bin"
PAYLOOM = Path(sys.executable).with_name("payloom")
MEGABYTE = 10**6


@dataclass(frozen=True)
class Case:
    """One command that is measured.

    Attributes
    ----------
    name
        Short name, also of its output folder.
    command
        Program and arguments; it writes into `output`.
    rows_glob
        Files, below `output`, whose rows count.
    watch_memory
        Whether its peak memory is measured too, in a run of its own.
    """

    name: str
    command: tuple[str, ...]
    rows_glob: str
    watch_memory: bool = False

    @property
    def output(self) -> Path:
        """Folder that the command writes, removed before each run."""
        return WORK / self.name


@dataclass(frozen=True)
class Summary:
    """Medians of one case.

    Attributes
    ----------
    rows
        Rows written.
    cpu_seconds, wall_seconds
        One value a run, in the order of the rounds.
    peak_bytes
        Peak of the summed PSS, or None if it was not watched.
    output_bytes
        Size of what was written.
    """

    rows: int
    cpu_seconds: tuple[float, ...]
    wall_seconds: tuple[float, ...]
    peak_bytes: int | None
    output_bytes: int


@dataclass(frozen=True)
class Goal:
    """A promise of the project: a figure, its limit, and how to get it from the summaries.

    Attributes
    ----------
    values
        Gives one value a round (or a single one); the median is compared with the limit.
    at_least
        True if the limit is a lower one.
    """

    text: str
    cases: tuple[str, ...]
    limit: float
    unit: str
    values: Callable[[dict[str, Summary]], list[float]]
    at_least: bool = False


def _payloom(name: str, rows: int, *, watch_memory: bool) -> Case:
    command = (str(PAYLOOM), "generate", "--rows", str(rows), "--out", str(WORK / name), "--quiet")
    return Case(name, command, "payments/**/*.parquet", watch_memory)


def cases(scale: float, *, large: bool) -> list[Case]:
    """Every case; `scale` 1 is the size that the goals are about."""
    own = [_payloom("payloom-6m", round(6_000_000 * scale), watch_memory=True)]
    if large:
        return [*own, _payloom("payloom-100m", round(100_000_000 * scale), watch_memory=True)]
    tpch, bank, copy = (WORK / name for name in ("tpchgen", "graphfaker", "polars-rewrite"))
    rewrite = (sys.executable, "-m", "benchmarks.rewrite", str(WORK / "payloom-6m"), str(copy))
    lineitem = (str(PEERS / "tpchgen-cli"), "parquet", "-s", f"{scale:g}", "-T", "lineitem", "-c", "SNAPPY", "-q")
    # Scale 0.0667 is about 6 million transactions: its edges PAYS, TRANSFERS and WIRES.
    fraud = (str(PEERS / "graphfaker"), "generate", "fraud", "--scale", f"{0.0667 * scale:g}", "--seed", "42", "-q")
    return [
        *own,
        Case("tpchgen", (*lineitem, "-o", str(tpch)), "lineitem.parquet"),
        Case("polars-rewrite", rewrite, "payments/**/*.parquet"),
        _payloom("payloom-1m", round(1_000_000 * scale), watch_memory=True),
        _payloom("payloom-10m", round(10_000_000 * scale), watch_memory=True),
        Case("graphfaker", (*fraud, "--out", str(bank)), "edges/[PTW]*S.parquet"),
    ]


def _cpu_per_row_ratio(name: str, other: str) -> Callable[[dict[str, Summary]], list[float]]:
    def values(found: dict[str, Summary]) -> list[float]:
        one, two = found[name], found[other]
        pairs = zip(one.cpu_seconds, two.cpu_seconds, strict=True)
        return [(a / one.rows) / (b / two.rows) for a, b in pairs]

    return values


def _peak_megabytes(name: str) -> Callable[[dict[str, Summary]], list[float]]:
    return lambda found: [(found[name].peak_bytes or 0) / MEGABYTE]


def _goal_of_memory(name: str, text: str, limit_megabytes: float) -> Goal:
    return Goal(text, (name,), limit_megabytes, "MB", _peak_megabytes(name))


def _goal_of_cpu(name: str, other: str, text: str, limit: float, *, at_least: bool = False) -> Goal:
    pair = (other, name) if at_least else (name, other)
    return Goal(text, (name, other), limit, "×", _cpu_per_row_ratio(*pair), at_least)


def goals(*, large: bool) -> list[Goal]:
    """What the project promises about speed and memory."""
    if large:
        return [
            _goal_of_cpu("payloom-100m", "payloom-6m", "CPU per row, 100 M rows ÷ 6 M rows", 1.1),
            _goal_of_memory("payloom-100m", "Peak memory of 100 M rows", 1000),
        ]
    return [
        _goal_of_cpu("payloom-6m", "tpchgen", "CPU per row ÷ that of tpchgen-cli (lineitem)", 0.8),
        _goal_of_cpu("payloom-6m", "polars-rewrite", "CPU per row ÷ that of a Polars rewrite", 2.0),
        _goal_of_cpu("payloom-6m", "graphfaker", "Rows per CPU second ÷ those of GraphFaker", 3.0, at_least=True),
        Goal("Wall time of 1 M rows", ("payloom-1m",), 2.0, "s", lambda found: list(found["payloom-1m"].wall_seconds)),
        _goal_of_memory("payloom-1m", "Peak memory of 1 M rows", 512),
        _goal_of_cpu("payloom-10m", "payloom-6m", "CPU per row, 10 M rows ÷ 6 M rows", 1.1),
        _goal_of_memory("payloom-10m", "Peak memory of 10 M rows", 1000),
    ]
