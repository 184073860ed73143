"""Compare payloom's speed and memory with its peers'. Run by `make bench`; benchmarks/README.md says how.

Prints a table and writes benchmarks/results/<date>-<name>.json. It is no test: it never fails because
a goal is missed, only because a command fails.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks import measure
from benchmarks.cases import PEERS, ROOT, WORK, Case, Goal, Summary, cases, goals

RUNS = 5
TABLE_WIDTH = 110
PACKAGES = ("payloom", "numpy", "polars", "pyarrow")
PEER_PACKAGES = ("tpchgen-cli", "graphfaker")


def measure_all(chosen: list[Case], runs: int, console: Console) -> dict[str, Summary]:
    """Run every case in turn, `runs` times (A B A B ...), after a round that is not counted."""
    timings: dict[str, list[measure.Timing]] = {case.name: [] for case in chosen}
    for round_number in range(runs + 1):
        for case in chosen:
            timing = measure.run(*_fresh(case))
            if round_number:
                timings[case.name].append(timing)
            console.print(f"round {round_number}  {case.name:16} {timing.cpu_seconds:8.2f} CPU s", highlight=False)
    return {case.name: _summary(case, timings[case.name]) for case in chosen}


def _fresh(case: Case) -> tuple[list[str], Path]:
    shutil.rmtree(case.output, ignore_errors=True)
    return list(case.command), WORK / f"{case.name}.log"


def _summary(case: Case, timings: list[measure.Timing]) -> Summary:
    parts = sorted(case.output.glob(case.rows_glob))
    return Summary(
        rows=sum(pq.read_metadata(part).num_rows for part in parts),
        cpu_seconds=tuple(timing.cpu_seconds for timing in timings),
        wall_seconds=tuple(timing.wall_seconds for timing in timings),
        output_bytes=sum(path.stat().st_size for path in case.output.rglob("*") if path.is_file()),
        peak_bytes=measure.peak_memory_bytes(*_fresh(case)) if case.watch_memory else None,
    )


def case_table(found: dict[str, Summary]) -> Table:
    """Medians of every case."""
    table = Table(title="Medians")
    for heading in ("case", "rows", "CPU s", "CPU s / M rows", "wall s", "rows / CPU s", "MB written", "peak MB"):
        table.add_column(heading, justify="left" if heading == "case" else "right", no_wrap=True)
    for name, summary in found.items():
        cpu_seconds = median(summary.cpu_seconds)
        peak = "" if summary.peak_bytes is None else f"{summary.peak_bytes / 1e6:,.0f}"
        table.add_row(
            name,
            f"{summary.rows:,}",
            f"{cpu_seconds:.2f}",
            f"{cpu_seconds / summary.rows * 1e6:.3f}",
            f"{median(summary.wall_seconds):.2f}",
            f"{summary.rows / cpu_seconds:,.0f}",
            f"{summary.output_bytes / 1e6:,.0f}",
            peak,
        )
    return table


def judge(goal: Goal, found: dict[str, Summary]) -> dict[str, object]:
    """Compare a goal's median with its limit, with the range over the rounds."""
    values = goal.values(found)
    middle = median(values)
    met = middle >= goal.limit if goal.at_least else middle <= goal.limit
    return {
        "goal": goal.text,
        "median": middle,
        "lowest": min(values),
        "highest": max(values),
        "limit": goal.limit,
        "at_least": goal.at_least,
        "unit": goal.unit,
        "met": met,
    }


def goal_table(verdicts: list[dict[str, object]]) -> Table:
    """Goals, what was measured, and whether they are met."""
    table = Table(title="Goals")
    for heading in ("goal", "limit", "median", "range", "met"):
        table.add_column(heading, justify="left" if heading == "goal" else "right", no_wrap=True)
    for verdict in verdicts:
        sign = "≥" if verdict["at_least"] else "≤"
        table.add_row(
            str(verdict["goal"]),
            f"{sign} {verdict['limit']:g} {verdict['unit']}",
            f"{verdict['median']:.3g}",
            f"{verdict['lowest']:.3g}-{verdict['highest']:.3g}",
            "[green]yes[/]" if verdict["met"] else "[red]no[/]",
        )
    return table


def machine() -> dict[str, object]:
    """What the figures depend on, without the machine's name."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")),
        platform.processor(),
    )
    memory_kib = next((int(line.split()[1]) for line in _lines(Path("/proc/meminfo")) if "MemTotal" in line), None)
    return {
        "cpu": cpu,
        "cpus": os.cpu_count(),
        "memory_bytes": memory_kib and memory_kib * 1024,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES} | _peer_versions(),
        "commit": _commit(),
    }


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.exists() else []


def _peer_versions() -> dict[str, str]:
    script = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]), sep='\\n')"
    printed = subprocess.run(
        [str(PEERS / "python"), "-c", script, *PEER_PACKAGES], check=True, capture_output=True, text=True
    ).stdout
    return dict(zip(PEER_PACKAGES, printed.split(), strict=True))


def _commit() -> str:
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return described.stdout.strip() or "unknown"


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.compare", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--large", action="store_true", help="100 M rows against 6 M rows")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"counted rounds (default {RUNS})")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the full size, to try the script out")
    parser.add_argument("--only", nargs="+", metavar="CASE", help="these cases alone")
    parser.add_argument("--name", help="name of the result file")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Measure, print, and write the result file."""
    options = parse(arguments)
    console = Console()
    if not console.is_terminal:
        console.width = TABLE_WIDTH
    chosen = [
        case for case in cases(options.scale, large=options.large) if not options.only or case.name in options.only
    ]
    WORK.mkdir(parents=True, exist_ok=True)
    about = machine()
    if os.getloadavg()[0] > 0.5:
        console.print("[yellow]The machine is busy: CPU seconds suffer a little, wall times a lot.[/]")
    found = measure_all(chosen, options.runs, console)
    judged = [judge(goal, found) for goal in goals(large=options.large) if found.keys() >= set(goal.cases)]
    console.print(case_table(found), goal_table(judged))
    name = options.name or ("bench-large" if options.large else "bench")
    result = ROOT / "benchmarks" / "results" / f"{dt.datetime.now(dt.UTC).date()}-{name}.json"
    result.parent.mkdir(exist_ok=True)
    content = {"machine": about, "scale": options.scale, "goals": judged} | {
        "cases": {case.name: {"command": _shown(case)} | asdict(found[case.name]) for case in chosen}
    }
    result.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    console.print(f"Written: {result.relative_to(ROOT)}")
    shutil.rmtree(WORK)


def _shown(case: Case) -> str:
    """Show the command without this machine's paths."""
    return " ".join(case.command).replace(f"{ROOT}/", "").replace(sys.executable, "python")


if __name__ == "__main__":
    main(sys.argv[1:])
