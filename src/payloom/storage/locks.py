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
        is_alone = _try_lock(descriptor, fcntl.LOCK_EX)
        if is_alone:
            store.clear_staging(every_run=True)
        # Without locks on this file system nobody can tell who else is there: then nothing of others is cleared.
        is_allowed = is_alone if alone else _lock_within(descriptor, fcntl.LOCK_SH)
        if is_allowed is False:
            raise ConflictError(
                f"another run is writing into {store.location}",
                hint="wait for it to end, or choose another place",
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


def _try_lock(descriptor: int, kind: int) -> bool | None:
    """Take a lock if it is free; None where the file system has no locks."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _lock_within(descriptor: int, kind: int) -> bool | None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while (is_taken := _try_lock(descriptor, kind)) is False and time.monotonic() <= deadline:
        time.sleep(_POLL_SECONDS)
    return is_taken
