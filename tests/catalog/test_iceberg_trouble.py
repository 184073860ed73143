"""Iceberg tables when something else changes them, is in the way, or refuses."""

import shutil
import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.table.snapshots import Operation
from pyiceberg.types import NestedField, StringType
from sqlalchemy.exc import OperationalError

from payloom import World
from payloom.catalog import iceberg_catalog
from payloom.catalog.iceberg import IcebergOptions
from payloom.catalog.published import published, rows_of
from payloom.errors import ConflictError, CorruptionError, PayloomError, TransientError
from payloom.pipeline.publish import PublishOptions, publish
from payloom.pipeline.verify import verify
from payloom.schema import PAYMENTS, TABLES
from payloom.storage.local import LocalStore
from tests.catalog.iceberg_tools import (
    CONFIG,
    DAYS,
    catalog,
    compact,
    follow,
    heights,
    listed,
    options,
    paths,
    send,
    write_other_bytes,
)
from tests.cli.shell import payloom

UTC = ZoneInfo("UTC")

pytestmark = [
    # Of PyIceberg: its readers leave closing to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*polars_iceberg.*"),
]


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
    assert read().scan().count() == heights(days, DAYS[0])
    send(days, tmp_path, DAYS[1])
    assert read().scan().count() == heights(days, *DAYS[:2])


def test_what_was_rolled_back_comes_in_again(days: Path, tmp_path: Path, read) -> None:
    """The table shows what the manifests list, also after somebody turned it back."""
    send(days, tmp_path, DAYS[0])
    first = read().metadata.current_snapshot_id
    send(days, tmp_path, DAYS[1])
    assert first is not None
    read().manage_snapshots().rollback_to_snapshot(first).commit()
    assert read().scan().count() == heights(days, DAYS[0])
    send(days, tmp_path, DAYS[1])
    assert read().scan().count() == heights(days, *DAYS[:2])


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
    with pytest.raises(CorruptionError, match="not what its manifest lists"):
        follow(LocalStore(tmp_path / "out"), tmp_path)


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


def test_a_database_that_is_locked_for_a_moment_is_asked_again(
    days: Path, tmp_path: Path, read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that found the database locked is made again, and a failure that leaves doubt ends the run."""
    real, refusals = SqlCatalog.commit_table, ["database is locked", "database is locked"]

    def commit_table(self: SqlCatalog, *given):
        if refusals:
            raise OperationalError("UPDATE", {}, sqlite3.OperationalError(refusals.pop()))
        return real(self, *given)

    monkeypatch.setattr(SqlCatalog, "commit_table", commit_table)
    send(days, tmp_path, DAYS[0])
    assert refusals == []
    assert len(paths(read())) == 1
    refusals.append("connection timeout expired")
    with pytest.raises(TransientError, match="timeout expired"):
        send(days, tmp_path, DAYS[1])
    send(days, tmp_path, DAYS[1])
    assert read().scan().count() == heights(days, *DAYS[:2])


def test_options_of_tables_need_the_format(days: Path, tmp_path: Path) -> None:
    """--catalog and --namespace mean nothing for the Hive layout, so they are refused there."""
    done = payloom("publish", str(days), "out", "--catalog", "sqlite:///c.db", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 2)
    assert "belongs to --table-format iceberg" in done.stderr
    assert not (tmp_path / "out").exists()
