"""The same rows for any cells, chunks, tiles, order, workers and slices."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payloom.cell import assembly, bounds
from payloom.cell import source as source_module
from payloom.cell.source import PaymentsSource
from payloom.config import make_config
from payloom.engine.task import Resources
from payloom.pipeline.generate import GenerateOptions, generate
from tests.cell.logical_digest import column_digests
from tests.cell.worlds import (
    ODD_WORLD,
    World,
    between,
    day_range,
    default_world,
    make,
    odd_world,
    payment_jobs,
    produce,
)
from tests.counts import count

DAY_TABLES = ("payments", "fraud_labels")

BUSY_MONTH: dict[str, Any] = {
    "world": {"rows": count(24_000, 1_500_000), "start": "2025-03-01", "end": "2025-04-01", "fraud_rate": 0.02},
    "layout": {"row_group_mb": 1},
}
"""One month with the changes to summer time of both America and Europe, in row groups of some thousand rows."""


def digests(tables: dict[str, pa.Table]) -> dict[str, dict[str, str]]:
    return {name: column_digests(tables[name]) for name in DAY_TABLES}


@pytest.fixture
def small_cells(monkeypatch) -> PaymentsSource:
    monkeypatch.setattr(source_module, "MIN_CELL_ROWS", 1)
    return PaymentsSource(make_config(BUSY_MONTH))


def test_many_cells_equal_one_cell(small_cells) -> None:
    """A month cut into many cells holds the rows, in the order, of the month in one cell."""
    jobs = payment_jobs(small_cells)
    assert len(jobs) >= 3
    whole = make(BUSY_MONTH | {"layout": {"row_group_mb": 1024}})
    assert digests(produce(small_cells.open(), jobs)) == digests(whole.tables)


def test_cells_in_any_order_and_alone(small_cells) -> None:
    """A cell has the same rows whether it is made first, last, twice or by a process that makes nothing else."""
    jobs = payment_jobs(small_cells)
    forward = {job.name: digests(produce(small_cells.open(), [job])) for job in jobs}
    other = PaymentsSource(small_cells.config).open()
    backward = {job.name: digests(produce(other, [job])) for job in reversed(jobs)}
    assert backward == forward
    for job in (jobs[0], jobs[-1]):
        assert digests(produce(other, [job])) == forward[job.name]
        assert digests(produce(PaymentsSource(small_cells.config).open(), [job])) == forward[job.name]


def test_months_in_any_order() -> None:
    """Month by month backwards gives the rows of the whole period at once."""
    source = PaymentsSource(make_config(ODD_WORLD))
    producer, jobs = source.open(), payment_jobs(source)
    parts = {job.name: produce(producer, [job]) for job in reversed(jobs)}
    joined = {name: pa.concat_tables([parts[job.name][name] for job in jobs]) for name in DAY_TABLES}
    assert digests(joined) == digests(odd_world().tables)


@pytest.mark.parametrize("spending_rows", [pytest.param(1_024, marks=pytest.mark.full), 3_072, 1 << 40])
def test_chunk_size_does_not_matter(monkeypatch, spending_rows) -> None:
    """Rows do not depend on how many are made together."""
    monkeypatch.setattr(bounds, "CHUNK", spending_rows)
    source = PaymentsSource(make_config(BUSY_MONTH))
    assert digests(produce(source.open(), payment_jobs(source))) == digests(make(BUSY_MONTH).tables)


@pytest.mark.parametrize("rows", [pytest.param(61, marks=pytest.mark.full), 997, 1 << 40])
def test_tile_size_does_not_matter(monkeypatch, rows) -> None:
    """Rows do not depend on how many are decided together."""
    monkeypatch.setattr(assembly, "TILE", rows)
    source = PaymentsSource(make_config(ODD_WORLD))
    assert digests(produce(source.open(), payment_jobs(source))) == digests(odd_world().tables)


@pytest.mark.parametrize("layout", [{"row_group_mb": 1}, {"row_group_mb": 999, "compression": "zstd"}])
def test_layout_does_not_matter(layout) -> None:
    """Row groups and compression decide the files, never the rows."""
    values = {"world": {"rows": 20_000, "start": "2025-05-01", "end": "2025-06-01"}}
    assert digests(make(values | {"layout": layout}).tables) == digests(make(values).tables)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


@pytest.mark.parametrize("workers", [2, pytest.param(8, marks=pytest.mark.full)])
def test_number_of_workers_does_not_matter(tmp_path, workers) -> None:
    """One, two and eight processes write the same files, byte for byte."""
    values = {"world": {"rows": count(3_000, 300_000), "end": "2025-04-01"}}
    for number in (1, workers):
        generate(
            PaymentsSource(make_config(values)),
            tmp_path / str(number),
            GenerateOptions(resources=Resources(workers=number)),
        )
    one, many = tree(tmp_path / "1"), tree(tmp_path / str(workers))
    assert one.keys() == many.keys()
    assert [name for name in one if one[name] != many[name]] == []
    parts = [tmp_path / "1" / name for name in one if name.startswith("payments")]
    assert sum(pq.read_metadata(part).num_rows for part in parts) == values["world"]["rows"]


def assert_slice(world: World, values: dict[str, Any], first: str, end: str) -> None:
    source = PaymentsSource(world.config, day_range(first, end))
    made = produce(source.open(), payment_jobs(source))
    expected = {name: between(world.tables[name], first, end) for name in DAY_TABLES}
    assert made["payments"].num_rows == expected["payments"].num_rows
    assert digests(made) == digests(expected)


@pytest.mark.parametrize(
    ("first", "end"),
    [
        pytest.param("2025-01-01", "2025-01-02", id="first day"),
        pytest.param("2025-12-31", "2026-01-01", id="last day"),
        pytest.param("2025-03-09", "2025-03-10", id="DST begins in America"),
        pytest.param("2025-03-30", "2025-03-31", id="DST begins in Europe"),
        pytest.param("2025-10-26", "2025-10-27", id="DST ends in Europe"),
        pytest.param("2025-11-02", "2025-11-03", id="DST ends in America"),
        pytest.param("2025-06-30", "2025-07-01", id="last of a month"),
        pytest.param("2025-07-01", "2025-07-02", id="first of a month"),
        pytest.param("2025-02-27", "2025-03-02", id="over a month's border"),
        pytest.param("2025-01-31", "2025-04-02", id="over three borders"),
        pytest.param("2025-11-28", "2025-11-29", id="Black Friday"),
    ],
)
def test_day_equals_its_slice_of_the_whole_run(first, end) -> None:
    """Days made alone are, row for row, what the full run has for them."""
    assert_slice(default_world(), {}, first, end)


@pytest.mark.parametrize(
    ("first", "end"),
    [
        pytest.param("2024-02-29", "2024-03-01", id="leap day"),
        pytest.param("2024-02-28", "2024-03-01", id="to the end of February"),
        pytest.param("2023-11-20", "2023-11-21", id="first day within a month"),
        pytest.param("2024-03-11", "2024-03-12", id="last day within a month"),
        pytest.param("2023-12-31", "2024-01-01", id="New Year's Eve"),
    ],
)
def test_day_equals_its_slice_in_a_leap_year(first, end) -> None:
    """The same in a period with a leap day that begins and ends within a month."""
    assert_slice(odd_world(), ODD_WORLD, first, end)


@settings(max_examples=count(5, 100))
@given(st.integers(0, 112), st.integers(1, 113))
def test_any_slice(first, days) -> None:
    """Any range of days is what the full run has for it."""
    start = date(2023, 11, 20) + timedelta(days=first)
    end = min(start + timedelta(days=days), date(2024, 3, 12))
    assert_slice(odd_world(), ODD_WORLD, str(start), str(end))


@pytest.mark.full
def test_every_day_alone_makes_the_year() -> None:
    """A daily job over all days, in any order, makes the rows of the whole run."""
    days = [str(date(2023, 11, 20) + timedelta(days=n)) for n in range(114)]
    made = {}
    for first, end in reversed(list(pairwise(days))):
        source = PaymentsSource(make_config(ODD_WORLD), day_range(first, end))
        made[first] = produce(source.open(), payment_jobs(source))
    joined = {name: pa.concat_tables([made[day][name] for day in days[:-1]]) for name in DAY_TABLES}
    assert digests(joined) == digests(odd_world().tables)


def test_entities_do_not_depend_on_the_days_asked_for() -> None:
    """Customers, accounts, cards, devices and merchants belong to the world: a slice has the same."""
    slice_of = make(ODD_WORLD, "2024-02-01", "2024-02-02")
    for table in ("customers", "accounts", "cards", "devices", "merchants"):
        assert column_digests(slice_of.tables[table]) == column_digests(odd_world().tables[table]), table
