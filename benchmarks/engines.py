"""Compare what hands out payloom's jobs: its own workers, Ray, Dask and Spark; and threads: Polars, and Rust's.

benchmarks/README.md says how, docs/adr/0023-ray-for-clusters.md what follows. Takes `.venv` with the extra `ray`,
`.venv-engines`, `.venv-bench` and Java 17; nothing fails because a figure is bad.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import engines_threads as threads
from benchmarks.cases import ROOT, WORK
from benchmarks.compare import TABLE_WIDTH, machine
from benchmarks.engines_cases import ENVIRONMENT, PEERS, WORKERS, WORLDS, Scheduler, World, lines_of_code, schedulers
from benchmarks.engines_kill import WorkerKiller, digests, unfinished_files
from benchmarks.engines_tree import Took, run
from benchmarks.engines_work import Work

RUNS = 3
STATE_ROWS = (10_000_000, 1_000_000_000)
OURS = "payloom"
PACKAGES = ("ray",)
PEER_PACKAGES = ("dask", "distributed", "pyspark", "payloom-numpy", "payloom-pyarrow")

Found = dict[str, dict[str, Any]]


class Bench:
    """Runs schedulers on worlds; keeps what payloom's own workers left, to compare bytes with."""

    def __init__(self, chosen: list[Scheduler], scale: float, console: Console) -> None:
        self.chosen, self.console = chosen, console
        self.worlds = [_scaled(world, scale) for world in WORLDS]
        self.reference: dict[str, str] = {}

    def run(self, scheduler: Scheduler, world: World, **options: Any) -> tuple[Took, Path]:
        """Run all jobs of a world into an empty folder."""
        out = WORK / f"engines-{scheduler.name}"
        shutil.rmtree(out, ignore_errors=True)
        work = Work(world.rows, world.start, world.end, str(out), WORKERS)
        environment = ENVIRONMENT | dict(scheduler.environment)
        log = WORK / f"engines-{scheduler.name}.log"
        return run(scheduler.command(work), log, environment=environment, **options), out

    def rounds(self, count: int) -> Found:
        """Run everybody on every world in turn, after a round on the shortest that is not counted."""
        found: Found = {scheduler.name: {"worlds": {}} for scheduler in self.chosen}
        for scheduler in self.chosen:
            self.run(scheduler, self.worlds[0])
        for number in range(1, count + 1):
            for world in self.worlds:
                for scheduler in self.chosen:
                    if world.name in scheduler.worlds:
                        self._one(scheduler, world, found[scheduler.name], number)
        return found

    def _one(self, scheduler: Scheduler, world: World, into: dict[str, Any], number: int) -> None:
        took, out = self.run(scheduler, world)
        jobs = sum(1 for _ in (out / "_payloom" / "receipts").iterdir())
        kept = into["worlds"].setdefault(world.name, {"jobs": jobs, "runs": []})
        kept["runs"].append(_plain(took))
        if world is self.worlds[-1]:
            into["same_bytes"] = self._same(scheduler, out)
        shutil.rmtree(out)
        told = f"round {number}  {scheduler.name:14} {world.name:6} {took.cpu_seconds:8.2f} CPU s"
        self.console.print(told, highlight=False)

    def _same(self, scheduler: Scheduler, out: Path) -> bool:
        found = digests(out)
        if scheduler.name == OURS:
            self.reference = found
        return found == self.reference

    def memory(self, scheduler: Scheduler) -> int:
        """Peak of the summed PSS on the largest world, in a run that is not timed."""
        took, out = self.run(scheduler, self.worlds[-1], watch_memory=True)
        shutil.rmtree(out)
        return took.peak_bytes

    def kill(self, scheduler: Scheduler) -> dict[str, Any]:
        """Kill a worker in the middle of the largest world."""
        killer = WorkerKiller(WORK / f"engines-{scheduler.name}")
        took, out = self.run(scheduler, self.worlds[-1], meanwhile=killer, may_fail=True)
        found = digests(out)
        self.console.print(f"killed {killer.killed!r} of {scheduler.name}: exit code {took.exit_code}", highlight=False)
        answer = {
            "killed": killer.killed,
            "completed": took.exit_code == 0,
            "same_parts": sum(self.reference.get(key) == sha256 for key, sha256 in found.items()),
            "other_parts": sum(self.reference.get(key) != sha256 for key, sha256 in found.items()),
            "all_parts": len(self.reference),
            "unfinished_files": unfinished_files(out),
        }
        shutil.rmtree(out)
        return answer | _plain(took)


def _plain(took: Took) -> dict[str, Any]:
    # What else is printed may name paths of this machine.
    plain = asdict(took)
    line = plain.pop("last_line")
    told = json.loads(line) if line.startswith("{") else {}
    return plain | {name: told[name] for name in ("worlds_built", "workers") if name in told}


def _scaled(world: World, scale: float) -> World:
    rows = world.rows if world.rows <= 1_000 else round(world.rows * scale)
    return World(world.name, rows, world.start, world.end)


def summary(found: Found) -> Found:
    """Put medians over the rounds beside the runs: start-up, the large world, what a job costs more than ours."""
    ours = found[OURS]
    for one in found.values():
        worlds = one["worlds"]
        large = _cpu(worlds["large"])
        one["median"] = {
            "large_cpu_seconds": median(large),
            "large_wall_seconds": median(_each(worlds["large"], "wall_seconds")),
            "large_cpu_ratio": median(
                mine / base for mine, base in zip(large, _cpu(ours["worlds"]["large"]), strict=True)
            ),
        }
        if "short" not in worlds:
            continue
        jobs = worlds["long"]["jobs"] - worlds["short"]["jobs"]
        one["median"] |= {
            "start_cpu_seconds": median(_cpu(worlds["short"])),
            "start_wall_seconds": median(_each(worlds["short"], "wall_seconds")),
            # More jobs cost everybody the making of them: what is more than ours is the handing out.
            "job_overhead_cpu_ms": 1000
            * median(
                ((long - short) - (our_long - our_short)) / jobs
                for long, short, our_long, our_short in zip(
                    _cpu(worlds["long"]), _cpu(worlds["short"]),
                    _cpu(ours["worlds"]["long"]), _cpu(ours["worlds"]["short"]), strict=True,
                )
            ),
        }  # fmt: skip
    return found


def _cpu(world: dict[str, Any]) -> list[float]:
    return _each(world, "cpu_seconds")


def _each(world: dict[str, Any], name: str) -> list[float]:
    return [one[name] for one in world["runs"]]


def scheduler_table(found: Found) -> Table:
    """One line for each scheduler."""
    headings = (
        "",
        "start CPU s",
        "wall s",
        "large CPU s",
        "÷ ours",
        "ms a job",
        "peak MB",
        "lines",
        "killed: same parts",
    )
    table = Table(title="Schedulers, medians")
    for heading in headings:
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for name, one in found.items():
        middle, kill = one["median"], one["kill"]
        table.add_row(
            name,
            f"{middle['start_cpu_seconds']:.1f}" if "start_cpu_seconds" in middle else "",
            f"{middle['start_wall_seconds']:.1f}" if "start_wall_seconds" in middle else "",
            f"{middle['large_cpu_seconds']:.1f}",
            f"{middle['large_cpu_ratio']:.2f}",
            f"{middle['job_overhead_cpu_ms']:.0f}" if "job_overhead_cpu_ms" in middle else "",
            f"{one['peak_bytes'] / 1e6:,.0f}",
            f"{one['lines_of_code']}",
            f"{kill['same_parts']} of {kill['all_parts']}" if kill else "",
        )
    return table


def thread_table(found: Found) -> Table:
    """One line for each program with threads."""
    table = Table(title="Threads, medians")
    for heading in ("", "CPU s / M rows", "wall s / M rows", "peak MB", "sha256", "after kill -9"):
        table.add_column(heading, no_wrap=True)
    for name, one in found.items():
        cpu, wall = (median(one[key]) / one["rows"] * 1e6 for key in ("cpu_seconds", "wall_seconds"))
        peak = f"{one['peak_bytes'] / 1e6:,.0f}"
        table.add_row(name, f"{cpu:.2f}", f"{wall:.2f}", peak, one["sha256"][:8], one["after_kill"])
    return table


def state_of_process() -> list[dict[str, Any]]:
    """What a process pays before its first row, in worlds of two sizes."""
    found = []
    for rows in STATE_ROWS:
        work = Work(rows, "2025-01-01", "2026-01-01", "unused", 1)
        command = [sys.executable, "-m", "benchmarks.engines_work", "--state", *work.arguments]
        printed = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=ROOT, env=os.environ | ENVIRONMENT
        ).stdout
        found.append(json.loads(printed))
    return found


def versions() -> dict[str, str]:
    """Versions of what is compared."""
    script = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]), sep='\\n')"
    names = [name.removeprefix("payloom-") for name in PEER_PACKAGES]
    printed = subprocess.run([str(PEERS / "python"), "-c", script, *names], check=True, capture_output=True, text=True)
    java = subprocess.run(["java", "-version"], check=True, capture_output=True, text=True).stderr.splitlines()[0]
    peers = dict(zip(PEER_PACKAGES, printed.stdout.split(), strict=True))
    return {name: importlib.metadata.version(name) for name in PACKAGES} | peers | {"java": java}


def main(arguments: list[str]) -> None:
    """Measure, print, and write the result file."""
    parser = argparse.ArgumentParser(prog="benchmarks.engines", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS, help=f"counted rounds (default {RUNS})")
    parser.add_argument("--scale", type=float, default=1.0, help="part of the large world, to try the script out")
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"these beside {OURS}")
    parser.add_argument("--name", default="engines", help="name of the result file")
    options = parser.parse_args(arguments)
    console = Console()
    if not console.is_terminal:
        console.width = TABLE_WIDTH + 30
    chosen = [one for one in schedulers() if not options.only or one.name in {OURS, *options.only}]
    WORK.mkdir(parents=True, exist_ok=True)
    about = machine()
    about["versions"] = {**dict(about["versions"]), **versions()}  # type: ignore[call-overload]
    bench = Bench(chosen, options.scale, console)
    found = summary(bench.rounds(options.runs))
    for one in chosen:
        kill = bench.kill(one) if "short" in one.worlds else None
        found[one.name] |= {"peak_bytes": bench.memory(one), "lines_of_code": lines_of_code(one.glue), "kill": kill}
    many = [one for one in threads.threaded() if not options.only or one.name in options.only]
    programs = {one.name: threads.measure(one, options.runs, console.print) for one in many}
    console.print(scheduler_table(found), thread_table(programs))
    about["load_after"] = os.getloadavg()[0]
    worlds = [asdict(world) for world in bench.worlds]
    content = {"machine": about, "workers": WORKERS, "worlds": worlds, "schedulers": found, "threads": programs}
    content["state_of_a_process"] = state_of_process()
    result = ROOT / "benchmarks" / "results" / f"{dt.datetime.now(dt.UTC).date()}-{options.name}.json"
    result.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    console.print(f"Written: {result.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
