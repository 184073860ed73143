"""Iceberg tables over a local data set, read with PyIceberg's own catalog and files, and with Polars."""

import logging
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table import TableProperties
from pyiceberg.table.snapshots import Operation
from pyiceberg.types import NestedField, StringType

from payloom import World
from payloom.catalog import iceberg_catalog
from payloom.catalog.iceberg import IcebergOptions
from payloom.catalog.iceberg_catalog import OptimisticCatalog
from payloom.catalog.iceberg_tables import IcebergTables
from payloom.catalog.published import published, rows_of
from payloom.errors import ConflictError, CorruptionError, PayloomError, TransientError
from payloom.pipeline.publish import PublishOptions, PublishSummary, publish
from payloom.pipeline.status import clean, status
from payloom.pipeline.verify import verify
from payloom.schema import PAYMENTS, TABLES
from payloom.storage.address import StoreOptions
from payloom.storage.local import LocalStore
from payloom.write.identity import read_identity
from tests.catalog.iceberg_tools import (
    CONFIG,
    DAYS,
    catalog,
    compact,
    listed,
    metadata,
    options,
    paths,
    write_days,
    write_other_bytes,
)
from tests.cli.shell import payloom

UTC = ZoneInfo("UTC")

pytestmark = [
    # Of PyIceberg: its readers leave closing to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*polars_iceberg.*"),
]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of four days, each made by itself."""
    return write_days(tmp_path_factory.mktemp("days"))


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Callable[..., IcebergTable]]:
    """Give what loads a table as a stranger would."""
    opened: list[SqlCatalog] = []

    def load(name: str = "payments", folder: Path = tmp_path) -> IcebergTable:
        opened.append(catalog(folder))
        return opened[-1].load_table(f"payloom.{name}")

    yield load
    for one in opened:
        one.close()


def send(source: Path, folder: Path, day: date | None = None, *, overwrite: bool = False) -> PublishSummary:
    """Publish to ``folder/out`` with tables in the catalog of `folder`."""
    chosen = PublishOptions(day=day, overwrite=overwrite, iceberg=options(folder))
    return publish(source, folder / "out", chosen)


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
    wanted = pl.concat([World(CONFIG).day(day) for day in DAYS]).sort("transaction_id")
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
    times = pl.concat([World(CONFIG).day(day) for day in DAYS])["event_time"]
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
    first, second = (World(CONFIG).day(day).height for day in DAYS[:2])
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
    assert read().scan().count() == sum(World(CONFIG).day(day).height for day in (DAYS[0], DAYS[3]))


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
    assert read().scan().count() == sum(World(CONFIG).day(day).height for day in DAYS[:2])


def test_publishers_at_once(days: Path, tmp_path: Path, read, count) -> None:
    """Publishers of the same days at the same time all succeed, and every file is in its table once."""
    for number in range(count(1, 20)):
        folder = tmp_path / str(number)
        folder.mkdir()
        failures: list[BaseException] = []

        def work(order: tuple[date, ...], folder: Path = folder, failures: list[BaseException] = failures) -> None:
            try:
                for day in order:
                    send(days, folder, day)
            except PayloomError as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(order,)) for order in (DAYS[:2], DAYS[1::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        names = [path.rpartition("/out/")[2] for path in paths(read("payments", folder))]
        assert names == sorted(key for key in listed(folder / "out"))
        assert verify(folder / "out").rows == read("payments", folder).scan().count()


def test_another_world_replaces_everything_in_one_snapshot(days: Path, tmp_path: Path, read) -> None:
    """With --overwrite no reader meets an empty table or a mixture: one snapshot has new files instead of the old."""
    send(days, tmp_path)
    old = {name: len(read(name).snapshots()) for name in TABLES}
    other = tmp_path / "other"
    World({"world": {**CONFIG["world"], "seed": 11, "rows": 900}}).generate(other, workers=1)
    with pytest.raises(ConflictError):
        send(other, tmp_path)
    done = send(other, tmp_path, overwrite=True)
    for change in done.tables:
        name = change.name.rpartition(".")[2]
        table = read(name)
        assert len(table.snapshots()) == old[name] + 1
        snapshot = table.current_snapshot()
        assert snapshot is not None
        assert snapshot.summary is not None
        assert snapshot.summary.operation == Operation.OVERWRITE
        assert [path.rpartition("/out/")[2] for path in paths(table)] == listed(other, name)
        assert table.scan().count() == change.rows == rows_of(published(LocalStore(other)), TABLES[name])
    assert verify(tmp_path / "out").rows == 900


def test_days_that_become_one_run_are_replaced(days: Path, tmp_path: Path, read) -> None:
    """The same world published as one run instead of days: units that are gone leave the table."""
    send(days, tmp_path, DAYS[0])
    whole = tmp_path / "whole"
    World(CONFIG).generate(whole, workers=1)
    send(whole, tmp_path, overwrite=True)
    assert [path.rpartition("/out/")[2] for path in paths(read())] == listed(whole)
    assert read().scan().count() == 1_200
    assert [key for key in read().properties if key.startswith("payloom.unit.")] == ["payloom.unit.full"]


def test_parts_with_other_bytes_are_replaced(days: Path, tmp_path: Path, read) -> None:
    """A unit whose parts keep their names and have other bytes is taken out and put in, in one snapshot."""
    source = shutil.copytree(days, tmp_path / "source")
    send(source, tmp_path)
    key = next(key for key in listed(source) if "month=02" in key)
    write_other_bytes(source, key)
    send(source, tmp_path, overwrite=True)
    table = read()
    assert paths(table) == sorted(set(paths(table)))
    assert table.scan().count() == rows_of(published(LocalStore(source)), PAYMENTS) < 1_200
    assert len(table.snapshots()) == len(DAYS) + 1


def test_a_lost_catalog_is_built_anew(days: Path, tmp_path: Path, read) -> None:
    """Without its database the tables are lost, not the data: publishing again makes them."""
    send(days, tmp_path)
    (tmp_path / "catalog.db").unlink()
    send(days, tmp_path)
    assert read().scan().count() == 1_200


def test_rewritten_files_are_not_added_again(days: Path, tmp_path: Path, read) -> None:
    """Another engine may compact the table: what it replaced stays out, and the next day comes in."""
    send(days, tmp_path, DAYS[0])
    compact(read(), tmp_path)
    assert not set(paths(read())) & {f"file://{tmp_path}/out/{key}" for key in listed(days)}
    send(days, tmp_path, DAYS[0])
    assert read().scan().count() == World(CONFIG).day(DAYS[0]).height
    send(days, tmp_path, DAYS[1])
    assert read().scan().count() == sum(World(CONFIG).day(day).height for day in DAYS[:2])


def test_what_was_rolled_back_comes_in_again(days: Path, tmp_path: Path, read) -> None:
    """The table shows what the manifests list, also after somebody turned it back."""
    send(days, tmp_path, DAYS[0])
    first = read().metadata.current_snapshot_id
    send(days, tmp_path, DAYS[1])
    assert first is not None
    read().manage_snapshots().rollback_to_snapshot(first).commit()
    assert read().scan().count() == World(CONFIG).day(DAYS[0]).height
    send(days, tmp_path, DAYS[1])
    assert read().scan().count() == sum(World(CONFIG).day(day).height for day in DAYS[:2])


def test_the_other_commands_take_the_metadata_for_what_it_is(days: Path, tmp_path: Path) -> None:
    """verify, status and clean see the data set alone."""
    send(days, tmp_path)
    before = sorted(path for path in (tmp_path / "out" / ".iceberg").rglob("*") if path.is_file())
    assert verify(tmp_path / "out").rows == 1_200
    found = status(tmp_path / "out")
    assert (found.strangers, found.orphans, found.wrong) == ((), (), ())
    assert clean(tmp_path / "out", older_than_seconds=0).removed == ()
    assert sorted(path for path in (tmp_path / "out" / ".iceberg").rglob("*") if path.is_file()) == before != []


def test_a_table_of_another_place_is_a_conflict(days: Path, tmp_path: Path) -> None:
    """One namespace shows one data set: a second is refused before anything is sent."""
    send(days, tmp_path)
    with pytest.raises(ConflictError, match="lies outside of") as refused:
        publish(days, tmp_path / "elsewhere", PublishOptions(iceberg=options(tmp_path), overwrite=True))
    assert "--namespace" in refused.value.hint
    assert not (tmp_path / "elsewhere" / "payments").exists()
    publish(days, tmp_path / "elsewhere", PublishOptions(iceberg=options(tmp_path, "second")))


def test_a_table_of_somebody_else_is_a_conflict(days: Path, tmp_path: Path) -> None:
    """A table that payloom did not make, or that has other columns, is never touched."""
    strange = catalog(tmp_path)
    strange.create_namespace("payloom")
    place = f"file://{tmp_path}/out/.iceberg/cards"
    strange.create_table("payloom.cards", Schema(NestedField(1, "a", StringType())), place)
    with pytest.raises(ConflictError, match="did not make it"):
        send(days, tmp_path)
    strange.drop_table("payloom.cards")
    send(days, tmp_path, DAYS[0])
    with strange.load_table("payloom.payments").update_schema() as update:
        update.add_column("score", StringType())
    strange.close()
    with pytest.raises(ConflictError, match="other columns"):
        send(days, tmp_path, DAYS[1])


def test_missing_metadata_is_said(days: Path, tmp_path: Path, read) -> None:
    """A catalog that names files that are gone gives one line and exit code 7."""
    send(days, tmp_path, DAYS[0])
    shutil.rmtree(tmp_path / "out" / ".iceberg" / "payments")
    with pytest.raises(CorruptionError, match=r"load the table payloom\.payments: .* is missing") as refused:
        send(days, tmp_path, DAYS[1])
    assert "--catalog" in refused.value.hint


def test_a_part_that_is_not_what_its_manifest_lists_is_not_added(days: Path, tmp_path: Path, read) -> None:
    """The footer is read where the part lies: a part that was changed there does not come into the table."""
    publish(days, tmp_path / "out", PublishOptions(day=DAYS[0]))
    publish(days, tmp_path / "out", PublishOptions(day=DAYS[1]))
    first, second = listed(tmp_path / "out")
    shutil.copyfile(days / second, tmp_path / "out" / first)
    store = LocalStore(tmp_path / "out")
    identity = read_identity(store)
    assert identity is not None
    with (
        closing(IcebergTables(store, options(tmp_path), StoreOptions())) as tables,
        pytest.raises(CorruptionError, match="not what its manifest lists"),
    ):
        tables.follow(identity, lambda: None)


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


@pytest.mark.parametrize(
    ("url", "namespace", "code", "said"),
    [
        ("nonsense", "payloom", 2, "address of a database"),
        ("sqlite://", "payloom", 2, "in memory"),
        ("sqlite:///:memory:", "payloom", 2, "in memory"),
        ("what://user:canary@host/x", "payloom", 2, "SQLAlchemy"),
        ("mysql+pymysql://user:canary@host/x", "payloom", 2, "driver pymysql"),
        ("postgresql://user:canary@host/x", "A.b", 2, "small letters"),
        ("sqlite:////no/such/folder/c.db", "payloom", 5, "unable to open"),
        ("sqlite:///{folder}/garbage.db", "payloom", 5, "not a database"),
    ],
)
def test_refusals_are_one_line(days: Path, tmp_path: Path, url: str, namespace: str, code: int, said: str) -> None:
    """What can't work says so in one line with the way out, before anything is sent and without a password."""
    (tmp_path / "garbage.db").write_bytes(b"no database at all" * 100)
    chosen = IcebergOptions(catalog=url.format(folder=tmp_path), namespace=namespace)
    with pytest.raises(PayloomError) as refused:
        publish(days, tmp_path / "out", PublishOptions(iceberg=chosen))
    shown = f"{refused.value.message} {refused.value.hint} {chosen!r} {refused.getrepr(chain=True, style='short')}"
    assert refused.value.exit_code == code
    assert said in refused.value.message
    assert "\n" not in refused.value.message
    assert "canary" not in shown
    assert not (tmp_path / "out" / "payments").exists()


def test_a_locked_database_may_be_free_later(days: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that another process holds is a fault that may pass: exit code 6."""
    monkeypatch.setattr(iceberg_catalog, "pause", lambda _attempt: None)
    send(days, tmp_path, DAYS[0])
    holder = sqlite3.connect(tmp_path / "catalog.db")
    holder.execute("BEGIN EXCLUSIVE")
    chosen = IcebergOptions(catalog=f"{options(tmp_path).catalog}?timeout=0.01")
    try:
        with pytest.raises(TransientError, match="locked"):
            publish(days, tmp_path / "out", PublishOptions(iceberg=chosen))
    finally:
        holder.close()
    publish(days, tmp_path / "out", PublishOptions(iceberg=chosen))


def test_options_of_tables_need_the_format(days: Path, tmp_path: Path) -> None:
    """--catalog and --namespace mean nothing for the Hive layout, so they are refused there."""
    done = payloom("publish", str(days), "out", "--catalog", "sqlite:///c.db", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 2)
    assert "belongs to --table-format iceberg" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_summary_has_the_tables(days: Path, tmp_path: Path) -> None:
    """The command line says what happened to each table, and finds the catalog where PyIceberg looks for it."""
    done = payloom(
        *("publish", str(days), "out", "--table-format", "iceberg"),
        cwd=tmp_path,
        PYICEBERG_CATALOG__PAYLOOM__URI=options(tmp_path).catalog,
    )
    assert done.returncode == 0, done.stderr
    assert "iceberg payloom.payments: 1,200 rows, 4 files added" in done.stdout
    assert done.stderr == ""
    assert (tmp_path / "catalog.db").exists()
