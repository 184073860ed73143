"""Measure `payloom validate` on one and on ten million payments: `python -m benchmarks.validate`.

benchmarks/README.md says how figures are taken: whole processes, one round that is not counted, peak memory in a run of
its own. Wall time is that of a machine with nothing else to do: on a busy one only CPU seconds say something. As
everywhere there, a missed goal is reported and nothing fails.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks import measure
from benchmarks.cases import MEGABYTE, PAYLOOM, ROOT, WORK, Goal, Summary
from benchmarks.compare import RUNS, TABLE_WIDTH, goal_table, judge, machine

CASES = {"validate-1m": 1_000_000, "validate-10m": 10_000_000}
#: Seconds of wall time and megabytes, start-up included: what the gate may take.
LIMITS = {"validate-1m": (10.0, 1_500.0), "validate-10m": (30.0, 3_000.0)}


def source(name: str) -> Path:
    """Folder of a case's data set."""
    return WORK / f"{name}-source"


def command(name: str) -> list[str]:
    """What is measured."""
    return [str(PAYLOOM), "validate", str(source(name)), "--quiet"]


def shown(name: str) -> str:
    """What is measured, without this machine's paths."""
    return " ".join(command(name)).replace(f"{ROOT}/", "")


def make_source(name: str, scale: float) -> int:
    """Generate the data set of a case and return its rows."""
    rows = round(CASES[name] * scale)
    made = [str(PAYLOOM), "generate", "--rows", str(rows), "--out", str(source(name)), "--quiet"]
    measure.run(made, WORK / "generate.log")
    return rows


def measure_case(name: str, rows: int, runs: int) -> Summary:
    """Run a case once uncounted, then counted, then watched."""
    log = WORK / f"{name}.log"
    size = sum(part.stat().st_size for part in source(name).rglob("*.parquet"))
    measure.run(command(name), log)
    timings = [measure.run(command(name), log) for _ in range(runs)]
    return Summary(
        rows=rows,
        cpu_seconds=tuple(timing.cpu_seconds for timing in timings),
        wall_seconds=tuple(timing.wall_seconds for timing in timings),
        peak_bytes=measure.peak_memory_bytes(command(name), log),
        output_bytes=size,
    )


def _wall_seconds(name: str) -> Callable[[dict[str, Summary]], list[float]]:
    return lambda found: list(found[name].wall_seconds)


def _megabytes(name: str) -> Callable[[dict[str, Summary]], list[float]]:
    return lambda found: [(found[name].peak_bytes or 0) / MEGABYTE]


def goals() -> list[Goal]:
    """What the project promises about the gate."""
    promised = []
    for name, (seconds, megabytes) in LIMITS.items():
        rows = f"{CASES[name] // 1_000_000} M payments"
        promised.append(Goal(f"Wall time of `payloom validate`, {rows}", (name,), seconds, "s", _wall_seconds(name)))
        promised.append(Goal(f"Peak memory of `payloom validate`, {rows}", (name,), megabytes, "MB", _megabytes(name)))
    return promised


def table_of(found: dict[str, Summary]) -> Table:
    """Medians of every case."""
    table = Table(title="Medians")
    for heading in ("case", "rows", "wall s", "CPU s", "rows / wall s", "peak MB"):
        table.add_column(heading, justify="left" if heading == "case" else "right", no_wrap=True)
    for name, summary in found.items():
        wall_seconds = median(summary.wall_seconds)
        table.add_row(
            name,
            f"{summary.rows:,}",
            f"{wall_seconds:.2f}",
            f"{median(summary.cpu_seconds):.2f}",
            f"{summary.rows / wall_seconds:,.0f}",
            f"{(summary.peak_bytes or 0) / MEGABYTE:,.0f}",
        )
    return table


def main(arguments: list[str]) -> None:
    """Measure, print, and write the result file."""
    parser = argparse.ArgumentParser(prog="benchmarks.validate", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS, help=f"counted runs of each case (default {RUNS})")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows; other shares say nothing of goals")
    parser.add_argument("--only", nargs="+", choices=list(CASES), help="these cases alone")
    parser.add_argument("--name", default="validate", help="name of the result file")
    options = parser.parse_args(arguments)
    console = Console()
    if not console.is_terminal:
        console.width = TABLE_WIDTH
    WORK.mkdir(parents=True, exist_ok=True)
    about = machine() | {"great_expectations": version("great-expectations"), "priority": os.nice(0)}
    found = {}
    for name in options.only or CASES:
        found[name] = measure_case(name, make_source(name, options.scale), options.runs)
        shutil.rmtree(source(name))
    promised = goals() if options.scale == 1 else []
    judged = [judge(goal, found) for goal in promised if found.keys() >= set(goal.cases)]
    console.print(table_of(found), goal_table(judged))
    about["load_after"] = os.getloadavg()[0]
    cases = {name: {"command": shown(name)} | asdict(one) for name, one in found.items()}
    content = {"machine": about, "goals": judged, "cases": cases}
    result = ROOT / "benchmarks" / "results" / f"{dt.datetime.now(dt.UTC).date()}-{options.name}.json"
    result.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    console.print(f"Written: {result.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
