"""The preset for schedulers: a world of ten years that is made a day at a time, in whatever order the days come."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from payloom.config import Config, make_config
from payloom.pipeline.world import World
from payloom.schema import FRAUD_LABELS, PAYMENTS, Table
from tests.cli.shell import clean_environment, payloom
from tests.faults.trees import data_and_manifests, tree

PRESET = "airflow"

EDGES = ("2025-01-31", "2025-02-01", "2028-02-28", "2028-02-29", "2028-03-01", "2034-12-31", "2025-01-01")
"""Both sides of a month's end and of a leap day, the first and the last day of the horizon."""

STEP = 7
"""Shares no factor with the numbers of days: its multiples are an order that looks random."""


def small(rows: int) -> Config:
    """Return the preset with fewer payments: the same ten years."""
    return make_config({"world": {"rows": rows, "fraud_rate": "0.01"}}, preset=PRESET)


def day_after(day: str) -> date:
    """Return the day that ends a run of this one."""
    return date.fromisoformat(day) + timedelta(days=1)


def thirty() -> list[str]:
    """Return the edges, and days spread over the ten years."""
    spread = [date(2025, 3, 14) + timedelta(days=151 * number) for number in range(30 - len(EDGES))]
    return [*EDGES, *map(str, spread)]


def permuted(days: list[str]) -> list[str]:
    """Return the days in another order."""
    assert len(days) % STEP
    return [days[STEP * place % len(days)] for place in range(len(days))]


def rows_of(folder: Path, table: Table, day: str) -> pl.DataFrame:
    """Read the rows of a day, as they lie in the files of a data set."""
    found = pl.scan_parquet(str(folder / table.name / "**/*.parquet"), hive_partitioning=False)
    found = found.filter(pl.col("event_time").dt.date() == date.fromisoformat(day))
    return found.cast(table.polars_schema()).collect()


def data_of(folder: Path) -> dict[str, str]:
    """Return sha256 by name of every file that holds data or says what is finished."""
    return data_and_manifests(tree(folder))


def test_a_world_that_goes_on() -> None:
    """Ten years, 5,000 to 10,000 payments a day, and fraud enough for a model in half a year."""
    world = make_config(preset=PRESET).world
    assert (world.start, world.end) == (date(2025, 1, 1), date(2035, 1, 1))
    assert 5_000 <= world.rows / world.days <= 10_000
    assert world.fraud_rows / world.days * 182 > 2_000


def test_days_in_any_order_are_those_of_longer_runs(tmp_path) -> None:
    """Days made one by one, in any order, have the rows of longer runs: at a leap day, a month's end, the last day."""
    days = ["2028-02-28", "2028-02-29", "2028-03-01", "2034-12-31"]
    world = World(small(36_600))
    for day in permuted(days):
        world.generate(tmp_path, start=day, end=day_after(day), workers=1)
    for start, end in (("2028-02-27", "2028-03-03"), ("2034-12-30", "2035-01-01")):
        for table, run in ((PAYMENTS, world.payments(start, end)), (FRAUD_LABELS, world.fraud_labels(start, end))):
            for day in days:
                if start <= day < end:
                    asked = pl.col("event_time").dt.date() == date.fromisoformat(day)
                    assert rows_of(tmp_path, table, day).equals(run.filter(asked)), (table.name, day)
    assert all(rows_of(tmp_path, PAYMENTS, day).height for day in days)


@pytest.mark.full
def test_days_in_any_order_are_those_of_all_ten_years(tmp_path) -> None:
    """The same against a run of all ten years, and two orders of days give the same objects."""
    days = [*EDGES, "2031-07-04"]
    world = World(small(220_000))
    whole = tmp_path / "whole"
    world.generate(whole, workers=1)
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder, order in zip(folders, (permuted(days), days), strict=True):
        for day in order:
            world.generate(folder, start=day, end=day_after(day), workers=1)
    for day in days:
        for table in (PAYMENTS, FRAUD_LABELS):
            assert rows_of(folders[0], table, day).equals(rows_of(whole, table, day)), (table.name, day)
    assert data_of(folders[0]) == data_of(folders[1])
    entities = {key: found for key, found in data_of(whole).items() if "year=" not in key and "_payloom" not in key}
    assert len(entities) == 5
    assert entities.items() <= data_of(folders[0]).items()


@pytest.mark.full
def test_thirty_days_of_the_preset_itself(tmp_path) -> None:
    """Thirty dates in permuted order, a process each, give the rows of the world and the objects of the other order."""
    days, world = thirty(), World(make_config(preset=PRESET))
    assert len(set(days)) == 30
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, order in ((one, permuted(days)), (other, sorted(days))):
        for day in order:
            made = payloom("generate", "--preset", PRESET, "--day", day, "--out", str(folder), "--json")
            assert made.returncode == 0, made.stderr
    assert data_of(one) == data_of(other)
    for day in days:
        # A run of several days, of which this is one.
        start = max(date.fromisoformat(day) - timedelta(days=2), world.config.world.start)
        end = min(date.fromisoformat(day) + timedelta(days=3), world.config.world.end)
        asked = pl.col("event_time").dt.date() == date.fromisoformat(day)
        assert rows_of(one, PAYMENTS, day).equals(world.payments(start, end).filter(asked)), day
        assert rows_of(one, FRAUD_LABELS, day).equals(world.fraud_labels(start, end).filter(asked)), day


@pytest.mark.parametrize("day", ["2024-12-31", "2035-01-01", "2028-02-30"])
def test_a_day_that_is_not_in_it(day, tmp_path) -> None:
    """A day before or after the ten years, or none at all, is refused in one line with exit code 2; nothing is made."""
    run = payloom("generate", "--preset", PRESET, "--day", day, "--out", str(tmp_path / "out"), "--json")
    assert run.returncode == 2
    errors = [line for line in run.stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert day in errors[0]
    assert json.loads(run.stdout)["exit_code"] == 2
    assert not (tmp_path / "out").exists()


_MEASURE = """
import resource
import sys

from payloom.cli.main import run

code = run(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
# What getrusage says of memory counts the process that started this one.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(used.ru_utime + used.ru_stime, peak.split()[1])
sys.exit(code)
"""


@pytest.mark.full
@pytest.mark.parametrize("day", ["2025-01-01", "2029-12-24", "2034-12-31"])
def test_what_a_day_takes(day, tmp_path) -> None:
    """A day at the beginning, in the middle and at the end takes at most 8 CPU seconds and 512 MB."""
    made = subprocess.run(
        [
            sys.executable,
            "-c",
            _MEASURE,
            "generate",
            "--preset",
            PRESET,
            "--day",
            day,
            "--out",
            str(tmp_path),
            "--quiet",
        ],
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    cpu_seconds, peak_kb = made.stdout.split()
    assert float(cpu_seconds) <= 8
    assert int(peak_kb) <= 512_000
