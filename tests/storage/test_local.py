"""The local store: whole or not at all, in the right order, with errors a person can act on."""

import errno
import os
import pickle
import sys
import threading
from pathlib import Path

import pytest

from payloom.errors import ConflictError, StorageError, TransientError
from payloom.storage.failures import storage_error
from payloom.storage.local import LocalStore
from tests.faults.trees import tree


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "out")


def test_an_upload_is_invisible_until_it_is_committed(store):
    """Nobody sees a part of a file, and an aborted one leaves nothing."""
    upload = store.upload("a/b.bin")
    upload.write(b"12")
    upload.write(memoryview(b"345"))
    assert store.size("a/b.bin") is None
    upload.commit("")
    assert store.read("a/b.bin") == b"12345"
    upload.abort()
    aborted = store.upload("a/c.bin")
    aborted.write(b"x")
    aborted.abort()
    aborted.abort()
    store.clear_staging(every_run=False)
    assert tree(store.root).keys() == {"a/b.bin"}


@pytest.mark.skipif(sys.platform != "linux", reason="finds the names of open files in /proc")
def test_bytes_are_durable_before_the_name_and_the_name_before_the_end(store, monkeypatch):
    """write, fsync of the file, rename, fsync of its folder; a new folder is fsynced in its parent."""
    done: list[tuple[str, str]] = []

    def watched(name: str) -> None:
        call = getattr(os, name)

        def instead(*args, **kwargs):
            what = str(Path(f"/proc/self/fd/{args[0]}").readlink()) if isinstance(args[0], int) else str(args[0])
            done.append((name, what))
            return call(*args, **kwargs)

        monkeypatch.setattr(os, name, instead)

    for name in ("write", "fsync", "rename", "mkdir"):
        watched(name)
    store.put("a/b.bin", b"12")
    staged = next(what for name, what in done if name == "write")
    root = str(store.root)
    assert [step for step in done if step[0] != "mkdir" and step != ("fsync", root)][-4:] == [
        ("write", staged),
        ("fsync", staged),
        ("rename", staged),
        ("fsync", f"{root}/a"),
    ]
    for name, what in done:
        if name == "mkdir":
            assert ("fsync", what.rpartition("/")[0]) in done[done.index((name, what)) :]


def test_create_has_one_winner(store):
    """Of many that create a key at once, one is told so, and its bytes stay."""
    won = []

    def create(number: int) -> None:
        if store.create("x/only", str(number).encode()):
            won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.read("x/only") == str(won[0]).encode()


def test_create_works_where_links_do_not(store, monkeypatch):
    """A file system without hard links still creates once."""

    def refuse(*args, **kwargs):
        raise OSError(errno.ENOTSUP, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert store.create("x", b"1")
    assert not store.create("x", b"2")
    assert store.read("x") == b"1"


def test_listing_names_everything_and_follows_nothing(store, tmp_path):
    """Files in a fixed order; a link is an entry without a size."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/secret").write_text("x")
    for key in ("b/2", "b/1", "a"):
        store.put(key, b"123")
    (store.root / "b/link").symlink_to(tmp_path / "elsewhere")
    found = [(entry.key, entry.size) for entry in store.list() if not entry.key.startswith("_payloom")]
    assert found == [("a", 3), ("b/1", 3), ("b/2", 3), ("b/link", -1)]
    assert [entry.key for entry in store.list("b")] == ["b/1", "b/2", "b/link"]
    assert list(store.list("nothing")) == []


def test_deleting_takes_empty_folders_along(store):
    """The root stays, and so does what is not empty."""
    store.put("a/b/c", b"")
    store.put("a/d", b"")
    store.delete("a/b/c")
    store.delete("a/b/c")
    assert sorted(path.name for path in (store.root / "a").iterdir()) == ["d"]


def test_a_pickled_store_stages_in_the_same_place(store):
    """Workers write into the run's own staging folder, under names that never meet."""
    copy = pickle.loads(pickle.dumps(store))
    uploads = [store.upload("a"), copy.upload("b")]
    assert len({path.parent for path in (store.root / "_payloom/staging").rglob("*-a")}) == 1
    assert len(list((store.root / "_payloom/staging").glob("*/*"))) == 2
    for upload in uploads:
        upload.abort()
    store.clear_staging(every_run=False)
    assert not (store.root / "_payloom/staging").exists()


def test_staging_of_the_dead_is_cleared_and_that_of_the_living_is_not(tmp_path):
    """The first run that is alone clears; a second one, beside it, leaves its files alone."""
    dead, first, second = (LocalStore(tmp_path / "out") for _ in range(3))
    dead.upload("a")
    with first.writing(alone=False):
        assert not (tmp_path / "out/_payloom/staging").exists()
        upload = first.upload("b")
        upload.write(b"1")
        with second.writing(alone=False):
            pass
        upload.commit("")
    assert first.read("b") == b"1"


def test_a_run_that_wants_to_be_alone_is_refused_beside_another(tmp_path):
    """Replacing a data set under a running writer would mix the two."""
    right = LocalStore(tmp_path).writing(alone=True)
    with LocalStore(tmp_path).writing(alone=False), pytest.raises(ConflictError, match="another run is writing"):
        right.__enter__()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "no space is left"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EIO, "input/output error"),
        (errno.EFBIG, "larger than"),
        (errno.ENXIO, "No such device"),
    ],
)
def test_a_system_error_becomes_one_line_with_cause_and_next_step(code, words):
    """Exit code 5, no traceback to read."""
    error = storage_error(OSError(code, os.strerror(code)), "write data/x.parquet")
    assert isinstance(error, StorageError)
    assert error.exit_code == 5
    assert words in error.message
    assert "data/x.parquet" in error.message
    assert error.hint
    assert "\n" not in error.message + error.hint


def test_an_error_that_may_pass_says_so():
    """A stale handle of a network file system is worth another try."""
    error = storage_error(OSError(errno.ESTALE, "Stale file handle"), "write x")
    assert isinstance(error, TransientError)
    assert error.retryable


def test_a_broken_link_is_named(tmp_path):
    """An output folder that is a dangling link, or lies behind one, is refused and nothing is made."""
    (tmp_path / "link").symlink_to("nowhere")
    for root in (tmp_path / "link", tmp_path / "link/out"):
        with pytest.raises(StorageError, match="link is a broken link, to nowhere"):
            LocalStore(root)
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_a_file_in_the_way_is_named(tmp_path):
    """An output folder that is a file, or lies in one, is refused as such."""
    (tmp_path / "file").write_text("x")
    for root in (tmp_path / "file", tmp_path / "file/out"):
        with pytest.raises(StorageError, match="not a folder"):
            LocalStore(root)
    with pytest.raises(StorageError, match="file: it is a file, not a folder"):
        LocalStore(tmp_path / "file")
    with pytest.raises(StorageError, match="NUL"):
        LocalStore("a\0b")
