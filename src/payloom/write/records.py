"""The records of a data set: which units were begun, which are finished."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from payloom.errors import CorruptionError
from payloom.schema import TABLES
from payloom.storage.keys import OWN_FOLDER
from payloom.storage.store import Entry, Store
from payloom.write.manifest import MANIFESTS, Manifest
from payloom.write.units import Unit

UNITS: Final = f"{OWN_FOLDER}/units"
MADE_WITH: Final = f"{OWN_FOLDER}/made_with"
"""Versions of what made each unit; no part of any comparison."""

DATA_PREFIXES: Final = tuple(sorted(TABLES))
"""Folders at the root that hold data and nothing else."""

_JSON: Final = ".json"
_RECORD: Final = re.compile(r"/[^./][^/]*\.json$")
_THREADS: Final = 8

_Item = TypeVar("_Item")
_Read = TypeVar("_Read")


def declared_units(store: Store) -> dict[Unit, Entry]:
    """Return every unit that a run has begun to write, finished or not, with its declaration.

    The names say it all: a year of days is told by one listing.

    Raises
    ------
    CorruptionError
        If a record has the name of no unit.
    """
    return _units(store, UNITS)


def finished_units(store: Store) -> dict[Unit, Entry]:
    """Return every unit that has a manifest, of whichever data set, as `declared_units` does."""
    return _units(store, MANIFESTS)


def _units(store: Store, prefix: str) -> dict[Unit, Entry]:
    units = {}
    for entry in _records(store, prefix):
        try:
            units[Unit.from_name(entry.key.rpartition("/")[2].removesuffix(_JSON))] = entry
        except ValueError as error:
            raise CorruptionError(
                f"{store.location}/{entry.key} is no record of a unit", hint="move it away, or choose another place"
            ) from error
    return units


def manifests(store: Store) -> list[Manifest]:
    """Return all manifests.

    Raises
    ------
    CorruptionError
        If one is damaged.
    """

    def manifest(entry: Entry, data: bytes | None) -> Manifest:
        found = Manifest.from_bytes(data)
        if found is None:
            raise CorruptionError(
                f"{store.location}/{entry.key} is damaged",
                hint="run the command that made it again: parts that verify are kept",
            )
        return found

    return read_each(store, MANIFESTS, manifest)


def read_each(store: Store, prefix: str, read: Callable[[Entry, bytes | None], _Read]) -> list[_Read]:
    """Read all files of a folder, several at a time: a bucket is far away."""
    entries = _records(store, prefix)
    found = each_of(entries, lambda entry: store.read(entry.key))
    return [read(entry, data) for entry, data in zip(entries, found, strict=True)]


def _records(store: Store, prefix: str) -> list[Entry]:
    """List the records of a folder; what a console or a person may have left between them is none."""
    return [entry for entry in store.list(prefix) if _RECORD.search(entry.key)]


def each_of(items: Sequence[_Item], work: Callable[[_Item], _Read]) -> list[_Read]:
    """Do small work for each item, several at a time, and return what it gives, in order."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="payloom-records") as threads:
        return list(threads.map(work, items))


def unit_key(unit: Unit) -> str:
    """Return the key of a unit's declaration."""
    return f"{UNITS}/{unit.name}{_JSON}"
