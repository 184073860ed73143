"""Time `payloom train` on a million payments. Run by `python -m benchmarks.train`.

Nothing is tracked: no server is asked. The command says on standard error when it begins with features and with models;
wall time is split there. As everywhere in the benchmarks, a missed goal is reported and nothing fails.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import shutil
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks import measure
from benchmarks.cases import MEGABYTE, PAYLOOM, ROOT, WORK
from benchmarks.compare import TABLE_WIDTH, machine

RUNS: Final = 3
ROWS: Final = 1_000_000
#: Of training and evaluation together, on two CPUs.
MODELS_WALL_SECONDS_GOAL: Final = 90.0

_STEP: Final = re.compile(r"^ *([0-9.]+) s  (features|training) ", re.MULTILINE)


def trained(source: Path, log: Path) -> dict[str, float]:
    """Train once and give what it took."""
    out = WORK / "train-results"
    shutil.rmtree(out, ignore_errors=True)
    timing = measure.run([str(PAYLOOM), "train", str(source), "--out", str(out)], log)
    began = {name: float(seconds) for seconds, name in _STEP.findall(log.read_text("utf-8"))}
    return {
        "cpu_seconds": timing.cpu_seconds,
        "wall_seconds": timing.wall_seconds,
        "features_wall_seconds": began["training"] - began["features"],
        "models_wall_seconds": timing.wall_seconds - began["training"],
        "max_rss_bytes": float(timing.max_rss_bytes),
    }


def table(figures: dict[str, float]) -> Table:
    """Lay the medians out."""
    shown = Table(title="payloom train, a million payments, three models", width=TABLE_WIDTH)
    for name in ("CPU s", "wall s", "features wall s", "models wall s", "goal s", "memory MB"):
        shown.add_column(name, justify="right")
    shown.add_row(
        f"{figures['cpu_seconds']:.1f}",
        f"{figures['wall_seconds']:.1f}",
        f"{figures['features_wall_seconds']:.1f}",
        f"{figures['models_wall_seconds']:.1f}",
        f"{MODELS_WALL_SECONDS_GOAL:.0f}",
        f"{figures['max_rss_bytes'] / MEGABYTE:,.0f}",
    )
    return shown


def document(runs: list[dict[str, float]]) -> dict[str, Any]:
    """Return what is kept of the runs."""
    return {"machine": machine(), "goals": {"models_wall_seconds": MODELS_WALL_SECONDS_GOAL}, "runs": runs}


def main() -> None:
    """Measure, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    source, log = WORK / f"train-{ROWS}", WORK / "train.log"
    measure.run([str(PAYLOOM), "generate", "--rows", str(ROWS), "--out", str(source), "--quiet"], log)
    runs = [trained(source, log) for _ in range(given.runs)]
    Console(width=TABLE_WIDTH).print(table({name: median(run[name] for run in runs) for name in runs[0]}))
    file = ROOT / "benchmarks" / "results" / f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}-train.json"
    file.write_text(json.dumps(document(runs), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
