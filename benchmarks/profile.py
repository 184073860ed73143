"""Time `payloom profile` on data sets of several sizes. Run by `python -m benchmarks.profile`.

Each data set is generated once below the benchmarks' folder and profiled a few times; the sample is 100,000 payments.
As everywhere in the benchmarks, a missed goal is reported and nothing fails.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import measure
from benchmarks.cases import MEGABYTE, PAYLOOM, ROOT, WORK
from benchmarks.compare import TABLE_WIDTH, machine

RUNS = 3
ROWS = (1_000_000, 10_000_000)
ROWS_LARGE = (100_000_000,)
#: Goals of issue 5: start-up included, and the pages' sizes.
WALL_SECONDS_GOAL = 30.0
SIZE_GOALS = {"profile.html": 5_000_000, "payments.html": 3_000_000}


@dataclass(frozen=True)
class Figure:
    """What one size took: medians of CPU and wall time, the largest memory of any run, sizes of the pages."""

    rows: int
    cpu_seconds: float
    wall_seconds: float
    max_rss_bytes: int
    page_bytes: dict[str, int]


def profiled(rows: int, runs: int) -> Figure:
    """Generate a data set unless it is there, and profile it."""
    WORK.mkdir(parents=True, exist_ok=True)
    source, out, log = WORK / f"profile-{rows}", WORK / "profile-pages", WORK / "profile.log"
    measure.run([str(PAYLOOM), "generate", "--rows", str(rows), "--out", str(source), "--quiet"], log)
    command = [str(PAYLOOM), "profile", str(source), "--out", str(out)]
    timings = [measure.run(command, log) for _ in range(runs)]
    return Figure(
        rows,
        median(timing.cpu_seconds for timing in timings),
        median(timing.wall_seconds for timing in timings),
        max(timing.max_rss_bytes for timing in timings),
        {name: (out / name).stat().st_size for name in SIZE_GOALS},
    )


def table(figures: list[Figure]) -> Table:
    """Lay the figures out."""
    shown = Table(title="payloom profile, a sample of 100,000 payments", width=TABLE_WIDTH)
    for name in ("payments", "CPU s", "wall s", "goal s", "memory MB", *SIZE_GOALS):
        shown.add_column(name, justify="right")
    for figure in figures:
        shown.add_row(
            f"{figure.rows:,}",
            f"{figure.cpu_seconds:.1f}",
            f"{figure.wall_seconds:.1f}",
            f"{WALL_SECONDS_GOAL:.0f}",
            f"{figure.max_rss_bytes / MEGABYTE:,.0f}",
            *(f"{size / MEGABYTE:.2f} MB" for size in figure.page_bytes.values()),
        )
    return shown


def document(figures: list[Figure], runs: int) -> dict[str, Any]:
    """Return what is kept of the run."""
    return {
        "machine": machine(),
        "runs": runs,
        "goals": {"wall_seconds": WALL_SECONDS_GOAL, "page_bytes": SIZE_GOALS},
        "figures": [vars(figure) for figure in figures],
    }


def main() -> None:
    """Measure, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="100,000,000 payments as well")
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args()
    figures = [profiled(rows, given.runs) for rows in (*ROWS, *(ROWS_LARGE if given.large else ()))]
    Console(width=TABLE_WIDTH).print(table(figures))
    file = ROOT / "benchmarks" / "results" / f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}-profile.json"
    file.write_text(json.dumps(document(figures, given.runs), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
