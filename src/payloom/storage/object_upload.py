"""One object on its way: in one request, or as a multipart upload of which nobody sees a piece."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import obstore

from payloom.errors import PayloomError, StorageError
from payloom.storage.object_failures import object_error, object_faults

if TYPE_CHECKING:
    from payloom.storage.object_store import ObjectStore

REQUESTS_PER_FILE: Final = 3
"""Parts of one file that are on their way at the same time."""

UPLOAD_TIMEOUTS: Final = 4
"""Timeouts that an upload may take: of 60 seconds each they are enough for 2.5 Mbit/s with three files at a time."""

TOKEN: Final = "payloom-token"  # noqa: S105 - a name
"""Metadata: which attempt made the object, to tell a lost reply from somebody else's object."""


class ObjectUpload:
    """An object on its way: gathered in memory up to a part's size, beyond that a multipart upload.

    Parameters
    ----------
    store
        Where it goes.
    key
        Its key.
    sha256
        Digest of all its bytes, if known.
    """

    def __init__(self, store: ObjectStore, key: str, sha256: str) -> None:
        self._store, self._key, self._sha256 = store, key, sha256
        self._token = os.urandom(12).hex()
        self._gathered = bytearray()
        self._writer: Any = None

    def write(self, data: bytes | memoryview) -> int:
        """Append all of `data`."""
        view = memoryview(data).cast("B")
        if self._writer is None and len(self._gathered) + view.nbytes <= self._store.options.part_size_bytes:
            self._gathered += view
        else:
            with object_faults(self._action):
                self._multipart().write(view)
        return view.nbytes

    def commit(self, sha256: str) -> None:
        """Make the object visible, whole."""
        if self._writer is None:
            self._store.put_part(self._key, bytes(self._gathered), sha256)
            self._gathered.clear()
            return
        if self._sha256 and sha256 != self._sha256:
            self.abort()
            raise StorageError(f"cannot {self._action}: the bytes changed on the way", hint="run it again")
        try:
            with object_faults(self._action):
                self._writer.close()
        except (PayloomError, FileNotFoundError) as error:
            # The reply to the last request may be lost, and asking again finds no such upload.
            if not self._store.made_by(self._key, self._token):
                self.abort()
                raise error if isinstance(error, PayloomError) else object_error(error, self._action) from None
        self._writer = None

    def abort(self) -> None:
        """Forget the object and abort its multipart upload. Harmless after `commit`."""
        self._gathered.clear()
        writer, self._writer = self._writer, None
        if writer is not None:
            # It aborts when it leaves a block by an exception; what can't be reached is left for `payloom clean`.
            with suppress(Exception):
                writer.__exit__(StorageError, StorageError("aborted"), None)

    @property
    def _action(self) -> str:
        return f"write {self._store.shown(self._key)}"

    def _multipart(self) -> Any:
        if self._writer is None:
            attributes = self._store.part_attributes(self._sha256) | {TOKEN: self._token}
            self._writer = obstore.open_writer(
                self._store.upload_client,
                self._key,
                attributes=attributes,
                buffer_size=self._store.options.part_size_bytes,
                max_concurrency=REQUESTS_PER_FILE,
            )
            self._writer.write(self._gathered)
            self._gathered = bytearray()
        return self._writer
