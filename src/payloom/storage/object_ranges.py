"""An object that is read in pieces, so that a footer or a column of it can be had without the rest."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

import obstore
from obstore.exceptions import PreconditionError

from payloom.errors import StorageError, TransientError
from payloom.storage.object_failures import ATTEMPTS, RERUN, again, object_faults

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from obstore import GetOptions

    from payloom.storage.object_store import ObjectStore

_Answer = TypeVar("_Answer")

AHEAD_BYTES: Final = 64 << 10
"""What a small read fetches: the footer of a part in one request, as a rule."""

REQUEST_BYTES_MAX: Final = 8 << 20
"""A larger read is made of requests of this size: what is lost with a connection stays small."""


class ObjectRanges(io.RawIOBase):
    """A file for reading and seeking; each read is a request for these bytes, unless they came with the last one.

    All bytes are of one version of the object: when it is replaced meanwhile, reading ends with an error.

    Parameters
    ----------
    store
        Where the object lies.
    key
        Its key; it must exist.

    Raises
    ------
    FileNotFoundError
        If there is no such object.
    """

    def __init__(self, store: ObjectStore, key: str) -> None:
        super().__init__()
        self._store, self._key, self._at = store, key, 0
        about = self._again(lambda: obstore.head(store.client, key))
        self._size, self._version = int(about["size"]), about["e_tag"]
        self._block, self._block_start = b"", 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to another place; asks the store for nothing."""
        at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset
        if at < 0:
            raise ValueError(f"there is no position {at}")
        self._at = at
        return at

    def readinto(self, target: WriteableBuffer) -> int:
        """Fill `target` as far as the object goes, and return how many bytes that are.

        Raises
        ------
        StorageError, TransientError
            If the store refuses, or the object was replaced.
        """
        view = memoryview(target).cast("B")
        end = min(self._at + len(view), self._size)
        start = self._at
        while self._at < end:
            piece = self._piece(self._at, end)
            view[self._at - start : self._at - start + len(piece)] = piece
            self._at += len(piece)
        return max(end - start, 0)

    def _piece(self, start: int, end: int) -> memoryview:
        """Return bytes from `start` on, up to `end` at most."""
        if not self._block_start <= start < self._block_start + len(self._block):
            if end - start >= AHEAD_BYTES:
                return memoryview(self._fetch(start, min(end, start + REQUEST_BYTES_MAX)))
            # Near the end what lies before is fetched as well: footers are read from there backwards.
            self._block_start = max(min(start, self._size - AHEAD_BYTES), 0)
            self._block = self._fetch(self._block_start, min(self._block_start + AHEAD_BYTES, self._size))
        return memoryview(self._block)[start - self._block_start : end - self._block_start]

    def _fetch(self, start: int, end: int) -> bytes:
        options: GetOptions = {"range": (start, end)}
        if self._version:
            options["if_match"] = self._version

        def work() -> bytes:
            data = bytes(obstore.get(self._store.client, self._key, options=options).bytes())
            if len(data) != end - start:
                raise TransientError(f"cannot read {self._shown}: the answer is too short", hint=RERUN)
            return data

        return self._again(work)

    def _again(self, work: Callable[[], _Answer]) -> _Answer:
        def once() -> _Answer:
            with object_faults(f"read {self._shown}"):
                try:
                    return work()
                except PreconditionError:
                    raise StorageError(
                        f"cannot read {self._shown}: it was replaced meanwhile",
                        hint="run the same command again when nobody writes there",
                    ) from None

        return again(once, ATTEMPTS * self._store.options.timeout_seconds)

    @property
    def _shown(self) -> str:
        return self._store.shown(self._key)
