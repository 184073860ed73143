"""Data sets at hand: in a folder as they are, or fetched from a bucket for as long as they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from payloom.realism.data import DataSet
from payloom.realism.window import Window
from payloom.schema import FRAUD_LABELS, PAYMENTS
from payloom.storage.address import StoreOptions, is_remote, open_store
from payloom.storage.digests import file_sha256
from payloom.storage.store import Store
from payloom.write.fetch import fetch_files, link_files
from payloom.write.identity import no_data_set, read_identity
from payloom.write.manifest import merged_parts
from payloom.write.parts import Part
from payloom.write.records import manifests

_TABLES = (PAYMENTS.name, FRAUD_LABELS.name)


@dataclass(frozen=True, slots=True)
class AtHand:
    """Payments and labels that can be read now.

    Attributes
    ----------
    place
        Where the data set lies, as it was named.
    data
        Its payments and labels.
    digest
        Digest of the parts of both tables that were needed, or of the files of data that payloom did not make, and of
        the days that were asked for.
    config
        The config that payloom made it from; None for other data.
    """

    place: str
    data: DataSet
    digest: str
    config: Mapping[str, Any] | None


@contextmanager
def at_hand(
    place: str, options: StoreOptions, mapping: str | None = None, window: Window | None = None
) -> Iterator[AtHand]:
    """Open payments and labels of a folder, a file or a bucket; what was fetched is gone at the end.

    Of a data set of payloom only the files are fetched or read that have days of the window.

    Raises
    ------
    StorageError, TransientError
        If there is nothing to read, or the store refuses.
    ConfigError
        If an address or a mapping is wrong.
    TooLittleDataError
        If no payment falls into the window.
    CorruptionError
        If a record of the data set is damaged.
    """
    days = window or Window()
    is_ours = is_remote(place) or (Path(place).is_dir() and mapping is None)
    store = open_store(place, options) if is_ours else None
    identity, parts = (read_identity(store), _parts(store)) if store is not None else (None, [])
    if store is None or identity is None or not parts:
        if store is not None and is_remote(place):
            raise no_data_set(store)
        data = DataSet.open(place, mapping)
        yield AtHand(place, days.cut(data, place), _digest(map(_file_digest, data.files), days), None)
        return
    needed = days.choose(parts)
    if not any(part.table == PAYMENTS.name for part in needed):
        raise days.nothing(place)
    digest = _digest((part.sha256 for part in needed), days)
    if not days and not is_remote(place):
        yield AtHand(place, DataSet.open(place), digest, identity.config)
        return
    with TemporaryDirectory(prefix="payloom-") as folder:
        keys = [part.key for part in needed]
        if is_remote(place):
            fetch_files(store, keys, Path(folder))
        else:
            link_files(Path(place), keys, Path(folder))
        yield AtHand(place, days.cut(DataSet.open(folder), place), digest, identity.config)


def _parts(store: Store) -> list[Part]:
    parts = merged_parts(manifests(store)).values()
    return sorted((part for part in parts if part.table in _TABLES), key=lambda part: part.key)


def _file_digest(file: Path) -> str:
    with file.open("rb") as content:
        return file_sha256(content)


def _digest(digests: Iterable[str], days: Window) -> str:
    told = [*digests, str(days)] if days else list(digests)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
