"""Brings files of a data set from where they lie into a folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from payloom.storage.failures import storage_faults
from payloom.storage.store import Store
from payloom.write.records import each_of

_CHUNK_BYTES: Final = 1 << 20


def fetch_files(store: Store, keys: Iterable[str], folder: Path) -> None:
    """Copy files into a folder, each under its key.

    Raises
    ------
    StorageError, TransientError
        If the store refuses, or the folder can't take them.
    """

    def fetch(key: str) -> None:
        with storage_faults(f"fetch {key}"):
            file = folder / key
            file.parent.mkdir(parents=True, exist_ok=True)
            with store.open(key) as source, file.open("wb") as target:
                shutil.copyfileobj(source, target, _CHUNK_BYTES)

    each_of(list(keys), fetch)


def link_files(source: Path, keys: Iterable[str], folder: Path) -> None:
    """Make files of a folder visible in another one by links, each under its key.

    Raises
    ------
    StorageError
        If the folder can't take the links.
    """
    for key in keys:
        with storage_faults(f"link {key}"):
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).symlink_to((source / key).absolute())
