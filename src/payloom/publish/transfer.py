"""Parts from one store to another: what has arrived is kept, what is sent is checked on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock
from typing import Final, TypeVar

from payloom.errors import CorruptionError
from payloom.storage.store import Store
from payloom.write.parts import OTHER_BYTES, Part, damage

BytesCallback = Callable[[int, int], None]
"""Told of bytes that have arrived or were there, and of all bytes; called from one thread."""

_READ_BYTES: Final = 1 << 20
_TELL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Transfer:
    """What was sent.

    Attributes
    ----------
    sent_parts, sent_bytes
        What was uploaded.
    kept_parts, kept_bytes
        What was there already, with the same size and digest.
    """

    sent_parts: int
    sent_bytes: int
    kept_parts: int
    kept_bytes: int


_Result = TypeVar("_Result")


class _Counter:
    """Bytes done by all threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.done_bytes = 0

    def add(self, number: int) -> None:
        with self._lock:
            self.done_bytes += number


def send_parts(
    source: Store,
    target: Store,
    parts: Sequence[Part],
    *,
    files_at_once: int,
    settle: Callable[[list[Part]], None],
    progress: BytesCallback,
    check: Callable[[], None],
) -> Transfer:
    """Bring parts from one store into another, under the same keys.

    Parameters
    ----------
    source, target
        The stores.
    parts
        What to bring; every one is read and compared with its digest, also when it is there already.
    files_at_once
        Parts on their way at the same time.
    settle
        Called before anything is sent with the parts under whose keys the target has something else; raises unless
        they may be replaced.
    progress
        Told several times a second, in this thread.
    check
        Called as often; raises to stop.

    Raises
    ------
    CorruptionError
        If a part of the source is damaged.
    StorageError, TransientError
        If a store refuses.
    """
    counter, stop = _Counter(), Event()
    total_bytes = sum(part.size_bytes for part in parts)

    def tell() -> None:
        check()
        progress(counter.done_bytes, total_bytes)

    with ThreadPoolExecutor(files_at_once, thread_name_prefix="payloom-publish") as threads:
        try:
            found = _found(target, parts)
            there = _all(threads, [partial(_is_there, target, part, found.get(part.key)) for part in parts], tell)
            settle([part for part, same in zip(parts, there, strict=True) if same is None])
            steps = [
                partial(_bring, source, None if same else target, part, counter, stop)
                for part, same in zip(parts, there, strict=True)
            ]
            _all(threads, steps, tell)
        except BaseException:
            stop.set()
            threads.shutdown(wait=True, cancel_futures=True)
            raise
    progress(total_bytes, total_bytes)
    kept = [part.size_bytes for part, same in zip(parts, there, strict=True) if same]
    return Transfer(len(parts) - len(kept), total_bytes - sum(kept), len(kept), sum(kept))


def _found(target: Store, parts: Sequence[Part]) -> dict[str, int]:
    """Return the sizes of what lies in the folders of the parts' tables."""
    tables = sorted({part.key.partition("/")[0] for part in parts})
    return {entry.key: entry.size for table in tables for entry in target.list(table)}


def _is_there(target: Store, part: Part, size: int | None) -> bool | None:
    """Return whether the target has the part; None if it has something else under its key."""
    if size is None:
        return False
    return True if size == part.size_bytes and target.sha256(part.key) == part.sha256 else None


def _all(
    threads: ThreadPoolExecutor, steps: Sequence[Callable[[], _Result]], tell: Callable[[], None]
) -> list[_Result]:
    """Run all steps and return what they give; the first error ends the wait."""
    futures = [threads.submit(step) for step in steps]
    left = set(futures)
    while left:
        tell()
        done, left = wait(left, timeout=_TELL_SECONDS, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
    return [future.result() for future in futures]


def _bring(source: Store, target: Store | None, part: Part, counter: _Counter, stop: Event) -> None:
    """Read a part, compare it with its digest and, if there is a target, send it there."""
    if target is None and source.is_shared:
        # It is neither to be sent nor worth a download: its size and the digest that came with it tell.
        if how := damage(source, part):
            raise damaged_part(source, part, how)
        counter.add(part.size_bytes)
        return
    upload = None if target is None else target.upload(part.key, part.sha256)
    digest = hashlib.sha256()
    try:
        with source.open(part.key) as file:
            while block := file.read(_READ_BYTES):
                if stop.is_set():
                    return
                digest.update(block)
                if upload is not None:
                    upload.write(block)
                counter.add(len(block))
        if digest.hexdigest() != part.sha256:
            raise damaged_part(source, part, OTHER_BYTES)
        if upload is not None:
            upload.commit(part.sha256)
            upload = None
    finally:
        if upload is not None:
            upload.abort()


def damaged_part(source: Store, part: Part, how: str) -> CorruptionError:
    """Return the error for a part of the source that is not what its manifest says."""
    return CorruptionError(
        f"{source.location}/{part.key} {how}: nothing of it was sent",
        hint="run the command that made it again: it keeps what verifies and makes the rest",
    )
