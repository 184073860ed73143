"""A page as a file: whoever looks sees the old one or the whole new one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from payloom.storage.failures import storage_faults
from payloom.storage.local import fsync_folder


def write_whole(path: Path, content: bytes) -> None:
    """Write a file at once.

    Raises
    ------
    StorageError
        If it can't be written.
    """
    with storage_faults(f"write {path}"):
        staged = path.with_name(f".{path.name[:100]}.{os.urandom(6).hex()}")
        try:
            with staged.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            staged.replace(path)
        finally:
            with suppress(OSError):
                staged.unlink(missing_ok=True)
        fsync_folder(path.parent)
