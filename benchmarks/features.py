"""Time `payloom.features`: the handbook's 15 features beside its pandas method, and all features in memory and on disk.

Run by `python -m benchmarks.features`. Both sides of the comparison read the same million rows from one Parquet file;
reading and start-up are not counted. As everywhere in the benchmarks, a missed goal is reported and nothing fails.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks import measure
from benchmarks.cases import MEGABYTE, PAYLOOM, ROOT, WORK
from benchmarks.compare import TABLE_WIDTH, machine

ROWS, ROWS_LARGE = 1_000_000, 10_000_000
#: Goals of issue 6: 20 seconds on two CPUs are 40 CPU seconds, reading and start-up included.
GOALS = {
    "handbook_ratio": 50.0,
    "frame_cpu_seconds": 40.0,
    "frame_max_rss_bytes": 2 * 1000 * MEGABYTE,
    "files_max_rss_bytes": 8 * 1000 * MEGABYTE,
}


@dataclass(frozen=True)
class Figure:
    """What one run took: the features alone, and the whole process."""

    case: str
    rows: int
    build_cpu_seconds: float
    build_wall_seconds: float
    process_cpu_seconds: float
    process_wall_seconds: float
    max_rss_bytes: int


def dataset(rows: int) -> Path:
    """Generate a data set unless it is there."""
    folder = WORK / f"features-{rows}"
    measure.run([str(PAYLOOM), "generate", "--rows", str(rows), "--out", str(folder), "--quiet"], WORK / "features.log")
    return folder


def handbook_rows(source: Path) -> Path:
    """Write the columns that the handbook's method takes: who, where, how much, when, and the truth.

    A transfer has no merchant; there the payee's account is the place.
    """
    target = WORK / "features-handbook-rows.parquet"
    place = pl.coalesce("merchant_id", "payee_account_id").alias("merchant_id")
    scan = pl.scan_parquet(f"{source}/payments/**/*.parquet", hive_partitioning=False)
    columns = ("transaction_id", "event_time", "customer_id", place, "amount_usd", "is_fraud")
    scan.select(*columns).sort("event_time").collect().write_parquet(target)
    return target


def run(case: str, module: str, *arguments: str) -> Figure:
    """Run one side in a process of its own."""
    log = WORK / f"features-{case}.log"
    timing = measure.run([sys.executable, "-m", f"benchmarks.{module}", *arguments], log)
    told = json.loads(log.read_text("utf-8").splitlines()[-1])
    return Figure(
        case=case,
        **told,
        process_cpu_seconds=timing.cpu_seconds,
        process_wall_seconds=timing.wall_seconds,
        max_rss_bytes=timing.max_rss_bytes,
    )


def beside_handbook(source: Path, runs: int) -> tuple[list[Figure], dict[str, int]]:
    """Run both sides: ours before and after the handbook's, which takes minutes and runs once. Compare all values."""
    rows = handbook_rows(source)
    ours, theirs = WORK / "features-payloom.parquet", WORK / "features-handbook.parquet"
    mine = ("payloom-15", "features_payloom", "handbook", str(rows), str(ours))
    run(*mine)  # fills the page cache and compiles bytecode
    figures = [run(*mine) for _ in range(runs)]
    figures.append(run("handbook-15", "features_handbook", str(rows), str(theirs)))
    figures += [run(*mine) for _ in range(runs)]
    return figures, different(pl.read_parquet(ours), pl.read_parquet(theirs))


def different(ours: pl.DataFrame, theirs: pl.DataFrame) -> dict[str, int]:
    """Rows of which a feature differs by more than rounding; windows here end on whole milliseconds."""
    theirs = ours.select("transaction_id").join(theirs, on="transaction_id", how="left", maintain_order="left")
    found = {}
    for name in ours.drop("transaction_id").columns:
        mine, other = (frame[name].cast(pl.Float64).to_numpy() for frame in (ours, theirs))
        found[name] = int((~np.isclose(mine, other, rtol=1e-9, atol=1e-9)).sum())
    return found


def whole(source: Path, runs: int) -> list[Figure]:
    """Build all features in memory."""
    return [run("payloom-all", "features_payloom", "frame", str(source), "-") for _ in range(runs)]


def on_disk(source: Path) -> Figure:
    """Write all features of ten million payments by month."""
    target = WORK / "features-files"
    shutil.rmtree(target, ignore_errors=True)
    figure = run("payloom-all-files", "features_payloom", "files", str(source), str(target))
    shutil.rmtree(target)
    return figure


def results(figures: list[Figure]) -> dict[str, float]:
    """Return what the goals are about: medians of CPU seconds, the largest memory of any run."""

    def of(case: str) -> list[Figure]:
        return [figure for figure in figures if figure.case == case]

    found: dict[str, float] = {}
    if of("handbook-15"):
        mine = median(figure.build_cpu_seconds for figure in of("payloom-15"))
        found["handbook_ratio"] = of("handbook-15")[0].build_cpu_seconds / mine
    if of("payloom-all"):
        found["frame_cpu_seconds"] = median(figure.process_cpu_seconds for figure in of("payloom-all"))
        found["frame_max_rss_bytes"] = max(figure.max_rss_bytes for figure in of("payloom-all"))
    if of("payloom-all-files"):
        found["files_max_rss_bytes"] = max(figure.max_rss_bytes for figure in of("payloom-all-files"))
    return found


def table(figures: list[Figure]) -> Table:
    """Lay the runs out."""
    shown = Table(title="payloom.features", width=TABLE_WIDTH)
    for name in ("case", "rows", "build CPU s", "process CPU s", "wall s", "memory MB"):
        shown.add_column(name, justify="left" if name == "case" else "right")
    for figure in figures:
        shown.add_row(
            figure.case,
            f"{figure.rows:,}",
            f"{figure.build_cpu_seconds:.2f}",
            f"{figure.process_cpu_seconds:.2f}",
            f"{figure.process_wall_seconds:.1f}",
            f"{figure.max_rss_bytes / MEGABYTE:,.0f}",
        )
    return shown


def main() -> None:
    """Measure, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="10,000,000 payments as well: 12 GB of disk")
    parser.add_argument("--only-large", action="store_true", help="those alone")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--source", type=Path, help="a data set of 1,000,000 payments, instead of making one")
    parser.add_argument("--source-large", type=Path, help="one of 10,000,000")
    parser.add_argument("--name", default="features")
    given = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    figures: list[Figure] = []
    document: dict[str, Any] = {"machine": machine(), "goals": GOALS}
    if not given.only_large:
        source = given.source or dataset(ROWS)
        figures, document["rows_that_differ"] = beside_handbook(source, given.runs)
        figures += whole(source, given.runs)
    if given.large or given.only_large:
        figures.append(on_disk(given.source_large or dataset(ROWS_LARGE)))
    document |= {"results": results(figures), "figures": [vars(figure) for figure in figures]}
    console = Console(width=TABLE_WIDTH)
    console.print(table(figures))
    console.print({name: f"{value:,.1f} (goal {GOALS[name]:,.0f})" for name, value in document["results"].items()})
    file = ROOT / "benchmarks" / "results" / f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}-{given.name}.json"
    file.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
