"""What the writer needs of a place that keeps files; a folder or an object store can give it."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A stored file.

    Attributes
    ----------
    key
        Its key.
    size
        Bytes; -1 for what is no regular file.
    modified_s
        When it was written, seconds since 1970-01-01 UTC.
    """

    key: str
    size: int
    modified_s: float


class Upload(Protocol):
    """A file on its way; nobody sees it before `commit`, and nobody ever sees a part of it."""

    def write(self, data: bytes | memoryview) -> int:
        """Append all of `data` and return its length."""
        ...

    def commit(self, sha256: str) -> None:
        """Make the file visible under its key, whole and durable; replaces what was there.

        `sha256` is the digest of what was written; an object store keeps it with the object.
        """
        ...

    def abort(self) -> None:
        """Forget the file. Harmless after `commit` and when called twice."""
        ...


class Store(Protocol):
    """Files by key. A key is a relative POSIX path without empty, ``.`` or ``..`` parts.

    Every method raises `StorageError` when the storage refuses for good and `TransientError` when
    the same call may work later. A store is picklable, so that workers can write too.
    """

    @property
    def location(self) -> str:
        """The root as a person would write it."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether others keep things of their own beside the data set, as in a bucket."""
        ...

    @property
    def upload_bytes(self) -> int:
        """Memory that one upload may take."""
        ...

    def upload(self, key: str, sha256: str = "") -> Upload:
        """Begin to write a file; `sha256` is its digest if that is known beforehand."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Write a small file whole; replaces what was there."""
        ...

    def create(self, key: str, data: bytes) -> bool:
        """Write a small file whole unless the key exists; say whether this call made it."""
        ...

    def read(self, key: str) -> bytes | None:
        """Return the content of a small file, or None if there is none."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading from one end to the other; it must exist. An object is fetched first."""
        ...

    def open_ranges(self, key: str) -> BinaryIO:
        """Open a file of which only some places are read; it must exist. Of an object nothing else is fetched."""
        ...

    def size(self, key: str) -> int | None:
        """Return the size in bytes, or None if there is no such file."""
        ...

    def sha256(self, key: str) -> str | None:
        """Return the digest of a file's bytes, or None if there is no such file.

        An object store answers with the digest that came with the object, if one did; only reading tells more.
        """
        ...

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield every file below a folder, sorted by key."""
        ...

    def delete(self, key: str) -> None:
        """Remove a file; harmless if there is none."""
        ...

    def writing(self, *, alone: bool) -> AbstractContextManager[None]:
        """Hold the right to write: together with other runs, or `alone`.

        Raises
        ------
        ConflictError
            If another run holds a right that excludes this one.
        """
        ...

    def unfinished(self) -> builtins.list[Entry] | None:
        """Return what runs, dead or alive, have begun to write and nobody can see; None if the store can't tell."""
        ...

    def now_s(self) -> float:
        """Return the time by the clock that stamps the files, seconds since 1970-01-01 UTC."""
        ...

    def discard_unfinished(self, entries: Iterable[Entry]) -> None:
        """Remove unfinished files that `unfinished` named."""
        ...
