"""Places of an object are read without the rest of it, of one version, and again when the connection is cut."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from payloom.errors import StorageError, TransientError
from payloom.storage.address import Address, StoreOptions
from payloom.storage.local import LocalStore
from payloom.storage.object_ranges import AHEAD_BYTES, REQUEST_BYTES_MAX
from payloom.storage.object_store import ObjectStore
from tests.servers.counting import CountingProxy
from tests.servers.seaweed import SeaweedServer

DATA = np.random.default_rng(5).bytes(REQUEST_BYTES_MAX + 3 * AHEAD_BYTES + 11)


@pytest.fixture
def proxy(s3_server: SeaweedServer) -> Iterator[CountingProxy]:
    with CountingProxy(s3_server.address) as proxy:
        yield proxy


@pytest.fixture
def store(s3_server: SeaweedServer, proxy: CountingProxy, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """A bucket behind the proxy, with an object of random bytes."""
    for name, value in s3_server.env().items():
        monkeypatch.setenv(name, value)
    bucket = s3_server.bucket()
    s3_server.client().put_object(Bucket=bucket, Key="a/data", Body=DATA)
    return ObjectStore(Address("s3", bucket, "a"), StoreOptions(endpoint_url=proxy.endpoint, timeout_seconds=1))


@pytest.mark.parametrize(
    ("start", "size"),
    [
        (0, 1),
        (17, AHEAD_BYTES - 1),
        (AHEAD_BYTES - 3, 10),
        (5, AHEAD_BYTES),
        (3, REQUEST_BYTES_MAX + AHEAD_BYTES + 5),
        (len(DATA) - 9, 9),
        (len(DATA) - 9, 100),
        (len(DATA), 1),
        (len(DATA) + 5, 1),
    ],
)
def test_any_place_is_read(store: ObjectStore, start: int, size: int) -> None:
    """The bytes are those of the object, and the next read goes on where the last one ended."""
    with store.open_ranges("data") as file:
        assert file.seek(start) == start
        assert file.read(size) == DATA[start : start + size]
        assert file.tell() == max(min(start + size, len(DATA)), start)
        assert file.read(7) == DATA[start + size :][:7]


def test_the_whole_is_read_too(store: ObjectStore) -> None:
    """Without a size to its end, from the end backwards, and never before the start."""
    with store.open_ranges("data") as file:
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(DATA).digest()
        assert file.seek(-4, 2) == len(DATA) - 4
        assert file.read() == DATA[-4:]
        with pytest.raises(ValueError, match="no position -1"):
            file.seek(-1)


def test_small_reads_near_each_other_are_one_request(store: ObjectStore, proxy: CountingProxy) -> None:
    """A hundred reads of the end, backwards, take one request; a large read takes its own bytes and no more."""
    with store.open_ranges("data") as file:
        for back in range(100, 50_000, 500):
            file.seek(-back, 2)
            assert file.read(100) == DATA[-back:][:100]
        assert proxy.counts["get"] == 1
        assert proxy.sent_of("a/data") == AHEAD_BYTES
        file.seek(0)
        assert file.read(3 * AHEAD_BYTES) == DATA[: 3 * AHEAD_BYTES]
    assert proxy.counts["get"] == 2
    assert proxy.sent_of("a/data") == 4 * AHEAD_BYTES


def test_a_column_of_a_row_group_costs_its_bytes(store: ObjectStore, proxy: CountingProxy, tmp_path: Path) -> None:
    """Of a Parquet file of several megabytes a footer and one of 40 column chunks are fetched."""
    numbers = np.random.default_rng(6).integers(0, 1 << 62, (10, 80_000))
    file = tmp_path / "part.parquet"
    pq.write_table(pa.table({f"c{i}": column for i, column in enumerate(numbers)}), file, row_group_size=20_000)
    store.put("part.parquet", file.read_bytes())
    proxy.reset()
    with store.open_ranges("part.parquet") as source:
        column = pq.ParquetFile(source).read_row_group(2, columns=["c4"])["c4"]
    assert column.to_pylist() == numbers[4, 40_000:60_000].tolist()
    chunk = pq.read_metadata(file).row_group(2).column(4).total_compressed_size
    assert chunk <= proxy.sent_of("part.parquet") <= chunk + AHEAD_BYTES
    assert proxy.sent_of("part.parquet") < file.stat().st_size / 20


@pytest.mark.parametrize(
    "fault", ["truncated_reply", "lost_reply", "reset_before", "status_503_slowdown", "stall_reply"]
)
def test_a_cut_connection_loses_nothing(store: ObjectStore, proxy: CountingProxy, fault: str) -> None:
    """In the middle of a large read, whatever way it is cut."""
    with store.open_ranges("data") as file:
        file.seek(1)
        proxy.plan("get", fault, nth=2)
        assert file.read(REQUEST_BYTES_MAX + AHEAD_BYTES) == DATA[1 : 1 + REQUEST_BYTES_MAX + AHEAD_BYTES]
    assert [entry.fault for entry in proxy.faults] == [fault]


def test_a_connection_that_is_always_cut_ends_with_one_line(store: ObjectStore, proxy: CountingProxy) -> None:
    """After the usual patience, with what was tried and what to do."""
    hasty = ObjectStore(store.address, StoreOptions(endpoint_url=proxy.endpoint, timeout_seconds=0.3))
    with hasty.open_ranges("data") as file:
        proxy.plan("get", "truncated_reply", always=True)
        with pytest.raises(TransientError, match=r"cannot read s3://.*/a/data: the connection (was cut|failed)"):
            file.read(10)


def test_two_versions_are_never_mixed(store: ObjectStore, s3_server: SeaweedServer) -> None:
    """An object that is replaced between two reads ends the reading."""
    with store.open_ranges("data") as file:
        assert file.read(10) == DATA[:10]
        s3_server.client().put_object(Bucket=store.address.bucket, Key="a/data", Body=DATA[::-1])
        assert file.read(10) == DATA[10:20]
        file.seek(2 * AHEAD_BYTES)
        with pytest.raises(StorageError, match="was replaced meanwhile"):
            file.read(10)


def test_what_is_not_there_is_an_error(store: ObjectStore, tmp_path: Path) -> None:
    """In a bucket and in a folder alike."""
    for place in (store, LocalStore(tmp_path)):
        with pytest.raises(StorageError, match=r"cannot read .*nothing"):
            place.open_ranges("nothing")
