"""Iceberg tables over a local data set, read with PyIceberg's own catalog and files, and with Polars."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from pyiceberg.table import TableProperties

from payloom import World
from payloom.catalog.iceberg_catalog import OptimisticCatalog
from payloom.catalog.published import published, rows_of
from payloom.pipeline.publish import PublishOptions, publish
from payloom.pipeline.status import clean, status
from payloom.pipeline.verify import verify
from payloom.schema import PAYMENTS, TABLES
from payloom.storage.local import LocalStore
from tests.catalog.iceberg_tools import (
    CONFIG,
    DAYS,
    follow,
    heights,
    listed,
    metadata,
    options,
    paths,
    send,
)
from tests.cli.shell import payloom

UTC = ZoneInfo("UTC")

pytestmark = [
    # Of PyIceberg: its readers leave closing to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*polars_iceberg.*"),
]


def test_tables_show_what_the_manifests_list(days: Path, tmp_path: Path, read) -> None:
    """Every table has the rows, the columns with their meaning, and one snapshot for each unit of days."""
    done = send(days, tmp_path)
    manifests = published(LocalStore(days))
    assert [change.name.removeprefix("payloom.") for change in done.tables] == list(reversed(TABLES))
    for name, declared in TABLES.items():
        table = read(name)
        assert table.scan().count() == rows_of(manifests, declared)
        assert [path.removeprefix(f"file://{tmp_path}/out/") for path in paths(table)] == listed(days, name)
        assert [field.name for field in table.schema().fields] == list(declared.names)
        assert all(field.doc for field in table.schema().fields)
        with_rows = [one for one in manifests if any(part.rows and part.table == name for part in one.parts)]
        assert len(table.snapshots()) == (len(with_rows) if declared.by_month else 1)
    units = [snapshot.summary["payloom.unit"] for snapshot in read().snapshots()]
    assert units == [day.isoformat() for day in DAYS]


def test_rows_are_those_of_the_files(days: Path, tmp_path: Path, read) -> None:
    """PyIceberg and Polars read the same values as a reader of the files, short integers and codes included."""
    send(days, tmp_path)
    wanted = World(CONFIG).payments().sort("transaction_id")
    text = [name for name, kind in wanted.schema.items() if isinstance(kind, pl.Enum)]
    wanted = wanted.with_columns(pl.col(text).cast(pl.String), pl.col("local_offset_min").cast(pl.Int32))
    table = read()
    by_pyiceberg = pl.from_arrow(table.scan().to_arrow())
    assert isinstance(by_pyiceberg, pl.DataFrame)
    by_polars = pl.scan_iceberg(table.metadata_location).collect()
    for found in (by_pyiceberg, by_polars):
        codes = [name for name, kind in found.schema.items() if kind in (pl.Categorical, pl.Enum)]
        assert found.with_columns(pl.col(codes).cast(pl.String)).sort("transaction_id").equals(wanted)


def test_a_filter_by_time_opens_only_the_files_of_that_time(days: Path, tmp_path: Path, read) -> None:
    """A month is cut out by partitions, a day by the bounds of the files, and the counts are right."""
    send(days, tmp_path)
    table = read()
    times = pl.read_parquet(days / "payments/**/*.parquet", columns=["event_time"])["event_time"]
    for first, after, files in (
        (datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC), 2),
        (datetime(2025, 1, 31, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC), 1),
    ):
        scan = table.scan(f"event_time >= '{first.isoformat()}' and event_time < '{after.isoformat()}'")
        assert len(list(scan.plan_files())) == files
        assert scan.count() == times.is_between(first, after, closed="left").sum()


def test_published_again_nothing_changes(days: Path, tmp_path: Path, read) -> None:
    """A second publication makes no snapshot and no metadata."""
    before = send(days, tmp_path)
    again = send(days, tmp_path)
    assert {change.snapshots for change in again.tables} == {0}
    assert [(one.rows, one.metadata_location) for one in again.tables] == [
        (one.rows, one.metadata_location) for one in before.tables
    ]
    assert paths(read()) == sorted(set(paths(read())))


def test_a_reader_keeps_what_it_has_while_a_day_is_added(days: Path, tmp_path: Path, read) -> None:
    """Whoever loaded the table before sees the old rows, and so does whoever asks for the old snapshot."""
    first, second = (heights(days, day) for day in DAYS[:2])
    send(days, tmp_path, DAYS[0])
    old = read()
    send(days, tmp_path, DAYS[1])
    new = read()
    assert old.scan().count() == first
    assert new.scan().count() == first + second
    assert new.scan(snapshot_id=old.metadata.current_snapshot_id).count() == first
    assert len(read("customers").snapshots()) == 1


def test_days_in_any_order_give_the_same_table(days: Path, tmp_path: Path, read) -> None:
    """Days that come backwards, one of them twice, are all there once."""
    for day in (*reversed(DAYS), DAYS[2]):
        send(days, tmp_path, day)
    assert [path.rpartition("/out/")[2] for path in paths(read())] == listed(days)


def test_what_was_published_without_tables_comes_in_later(days: Path, tmp_path: Path, read) -> None:
    """The manifests decide: a day that a run without tables, or a killed one, had committed is added by the next."""
    publish(days, tmp_path / "out", PublishOptions(day=DAYS[3]))
    send(days, tmp_path, DAYS[0])
    assert read().scan().count() == heights(days, DAYS[0], DAYS[3])


KILL = """
import os, signal
from payloom.catalog import iceberg_catalog
from payloom.catalog.iceberg import IcebergOptions
from payloom.catalog.iceberg_catalog import OptimisticCatalog
made, real = [0], OptimisticCatalog.commit_table
def commit_table(self, *given):
    made[0] += 1
    if made[0] == {number}:
        if {after}:
            real(self, *given)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, *given)
OptimisticCatalog.commit_table = commit_table
"""


@pytest.mark.full
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_a_commit_the_next_run_finishes(days: Path, tmp_path: Path, read, after, count) -> None:
    """kill -9 just before or after a commit: the data set is whole, and the next run adds what is missing, once."""
    for number in count((12 if after else 5,), tuple(range(1, 14))):
        folder = tmp_path / str(number)
        folder.mkdir()
        killed = payloom(
            *("publish", str(days), str(folder / "out"), "--table-format", "iceberg"),
            *("--catalog", options(folder).catalog, "--quiet"),
            before=KILL.format(number=number, after=after),
        )
        assert killed.returncode == -9
        assert verify(folder / "out").rows == 1_200
        send(days, folder)
        for name in TABLES:
            assert [path.rpartition("/out/")[2] for path in paths(read(name, folder))] == listed(days, name)


def test_another_publisher_between_look_and_commit_adds_nothing_twice(
    days: Path, tmp_path: Path, read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever loses the race looks again: the winner's files are not added a second time."""
    real, rivals = OptimisticCatalog.commit_table, list(DAYS[:2])

    def commit_table(self: OptimisticCatalog, *given):
        if rivals:
            send(days, tmp_path, rivals.pop())
        return real(self, *given)

    monkeypatch.setattr(OptimisticCatalog, "commit_table", commit_table)
    send(days, tmp_path, DAYS[0])
    assert rivals == []
    for name in TABLES:
        expected = {key for key in listed(days, name) if not TABLES[name].by_month}
        found = [path.rpartition("/out/")[2] for path in paths(read(name))]
        assert len(found) == len(set(found))
        assert expected <= set(found)
    assert read().scan().count() == heights(days, *DAYS[:2])


@pytest.mark.full
def test_publishers_at_once(days: Path, tmp_path: Path, read, count) -> None:
    """Runs that bring the same days into the tables at the same time all succeed, and every file is there once."""
    for number in range(count(2, 30)):
        folder = tmp_path / str(number)
        publish(days, folder / "out", PublishOptions(day=DAYS[0]))
        publish(days, folder / "out", PublishOptions(day=DAYS[1]))
        with ThreadPoolExecutor(3) as threads:
            done = [threads.submit(follow, LocalStore(folder / "out"), folder) for _ in range(3)]
        changes = [change for one in done for change in one.result()]
        # Whatever was added was added by one of them.
        for name in TABLES:
            found = [path.rpartition("/out/")[2] for path in paths(read(name, folder))]
            assert found == listed(folder / "out", name)
            assert sum(one.added_files for one in changes if one.name == f"payloom.{name}") == len(found)


def test_the_other_commands_take_the_metadata_for_what_it_is(days: Path, tmp_path: Path) -> None:
    """verify, status and clean see the data set alone."""
    send(days, tmp_path)
    before = sorted(path for path in (tmp_path / "out" / ".iceberg").rglob("*") if path.is_file())
    assert verify(tmp_path / "out").rows == 1_200
    found = status(tmp_path / "out")
    assert (found.strangers, found.orphans, found.wrong) == ((), (), ())
    assert clean(tmp_path / "out", older_than_seconds=0).removed == ()
    assert sorted(path for path in (tmp_path / "out" / ".iceberg").rglob("*") if path.is_file()) == before != []


def test_readers_learn_how_to_read(days: Path, tmp_path: Path, read) -> None:
    """The table says how columns are found in files without ids, and that no engine may remove the files."""
    send(days, tmp_path, DAYS[0])
    kept = metadata(read())["properties"]
    assert TableProperties.DEFAULT_NAME_MAPPING in kept
    assert kept["gc.enabled"] == "false"
    assert kept["comment"] == PAYMENTS.description


def test_nothing_is_logged(days: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A publication that goes well leaves no warning of PyIceberg."""
    with caplog.at_level(logging.WARNING):
        send(days, tmp_path, DAYS[0])
    assert caplog.records == []


def test_a_table_without_rows(tmp_path: Path, read) -> None:
    """A world without fraud has a table of labels, and nothing in it."""
    World({"world": {**CONFIG["world"], "rows": 200, "fraud_rate": "0"}}).generate(tmp_path / "data", workers=1)
    done = send(tmp_path / "data", tmp_path)
    (labels,) = (change for change in done.tables if change.name.endswith("fraud_labels"))
    assert (labels.rows, labels.added_files) == (0, read("fraud_labels").scan().count()) == (0, 0)


def test_the_summary_has_the_tables(days: Path, tmp_path: Path) -> None:
    """The command line says what happened to each table, and finds the catalog where PyIceberg looks for it."""
    done = payloom(
        *("publish", str(days), "out", "--table-format", "iceberg"),
        cwd=tmp_path,
        PYICEBERG_CATALOG__PAYLOOM__URI=options(tmp_path).catalog,
    )
    assert done.returncode == 0, done.stderr
    assert "iceberg payloom.payments: 1,200 rows, 4 files added" in done.stdout
    # A slow machine shows progress, and nothing else is to be seen there.
    assert "iceberg" not in done.stderr.lower()
    assert (tmp_path / "catalog.db").exists()
