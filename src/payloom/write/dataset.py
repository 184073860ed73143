"""A data set in a store: which world it holds, which units it has, and who may add one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from payloom.errors import ConflictError, CorruptionError
from payloom.schema import TABLES
from payloom.storage.keys import OWN_FOLDER
from payloom.storage.store import Entry, Store
from payloom.write.documents import sealed, unsealed
from payloom.write.identity import MARKER, Identity, read_identity
from payloom.write.manifest import MANIFESTS, Manifest, manifest_key, merged_parts
from payloom.write.parts import RECEIPTS, is_part_key
from payloom.write.units import Unit

UNITS: Final = f"{OWN_FOLDER}/units"
CLAIMS: Final = f"{OWN_FOLDER}/staging/claims"
"""Units that runs are just asking for; on a local disk they go with what dead runs left."""

MADE_WITH: Final = f"{OWN_FOLDER}/made_with"
"""Versions of what made each unit; no part of any comparison."""

DATA_PREFIXES: Final = tuple(sorted(TABLES))
"""Folders at the root that hold data and nothing else."""

_ELSEWHERE: Final = "choose another place, or pass --overwrite to replace everything in it"
_CLAIM_ATTEMPTS: Final = 8
_CLAIM_PAUSE_SECONDS: Final = 0.05
_JSON: Final = ".json"
_THREADS: Final = 8

_Item = TypeVar("_Item")
_Read = TypeVar("_Read")


class Dataset:
    """The data set that a run wants to write.

    Parameters
    ----------
    store
        Where it lies.
    identity
        Which one it is.
    """

    def __init__(self, store: Store, identity: Identity) -> None:
        self.store, self.identity = store, identity

    def conflict(self, *units: Unit) -> ConflictError | None:
        """Return what stands in the way of these units, or None.

        Raises
        ------
        CorruptionError
            If the marker or a unit's declaration is damaged.
        """
        there, where = read_identity(self.store), self.store.location
        if there is None:
            problem = _foreign(self.store)
            # A run of the same config may have made the marker, and a part, between the two looks.
            there = read_identity(self.store) if problem else None
            if there is None:
                return problem
        if there != self.identity:
            other_world = there.world_digest != self.identity.world_digest
            return ConflictError(
                f"{where} holds {'data of another config' if other_world else 'the same data in another file format'}",
                hint=_ELSEWHERE,
            )
        for other in declared_units(self.store):
            if unit := _overlapped(units, other):
                finished = self.store.size(manifest_key(other)) is not None
                state = "already holds" if finished else "holds an unfinished run of"
                return ConflictError(f"{where} {state} {other.name}, which overlaps {unit.name}", hint=_ELSEWHERE)
        return None

    def foreign(self) -> ConflictError | None:
        """Return the conflict with files that payloom did not write, which nothing may remove; None without any."""
        there = read_identity(self.store)
        problem = _foreign(self.store, there.digest if there else "")
        if problem and there is None and (there := read_identity(self.store)):
            problem = _foreign(self.store, there.digest)
        return problem

    def admit(self, *units: Unit) -> None:
        """Declare that this run adds these units.

        It needs no lock, which a bucket does not have: a run first lays down a claim of its own, then looks whether
        somebody else has a claim, or was admitted. Of two that overlap at least one sees the other.

        Raises
        ------
        ConflictError
            If the store holds another world or layout, an overlapping unit, or foreign files.
        """
        rival = None
        for attempt in range(1, _CLAIM_ATTEMPTS + 1):
            if problem := self.conflict(*units):
                raise problem
            if not self.store.create(MARKER, self.identity.to_bytes()) and (problem := self.conflict(*units)):
                raise problem
            own = f"{CLAIMS}/{units[0].name}.{os.urandom(6).hex()}.json"
            self.store.put(own, sealed({"units": [unit.name for unit in units]}))
            try:
                rival = self._rival(units)
                # Admitted runs are looked for after claims: a claim goes only when its run was admitted or refused.
                if rival is None and (problem := self.conflict(*units)):
                    raise problem
                if rival is None:
                    each_of(units, lambda unit: self.store.create(_unit_key(unit), sealed(unit.document())))
                    return
            finally:
                self.store.delete(own)
            # Both may have seen each other: uneven pauses let one go first.
            time.sleep(_CLAIM_PAUSE_SECONDS * attempt * (1 + os.urandom(1)[0] / 64))
        raise ConflictError(
            f"another run is about to add {rival} to {self.store.location}, which overlaps {units[0].name}",
            hint="wait for it to end; if it is dead, payloom clean removes what it left",
        )

    def make_room(self, *units: Unit) -> None:
        """Remove the data set that is in the way of these units, if one is; call it alone.

        Raises
        ------
        ConflictError
            If files that payloom did not write are among it; nothing is removed then.
        """
        if self.conflict(*units) is None:
            return
        if foreign := self.foreign():
            raise foreign
        for key in _own_keys(self.store):
            self.store.delete(key)

    def manifest(self, unit: Unit) -> Manifest | None:
        """Return the unit's manifest, or None if there is none that is whole."""
        return Manifest.from_bytes(self.store.read(manifest_key(unit)))

    def commit(self, *finished: Manifest, replace: bool) -> None:
        """Write the manifests: the point at which their units exist.

        Raises
        ------
        ConflictError
            If somebody has replaced the data set meanwhile.
        CorruptionError
            If a part has vanished, or a unit was committed before with other parts and `replace` is false.
        """
        where = self.store.location
        if read_identity(self.store) != self.identity:
            raise ConflictError(
                f"another run has replaced the data in {where} meanwhile", hint="choose another place, or run it again"
            )
        if missing := self._missing(finished):
            raise CorruptionError(
                f"{where}/{missing} was written and is gone, or has another size: something else changes the data",
                hint="run the same command again: what has arrived is kept",
            )
        each_of(finished, lambda manifest: self._commit(manifest, replace=replace))

    def _commit(self, manifest: Manifest, *, replace: bool) -> None:
        data, key = manifest.to_bytes(), manifest_key(manifest.unit)
        # Another release says so in its manifest; what counts is what the manifest lists.
        if self.store.create(key, data) or Manifest.from_bytes(before := self.store.read(key)) == manifest:
            return
        if unsealed(before) is not None and not replace:
            raise CorruptionError(
                f"parts of {manifest.unit.name} in {self.store.location} were damaged, "
                "and this installation writes other bytes",
                hint="use the version that made it (see _payloom/made_with), or pass --overwrite",
            )
        self.store.put(key, data)

    def _missing(self, finished: Sequence[Manifest]) -> str:
        """Return the key of a part that is not there as it was written, empty if all are."""
        sizes = {key: part.size_bytes for key, part in merged_parts(finished).items()}
        found = {
            entry.key: entry.size
            for folder in sorted({key.partition("/")[0] for key in sizes})
            for entry in self.store.list(folder)
        }
        return next((key for key, size in sizes.items() if found.get(key) != size), "")

    def _rival(self, units: Sequence[Unit]) -> str | None:
        """Return the name of a unit that overlaps and that another run is just asking for."""
        for body in _read_each(self.store, CLAIMS, lambda _, data: unsealed(data)):
            for other in map(Unit.from_name, body["units"] if body else ()):
                if _overlapped(units, other):
                    return other.name
        return None


def declared_units(store: Store) -> dict[Unit, Entry]:
    """Return every unit that a run has begun to write, finished or not, with its declaration.

    The names say it all: a year of days is told by one listing.

    Raises
    ------
    CorruptionError
        If a declaration has the name of no unit.
    """
    units = {}
    for entry in store.list(UNITS):
        try:
            units[Unit.from_name(entry.key.rpartition("/")[2].removesuffix(_JSON))] = entry
        except ValueError as error:
            raise CorruptionError(
                f"{store.location}/{entry.key} is no declaration of a unit",
                hint="move it away, or choose another place",
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

    return _read_each(store, MANIFESTS, manifest)


def _read_each(store: Store, prefix: str, read: Callable[[Entry, bytes | None], _Read]) -> list[_Read]:
    """Read all files of a folder, several at a time: a bucket is far away."""
    entries = list(store.list(prefix))
    found = each_of(entries, lambda entry: store.read(entry.key))
    return [read(entry, data) for entry, data in zip(entries, found, strict=True)]


def each_of(items: Sequence[_Item], work: Callable[[_Item], _Read]) -> list[_Read]:
    """Do small work for each item, several at a time, and return what it gives, in order."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="payloom-records") as threads:
        return list(threads.map(work, items))


def _unit_key(unit: Unit) -> str:
    return f"{UNITS}/{unit.name}{_JSON}"


def _overlapped(units: Sequence[Unit], other: Unit) -> Unit | None:
    """Return the unit that another one overlaps, None if there is none or it is among them."""
    return None if other in units else next((unit for unit in units if unit.overlaps(other)), None)


def _foreign(store: Store, digest: str = "") -> ConflictError | None:
    """Return the conflict with a file that is no part of the data set `digest`.

    Hidden files at the root may stay; in a bucket, so may everything beside the folders of the tables.
    """
    entries: Iterable[Entry] = store.list()
    if store.is_shared:
        entries = (entry for prefix in DATA_PREFIXES for entry in store.list(prefix))
    for entry in entries:
        top = entry.key.partition("/")[0]
        ours = digest and top in DATA_PREFIXES and is_part_key(entry.key, digest) and entry.size >= 0
        if not ours and top != OWN_FOLDER and not top.startswith("."):
            return ConflictError(
                f"{store.location} holds a file that payloom did not write: {entry.key}",
                hint="move it away, or choose another place",
            )
    return None


def _own_keys(store: Store) -> list[str]:
    """Return the keys of a data set in the order in which they are safely removed.

    Manifests go first, so that none ever lists a part that is gone; the marker goes last, so that
    an interrupted removal is taken up again.
    """
    prefixes = (MANIFESTS, *DATA_PREFIXES, RECEIPTS, MADE_WITH, CLAIMS, UNITS)
    return [*(entry.key for prefix in prefixes for entry in store.list(prefix)), MARKER]
