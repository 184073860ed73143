"""Data sets at hand: in a folder as they are, or fetched from a bucket for as long as they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from payloom.realism.data import DataSet
from payloom.schema import FRAUD_LABELS, PAYMENTS
from payloom.storage.address import StoreOptions, is_remote, open_store
from payloom.storage.digests import file_sha256
from payloom.storage.store import Store
from payloom.write.fetch import fetch_files
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
        Digest of the parts of both tables, or of the files of data that payloom did not make.
    config
        The config that payloom made it from; None for other data.
    """

    place: str
    data: DataSet
    digest: str
    config: Mapping[str, Any] | None


@contextmanager
def at_hand(place: str, options: StoreOptions, mapping: str | None = None) -> Iterator[AtHand]:
    """Open payments and labels of a folder, a file or a bucket; what was fetched is gone at the end.

    Raises
    ------
    StorageError, TransientError
        If there is nothing to read, or the store refuses.
    ConfigError
        If an address or a mapping is wrong.
    CorruptionError
        If a record of the data set is damaged.
    """
    if is_remote(place):
        store = open_store(place, options)
        identity, parts = read_identity(store), _parts(store)
        if identity is None or not parts:
            raise no_data_set(store)
        with TemporaryDirectory(prefix="payloom-") as folder:
            fetch_files(store, (part.key for part in parts), Path(folder))
            yield AtHand(place, DataSet.open(folder), _digest(part.sha256 for part in parts), identity.config)
        return
    data = DataSet.open(place, mapping)
    if Path(place).is_dir() and mapping is None:
        store = open_store(place, options)
        identity, parts = read_identity(store), _parts(store)
        if identity is not None and parts:
            yield AtHand(place, data, _digest(part.sha256 for part in parts), identity.config)
            return
    yield AtHand(place, data, _digest(map(_file_digest, data.files)), None)


def _parts(store: Store) -> list[Part]:
    parts = merged_parts(manifests(store)).values()
    return sorted((part for part in parts if part.table in _TABLES), key=lambda part: part.key)


def _file_digest(file: Path) -> str:
    with file.open("rb") as content:
        return file_sha256(content)


def _digest(digests: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
