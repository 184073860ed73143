"""Iceberg tables in a bucket of a real S3 server: readers, kills, races, faults, secrets."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table as IcebergTable

from payloom import World
from payloom.catalog.iceberg import CATALOG_VARIABLE
from payloom.catalog.published import published, rows_of
from payloom.errors import ConflictError, PayloomError
from payloom.pipeline.publish import PublishOptions, PublishSummary, publish
from payloom.pipeline.status import clean, status
from payloom.pipeline.verify import verify
from payloom.schema import TABLES
from payloom.storage.address import StoreOptions, open_store
from payloom.storage.local import LocalStore
from tests.catalog.iceberg_tools import CONFIG, DAYS, catalog, follow, heights, listed, options, paths, write_days
from tests.cli.shell import payloom
from tests.servers.proxy import FaultProxy
from tests.servers.seaweed import SeaweedServer

pytestmark = [
    pytest.mark.integration,
    # Of PyIceberg: its readers leave closing to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*polars_iceberg.*"),
]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of four days, each made by itself."""
    return write_days(tmp_path_factory.mktemp("days"))


@pytest.fixture(autouse=True)
def signed_in(s3_server: SeaweedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process the keys of the server, and nothing of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in s3_server.env().items():
        if name.startswith("AWS_") or name.lower() == "no_proxy":
            monkeypatch.setenv(name, value)


@pytest.fixture
def place(s3_server: SeaweedServer) -> str:
    """An address in a bucket of its own."""
    return f"s3://{s3_server.bucket()}/runs/a"


@pytest.fixture
def read(s3_server: SeaweedServer, tmp_path: Path) -> Iterator[Callable[..., IcebergTable]]:
    """Give what loads a table as a stranger does: PyIceberg's catalog and PyIceberg's S3."""
    opened: list[SqlCatalog] = []

    def load(name: str = "payments") -> IcebergTable:
        opened.append(catalog(tmp_path, **s3_properties(s3_server)))
        return opened[-1].load_table(f"payloom.{name}")

    yield load
    for one in opened:
        one.close()


def s3_properties(server: SeaweedServer) -> dict[str, str]:
    """Give what PyIceberg needs to read from the server."""
    return {
        "s3.endpoint": server.endpoint,
        "s3.access-key-id": server.access_key,
        "s3.secret-access-key": server.secret_key,
        "s3.region": "us-east-1",
    }


def send(source: Path | str, place: str, folder: Path, day: date | None = None, **chosen: Any) -> PublishSummary:
    """Publish with tables in the catalog of `folder`."""
    return publish(source, place, PublishOptions(day=day, iceberg=options(folder), **chosen))


def keys(table: IcebergTable, place: str) -> list[str]:
    """Give the keys of the files of the current snapshot."""
    return [path.removeprefix(f"{place}/") for path in paths(table)]


def test_readers_of_others_see_every_table(s3_server, days: Path, place: str, tmp_path: Path, read) -> None:
    """PyIceberg and Polars count what the manifests list, and a filter by time opens the files of that time."""
    done = send(days, place, tmp_path)
    manifests = published(LocalStore(days))
    for change in done.tables:
        name = change.name.rpartition(".")[2]
        table = read(name)
        rows = rows_of(manifests, TABLES[name])
        assert table.scan().count() == change.rows == rows
        assert keys(table, place) == listed(days, name)
        assert change.metadata_location.startswith(f"{place}/iceberg/{name}/metadata/")
        frame = pl.scan_iceberg(change.metadata_location, storage_options=s3_properties(s3_server))
        assert frame.select(pl.len()).collect().item() == rows
    february = read().scan("event_time >= '2025-02-01T00:00:00+00:00'")
    assert february.count() == heights(days, *DAYS[2:]) == february.to_arrow().num_rows
    assert len(list(february.plan_files())) == 2


def test_a_reader_never_sees_half_a_day(days: Path, place: str, tmp_path: Path, read) -> None:
    """Whoever counts while days are added sees whole days, and an old snapshot keeps its count."""
    send(days, place, tmp_path, DAYS[0])
    whole = {heights(days, *DAYS[:number]) for number in range(1, 5)}
    old, seen, stop = read(), [], threading.Event()

    def count_again_and_again() -> None:
        while not stop.is_set():
            seen.append(read().scan().to_arrow().num_rows)

    reader = threading.Thread(target=count_again_and_again)
    reader.start()
    for day in DAYS[1:]:
        send(days, place, tmp_path, day)
    stop.set()
    reader.join()
    seen.append(read().scan().count())
    assert set(seen) <= whole
    assert seen == sorted(seen)
    assert seen[-1] == 1_200
    assert (
        old.scan().count()
        == read().scan(snapshot_id=old.metadata.current_snapshot_id).count()
        == heights(days, DAYS[0])
    )


def test_again_and_overwritten(s3_server, days: Path, place: str, tmp_path: Path, read) -> None:
    """Published again no object changes; --overwrite with another world gives one more snapshot of that world alone."""
    bucket = place.split("/")[2]
    send(days, place, tmp_path)
    before = s3_server.keys_and_etags(bucket)
    assert {change.snapshots for change in send(days, place, tmp_path).tables} == {0}
    assert s3_server.keys_and_etags(bucket) == before
    other = tmp_path / "other"
    World({"world": {**CONFIG["world"], "seed": 11, "rows": 900}}).generate(other, workers=1)
    send(other, place, tmp_path, overwrite=True)
    for name in TABLES:
        assert keys(read(name), place) == listed(other, name)
        assert read(name).scan().count() == rows_of(published(LocalStore(other)), TABLES[name])
    assert len(read().snapshots()) == len(DAYS) + 1


def test_the_other_commands_leave_the_tables_alone(s3_server, days: Path, place: str, tmp_path: Path) -> None:
    """verify, status and clean see the data set alone, and so does a data set that has the bucket's root."""
    root = f"s3://{place.split('/')[2]}"
    for where, namespace in ((place, "inner"), (root, "outer")):
        publish(days, where, PublishOptions(iceberg=options(tmp_path, namespace)))
        before = s3_server.keys_and_etags(root.removeprefix("s3://"))
        assert verify(where).rows == 1_200
        found = status(where)
        assert (found.strangers, found.orphans, found.wrong) == ((), (), ())
        assert clean(where, older_than_seconds=0).removed == ()
        assert s3_server.keys_and_etags(root.removeprefix("s3://")) == before


def test_a_data_set_in_the_bucket_gets_tables(days: Path, place: str, tmp_path: Path, read) -> None:
    """Published to its own address, a data set that lies in a bucket already gets its tables, and nothing is sent."""
    publish(days, place)
    done = send(place, place, tmp_path)
    assert done.sent_parts == 0
    assert keys(read(), place) == listed(days)
    assert read().scan().count() == 1_200


def test_another_data_set_of_the_bucket_needs_its_own_tables(days: Path, place: str, tmp_path: Path) -> None:
    """A data set at the bucket's root is not the one below a prefix, though its address covers it."""
    send(days, place, tmp_path)
    root = f"s3://{place.split('/')[2]}"
    with pytest.raises(ConflictError, match=r"payloom\.payments already, at"):
        send(days, root, tmp_path, overwrite=True)
    assert list(open_store(root).list("payments")) == []


def test_no_secret_is_written(s3_server, days: Path, place: str, tmp_path: Path) -> None:
    """Neither key is in the catalog's database, in any object, or in what the command prints, also when it fails."""
    given = {name: value for name, value in s3_server.env().items() if name != "AWS_ENDPOINT_URL"}
    given |= {CATALOG_VARIABLE: options(tmp_path).catalog, "PAYLOOM_DEBUG": "1"}
    arguments = ("publish", str(days), place, "--table-format", "iceberg", "--endpoint-url", s3_server.endpoint)
    done = payloom(*arguments, **given)
    assert done.returncode == 0, done.stderr
    bucket, speaker = place.split("/")[2], s3_server.client()
    client_objects = [
        speaker.get_object(Bucket=bucket, Key=key)["Body"].read()
        for key in s3_server.keys_and_etags(bucket)
        if not key.endswith(".parquet")
    ]
    assert len(client_objects) > 4 * len(TABLES)
    for key in s3_server.keys_and_etags(bucket, "runs/a/iceberg/payments"):
        speaker.delete_object(Bucket=bucket, Key=key)
    failed = payloom(*arguments, "--day", DAYS[0].isoformat(), **given)
    assert failed.returncode == 7
    written = [(tmp_path / "catalog.db").read_bytes(), *client_objects]
    written += [text.encode() for run in (done, failed) for text in (run.stdout, run.stderr)]
    for secret in (s3_server.secret_key, s3_server.access_key):
        assert not any(secret.encode() in data for data in written)


RUN = """
import json, os, signal, sys
from datetime import date
from payloom.catalog.iceberg import IcebergOptions
from payloom.catalog.iceberg_catalog import OptimisticCatalog, RacedError
from payloom.errors import ConflictError, PayloomError
from payloom.pipeline.publish import PublishOptions, publish
asked = json.load(sys.stdin)
made, lost, real = [0], [0], OptimisticCatalog.commit_table
def commit_table(self, *given):
    made[0] += 1
    if made[0] == asked["kill_at"]:
        if asked["after"]:
            real(self, *given)
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        return real(self, *given)
    except RacedError:
        lost[0] += 1
        raise
OptimisticCatalog.commit_table = commit_table
chosen = IcebergOptions(catalog=asked["catalog"])
try:
    for day in asked["days"]:
        publish(asked["source"], asked["place"], PublishOptions(day=date.fromisoformat(day), iceberg=chosen))
except PayloomError as error:
    print(json.dumps({"error": error.message}))
    sys.exit(error.exit_code)
print(json.dumps({"commits": made[0], "lost": lost[0]}))
"""


def start(server: SeaweedServer, **asked: Any) -> subprocess.Popen[str]:
    """Start a process that publishes days one after the other."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=server.env(),
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"kill_at": 0, "after": False, **asked}))
    process.stdin.close()
    process.stdin = None
    return process


def test_killed_at_any_commit(s3_server, days: Path, tmp_path: Path, count) -> None:
    """kill -9 just before and after a commit: the next run adds what is missing, and nothing twice."""
    tried = 0
    for number in count((1, 6, 8, 9), tuple(range(1, 10))):
        for after in (False, True):
            place = f"s3://{s3_server.bucket()}"
            folder = tmp_path / f"{number}-{after}"
            folder.mkdir()
            asked = {"source": str(days), "place": place, "catalog": options(folder).catalog, "after": after}
            process = start(s3_server, **asked, kill_at=number, days=[day.isoformat() for day in DAYS[:2]])
            process.communicate(timeout=60)
            assert process.returncode == -signal.SIGKILL
            for day in DAYS[:2]:
                send(days, place, folder, day)
            reader = catalog(folder, **s3_properties(s3_server))
            there = published(open_store(place))
            for name, declared in TABLES.items():
                table = reader.load_table(f"payloom.{name}")
                assert keys(table, place) == sorted(
                    {part.key for one in there for part in one.parts if part.table == name and part.rows}
                )
                assert table.scan().count() == rows_of(there, declared)
            reader.close()
            tried += 1
    print(f"kills at a commit: {tried} tried, {tried} survived")


def test_publishers_at_once(s3_server, days: Path, tmp_path: Path, count) -> None:
    """Processes that publish the same days at the same time all succeed, and no file is in a table twice."""
    rounds, lost = count(2, 20), 0
    names = [day.isoformat() for day in DAYS]
    for number in range(rounds):
        place, folder = f"s3://{s3_server.bucket()}", tmp_path / str(number)
        folder.mkdir()
        asked = {"source": str(days), "place": place, "catalog": options(folder).catalog}
        orders = (names, names, names[::-1])
        ended = []
        for process in [start(s3_server, **asked, days=order) for order in orders]:
            out, err = process.communicate(timeout=180)
            ended.append((process.returncode, out, err))
        assert [code for code, _, _ in ended] == [0, 0, 0], ended
        lost += sum(json.loads(out)["lost"] for _, out, _ in ended)
        reader = catalog(folder, **s3_properties(s3_server))
        for name in TABLES:
            assert keys(reader.load_table(f"payloom.{name}"), place) == listed(days, name)
        reader.close()
        assert verify(place).rows == 1_200
    print(f"publishers at once: {rounds} races of 3 tried, {rounds} survived, {lost} commits lost and made again")
    assert lost > 0


FAULTS = ("status_500", "status_503_slowdown", "reset_before", "lost_reply", "reset_mid_body", "truncated_reply")
STAGES = {"create": 3, "put": 3, "get": 12, "head": 3}
"""Kinds of requests, and which of them the fault meets."""


def failure(work: Callable[[], object]) -> PayloomError | None:
    """Do some work and give what it failed with."""
    try:
        work()
    except PayloomError as error:
        return error
    return None


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_a_table_passes(s3_server, s3_proxy: FaultProxy, days, place, tmp_path, read, fault, stage):
    """A fault of the store while a table is written ends in the same table, at once or with the next run."""
    publish(days, place)
    through = StoreOptions(endpoint_url=s3_proxy.endpoint, timeout_seconds=1.0)
    there = open_store(place, through)
    s3_proxy.reset()
    s3_proxy.plan(stage, fault, nth=STAGES[stage])
    error = failure(lambda: follow(there, tmp_path, through))
    assert error is None or (error.exit_code, "\n" in error.message) == (6, False)
    (met,) = s3_proxy.faults
    assert "/iceberg/" in met.target or "/_payloom/manifests/" in met.target or met.target.endswith(".parquet")
    s3_proxy.reset()
    send(days, place, tmp_path, store=through)
    for name in TABLES:
        assert keys(read(name), place) == listed(days, name)
    assert read().scan().count() == 1_200
