"""Locks between runs that share a local folder; the system drops them when a process dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from payloom.errors import ConflictError
from payloom.storage.failures import storage_faults

_WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.02


class Lockable(Protocol):
    """A store in a local folder."""

    @property
    def location(self) -> str:
        """The root as a person would write it."""
        ...

    def own_folder(self) -> Path:
        """Return the folder that holds the lock files."""
        ...

    def clear_staging(self, *, every_run: bool) -> None:
        """Remove staged files."""
        ...


@contextmanager
def writing(store: Lockable, *, alone: bool) -> Iterator[None]:
    """Hold the right to write into a folder.

    The first run that is alone clears what dead runs left in staging, then lets others in.
    """
    with _opened(store, "running.lock") as descriptor:
        if _try_lock(descriptor, fcntl.LOCK_EX):
            store.clear_staging(every_run=True)
            if not alone:
                fcntl.flock(descriptor, fcntl.LOCK_SH)
        elif alone or not _lock_within(descriptor, fcntl.LOCK_SH):
            raise ConflictError(
                f"another run is writing into {store.location}",
                hint="wait for it to end, or choose another --out",
            )
        try:
            yield
        finally:
            store.clear_staging(every_run=False)


@contextmanager
def _opened(store: Lockable, name: str) -> Iterator[int]:
    path = store.own_folder() / name
    with storage_faults(f"lock {store.location}"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    """Take a lock if it is free; a file system without locks counts as free."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _lock_within(descriptor: int, kind: int) -> bool:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not _try_lock(descriptor, kind):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
