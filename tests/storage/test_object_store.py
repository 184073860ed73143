"""The object store against a real S3 server: whole or not at all, and honest about what it did."""

import hashlib
import pickle
import threading

import pytest

from payloom.errors import StorageError
from payloom.storage.address import Address, StoreOptions, open_store
from payloom.storage.object_store import ObjectStore
from payloom.storage.store import Entry
from tests.servers.seaweed import SeaweedServer

PART_BYTES = 5 << 20


@pytest.fixture
def options(s3_server, monkeypatch):
    """Sign in as the server's user; small parts and little patience."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    return StoreOptions(endpoint_url=s3_server.endpoint, part_size_bytes=PART_BYTES, timeout_seconds=10)


@pytest.fixture
def store(s3_server, options):
    return ObjectStore(Address("s3", s3_server.bucket(), "some/prefix"), options)


def raw(store: ObjectStore, s3_server: SeaweedServer) -> dict[str, int]:
    """The objects of the bucket by their full key, as another client sees them."""
    answer = s3_server.client().list_objects_v2(Bucket=store.address.bucket)
    return {item["Key"]: item["Size"] for item in answer.get("Contents", ())}


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES + 7])
def test_an_upload_is_invisible_until_it_is_committed(store, s3_server, size):
    """In one request or in several; what was aborted leaves nothing, not even an unfinished upload."""
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    upload = store.upload("a=1/b.bin")
    for start in range(0, size, 1 << 20):
        upload.write(memoryview(data)[start : start + (1 << 20)])
    assert store.size("a=1/b.bin") is None
    upload.commit(hashlib.sha256(data).hexdigest())
    upload.abort()
    assert raw(store, s3_server) == {"some/prefix/a=1/b.bin": size}
    assert store.size("a=1/b.bin") == size
    with store.open("a=1/b.bin") as file:
        assert file.read() == data
    aborted = store.upload("a=1/c.bin")
    aborted.write(data)
    aborted.abort()
    aborted.abort()
    assert list(raw(store, s3_server)) == ["some/prefix/a=1/b.bin"]
    assert store.unfinished() == []


def test_the_digest_comes_with_the_object_or_is_taken_from_its_bytes(store, s3_server):
    """Of a small object, of a large one whose digest was known, of a large one, and of somebody else's."""
    data = b"x" * (2 * PART_BYTES)
    digest = hashlib.sha256(data).hexdigest()
    for key, known in (("known", digest), ("unknown", "")):
        upload = store.upload(key, known)
        upload.write(data)
        upload.commit(digest)
        assert store.sha256(key) == digest
    s3_server.client().put_object(Bucket=store.address.bucket, Key="some/prefix/foreign", Body=b"abc")
    assert store.sha256("foreign") == hashlib.sha256(b"abc").hexdigest()
    assert store.sha256("nothing") is None


def test_bytes_that_change_on_the_way_are_not_published(store, s3_server):
    """A multipart upload that began under one digest can't end under another."""
    upload = store.upload("x", "0" * 64)
    upload.write(b"x" * (2 * PART_BYTES))
    with pytest.raises(StorageError, match="changed on the way"):
        upload.commit("1" * 64)
    assert raw(store, s3_server) == {}
    assert store.unfinished() == []


def test_create_has_one_winner(store):
    """Of many that create a key at once, one is told so, and its bytes stay."""
    won = []

    def create(number: int) -> None:
        if store.create("only", str(number).encode()):
            won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.read("only") == str(won[0]).encode()


def test_a_page_says_that_it_is_one(store, s3_server):
    """A browser shows pages that lie beside the data, and does not download them."""
    store.put("pages/index.html", b"<!doctype html>")
    store.put("pages/notes.json", b"{}")
    client, bucket = s3_server.client(), store.address.bucket
    kinds = {
        name: client.head_object(Bucket=bucket, Key=f"some/prefix/pages/{name}")["ContentType"]
        for name in ("index.html", "notes.json")
    }
    assert kinds["index.html"].startswith("text/html")
    assert not kinds["notes.json"].startswith("text/html")
    assert store.sha256("pages/index.html") == hashlib.sha256(b"<!doctype html>").hexdigest()


def test_reading_listing_and_deleting(store):
    """What is not there is None, or nothing; a folder is not its neighbour."""
    for key in ("b/2", "b/1", "bb/3", "a"):
        store.put(key, b"123")
    assert [(entry.key, entry.size) for entry in store.list()] == [("a", 3), ("b/1", 3), ("b/2", 3), ("bb/3", 3)]
    assert [entry.key for entry in store.list("b")] == ["b/1", "b/2"]
    assert list(store.list("nothing")) == []
    assert (store.read("nothing"), store.size("nothing")) == (None, None)
    store.delete("b/1")
    store.delete("b/1")
    assert [entry.key for entry in store.list("b")] == ["b/2"]
    assert all(abs(entry.modified_s - store.now_s()) < 60 for entry in store.list())


def test_unfinished_uploads_are_found_and_aborted(store, s3_server):
    """Those of a run that was killed; of neighbours in the bucket nothing is said."""
    client = s3_server.client()
    for key in ("some/prefix/x/y", "some/prefix2/z"):
        client.create_multipart_upload(Bucket=store.address.bucket, Key=key)
    found = store.unfinished()
    assert [entry.key for entry in found] == ["x/y"]
    store.discard_unfinished([Entry("other", 0, 0.0)])
    assert store.unfinished() == found
    store.discard_unfinished(found)
    assert store.unfinished() == []
    assert len(client.list_multipart_uploads(Bucket=store.address.bucket)["Uploads"]) == 1


def test_a_pickled_store_carries_no_credentials(store, monkeypatch, s3_server):
    """A worker finds its own; the secret is in no message between processes."""
    store.put("x", b"1")
    data = pickle.dumps(store)
    assert s3_server.secret_key.encode() not in data
    assert pickle.loads(data).read("x") == b"1"


def test_the_marker_of_a_missing_bucket_is_not_just_missing(s3_server, options):
    """A bucket that does not exist is said to be the reason."""
    with pytest.raises(StorageError, match="no such bucket") as caught:
        open_store("s3://payloom-no-such-bucket/x", options)
    assert caught.value.exit_code == 5


def test_storage_class_and_encryption_reach_the_server(s3_server, options):
    """The class is for data alone: records must be readable at once."""
    from dataclasses import replace

    chosen = replace(options, storage_class="STANDARD_IA", server_side_encryption="AES256")
    store = ObjectStore(Address("s3", s3_server.bucket(), ""), chosen)
    upload = store.upload("part")
    upload.write(b"1")
    upload.commit(hashlib.sha256(b"1").hexdigest())
    store.put("record", b"1")
    heads = {key: s3_server.client().head_object(Bucket=store.address.bucket, Key=key) for key in ("part", "record")}
    assert heads["part"].get("StorageClass") == "STANDARD_IA"
    assert heads["record"].get("StorageClass", "STANDARD") == "STANDARD"
    assert heads["part"].get("ServerSideEncryption") == "AES256"
