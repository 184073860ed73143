"""What planning takes for a million to a hundred billion payments: `python -m benchmarks.planning`.

Planning is what `payloom generate` does before it hands out work, in one process, whatever its engine: the config, the
world laid out, and every job listed. Prints a table, writes benchmarks/results/<date>-planning.json and draws
docs/pictures/planning.png. benchmarks/README.md says how figures are taken.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks import measure
from benchmarks.cases import MEGABYTE, ROOT, WORK
from benchmarks.compare import TABLE_WIDTH, machine

ROWS = tuple(10**exponent for exponent in range(6, 12))
LIMIT_ROWS, LIMIT_SECONDS, LIMIT_BYTES = 10**10, 60.0, 10**9
PICTURE = ROOT / "docs" / "pictures" / "planning.png"
RUNS = 3


@dataclass(frozen=True)
class Planned:
    """What planning so many payments took: medians of whole processes, start-up and imports included."""

    rows: int
    jobs: int
    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int


def plan(rows: int) -> int:
    """Plan a world of the default config with so many payments and return the number of its jobs."""
    from payloom.cell.source import PaymentsSource  # noqa: PLC0415 - this is what is measured
    from payloom.config import make_config  # noqa: PLC0415

    return len(PaymentsSource(make_config({"world": {"rows": rows}})).jobs())


def measured(rows: int, runs: int) -> Planned:
    """Plan in processes of their own: one that is not counted, some that are, and one that is watched."""
    log = WORK / "planning.log"
    command = [sys.executable, "-m", "benchmarks.planning", "--one", str(rows)]
    measure.run(command, log)
    timings = [measure.run(command, log) for _ in range(runs)]
    peak_bytes = measure.peak_memory_bytes(command, log)
    return Planned(
        rows=rows,
        jobs=int(log.read_text("utf-8").split()[-1]),
        cpu_seconds=median(timing.cpu_seconds for timing in timings),
        wall_seconds=median(timing.wall_seconds for timing in timings),
        peak_bytes=peak_bytes,
    )


def table(found: list[Planned]) -> Table:
    """Show every size."""
    shown = Table(title="Planning")
    for heading in ("rows", "jobs", "CPU s", "wall s", "peak MB"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for one in found:
        figures = (f"{one.cpu_seconds:.2f}", f"{one.wall_seconds:.2f}", f"{one.peak_bytes / MEGABYTE:,.0f}")
        shown.add_row(f"{one.rows:,}", f"{one.jobs:,}", *figures)
    return shown


def draw(found: list[Planned], picture: Path) -> None:
    """Draw time and memory over the rows, with the limits."""
    import matplotlib as mpl  # noqa: PLC0415 - only who draws needs it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    rows = [one.rows for one in found]
    for axes, values, title, limit in (
        (left, [one.cpu_seconds for one in found], "CPU seconds of planning", LIMIT_SECONDS),
        (right, [one.peak_bytes / MEGABYTE for one in found], "peak memory of planning, MB", LIMIT_BYTES / MEGABYTE),
    ):
        axes.plot(rows, values, marker="o", color="#1f6f8b")
        axes.axhline(limit, color="#b23a48", linewidth=1, linestyle="--")
        axes.annotate("goal at 10 billion", (rows[0], limit), xytext=(0, 4), textcoords="offset points", fontsize=8)
        for x, y in zip(rows, values, strict=True):
            axes.annotate(f"{y:.3g}", (x, y), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8)
        axes.set_xscale("log")
        axes.set_ylim(0, limit * 1.15)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("payments")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, dpi=110, metadata={"Software": None})


def main(arguments: list[str]) -> None:
    """Measure, print, draw, and write the result file."""
    parser = argparse.ArgumentParser(prog="benchmarks.planning", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--one", type=int, metavar="ROWS", help="only plan so many payments, and print the jobs")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"counted runs of each size (default {RUNS})")
    options = parser.parse_args(arguments)
    if options.one:
        sys.stdout.write(f"{plan(options.one)}\n")
        return
    console = Console()
    if not console.is_terminal:
        console.width = TABLE_WIDTH
    WORK.mkdir(parents=True, exist_ok=True)
    about = machine()
    found = [measured(rows, options.runs) for rows in ROWS]
    console.print(table(found))
    at_limit = next(one for one in found if one.rows == LIMIT_ROWS)
    met = at_limit.wall_seconds <= LIMIT_SECONDS and at_limit.peak_bytes <= LIMIT_BYTES
    console.print(f"10 billion payments planned in at most 60 s and 1 GB: {'yes' if met else 'no'}")
    draw(found, PICTURE)
    result = ROOT / "benchmarks" / "results" / f"{dt.datetime.now(dt.UTC).date()}-planning.json"
    content = {"machine": about, "sizes": [asdict(one) for one in found], "met": met}
    result.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    console.print(f"Written: {result.relative_to(ROOT)}, {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
