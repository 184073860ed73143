"""A data set in a store: which world it holds, which units it has, and who may add one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from payloom.errors import ConflictError, CorruptionError
from payloom.schema import TABLES
from payloom.storage.keys import OWN_FOLDER
from payloom.storage.store import Store
from payloom.write.documents import Document, sealed, unsealed
from payloom.write.manifest import MANIFESTS, Manifest, manifest_key
from payloom.write.parts import RECEIPTS, Receipt, data_digest, is_part_key
from payloom.write.units import Unit

MARKER: Final = f"{OWN_FOLDER}/dataset.json"
UNITS: Final = f"{OWN_FOLDER}/units"
MADE_WITH: Final = f"{OWN_FOLDER}/made_with"
"""Versions of what made each unit; no part of any comparison."""

DATA_PREFIXES: Final = tuple(sorted(TABLES))
"""Folders at the root that hold data and nothing else."""

_FORMAT: Final = 1


class Dataset:
    """The data set that a run wants to write.

    Parameters
    ----------
    store
        Where it lies.
    world_digest, layout_digest
        What decides its rows and files.
    """

    def __init__(self, store: Store, world_digest: str, layout_digest: str) -> None:
        self.store = store
        self.world_digest, self.layout_digest = world_digest, layout_digest
        self.digest = data_digest(world_digest, layout_digest)

    def conflict(self, unit: Unit) -> ConflictError | None:
        """Return what stands in the way of this unit, or None.

        Raises
        ------
        CorruptionError
            If the marker or a unit's declaration is damaged.
        """
        marker = read_marker(self.store)
        where = self.store.location
        if marker is None:
            return _foreign(self.store)
        if marker["world_digest"] != self.world_digest or marker["layout_digest"] != self.layout_digest:
            other_world = marker["world_digest"] != self.world_digest
            return ConflictError(
                f"{where} holds {'data of another config' if other_world else 'the same data in another file format'}",
                hint="choose another --out, or pass --overwrite to replace everything in it",
            )
        for other in declared_units(self.store):
            if other != unit and other.overlaps(unit):
                finished = self.store.size(manifest_key(other)) is not None
                state = "already holds" if finished else "holds an unfinished run of"
                return ConflictError(
                    f"{where} {state} {other.name}, which overlaps {unit.name}",
                    hint="choose another --out, or pass --overwrite to replace everything in it",
                )
        return None

    def foreign(self) -> ConflictError | None:
        """Return the conflict with files that payloom did not write, which nothing may remove; None without any."""
        marker = read_marker(self.store)
        return _foreign(self.store, data_digest(marker["world_digest"], marker["layout_digest"]) if marker else "")

    def admit(self, unit: Unit) -> None:
        """Declare that this run adds `unit`; call it under the right to write.

        Raises
        ------
        ConflictError
            If the store holds another world or layout, an overlapping unit, or foreign files.
        """
        with self.store.admission():
            if problem := self.conflict(unit):
                raise problem
            self.store.create(MARKER, sealed(self._marker()))
            self.store.create(f"{UNITS}/{unit.name}.json", sealed(unit.document()))

    def make_room(self, unit: Unit) -> None:
        """Remove the data set that is in the way of `unit`, if one is; call it alone.

        Raises
        ------
        ConflictError
            If files that payloom did not write are among it; nothing is removed then.
        """
        if self.conflict(unit) is None:
            return
        if foreign := self.foreign():
            raise foreign
        for key in _own_keys(self.store):
            self.store.delete(key)

    def manifest(self, unit: Unit) -> Manifest | None:
        """Return the unit's manifest, or None if there is none that is whole."""
        return Manifest.from_bytes(self.store.read(manifest_key(unit)))

    def commit(self, unit: Unit, receipts: Iterable[Receipt], *, replace: bool) -> Manifest:
        """Write the manifest: the point at which the unit exists.

        Raises
        ------
        CorruptionError
            If the unit was committed before with other parts, and `replace` is false.
        """
        manifest = Manifest.of(unit, self.world_digest, self.layout_digest, receipts)
        data, key = manifest.to_bytes(), manifest_key(unit)
        # Another release says so in its manifest; what counts is what the manifest lists.
        if self.store.create(key, data) or Manifest.from_bytes(before := self.store.read(key)) == manifest:
            return manifest
        if unsealed(before) is not None and not replace:
            raise CorruptionError(
                f"parts of {unit.name} in {self.store.location} were damaged, and this installation writes other bytes",
                hint="use the version that made it (see _payloom/made_with), or pass --overwrite",
            )
        self.store.put(key, data)
        return manifest

    def _marker(self) -> Document:
        return {"format": _FORMAT, "world_digest": self.world_digest, "layout_digest": self.layout_digest}


def read_marker(store: Store) -> Document | None:
    """Return the root marker, or None if there is none.

    Raises
    ------
    CorruptionError
        If it is damaged, or of a version that this one does not know.
    """
    data = store.read(MARKER)
    if data is None:
        return None
    marker = unsealed(data)
    if marker is None or marker.get("format") != _FORMAT:
        raise CorruptionError(
            f"{store.location}/{MARKER} is damaged or from another version",
            hint="choose another --out, or move the folder away and generate again",
        )
    return marker


def declared_units(store: Store) -> list[Unit]:
    """Return every unit that a run has begun to write, finished or not."""
    units = []
    for entry in store.list(UNITS):
        body = unsealed(store.read(entry.key))
        if body is None:
            raise CorruptionError(
                f"{store.location}/{entry.key} is damaged",
                hint="choose another --out, or move the folder away and generate again",
            )
        units.append(Unit.from_document(body))
    return units


def manifests(store: Store) -> list[Manifest]:
    """Return all manifests.

    Raises
    ------
    CorruptionError
        If one is damaged.
    """
    found = []
    for entry in store.list(MANIFESTS):
        manifest = Manifest.from_bytes(store.read(entry.key))
        if manifest is None:
            raise CorruptionError(
                f"{store.location}/{entry.key} is damaged",
                hint="run the command that made it again: parts that verify are kept",
            )
        found.append(manifest)
    return found


def _foreign(store: Store, digest: str = "") -> ConflictError | None:
    """Return the conflict with a file that is no part of the data set `digest`; hidden ones at the root may stay."""
    for entry in store.list():
        top = entry.key.partition("/")[0]
        ours = digest and top in DATA_PREFIXES and is_part_key(entry.key, digest) and entry.size >= 0
        if not ours and top != OWN_FOLDER and not top.startswith("."):
            return ConflictError(
                f"{store.location} holds a file that payloom did not write: {entry.key}",
                hint="move it away, or choose another --out",
            )
    return None


def _own_keys(store: Store) -> list[str]:
    """Return the keys of a data set in the order in which they are safely removed.

    Manifests go first, so that none ever lists a part that is gone; the marker goes last, so that
    an interrupted removal is taken up again.
    """
    prefixes = (MANIFESTS, *DATA_PREFIXES, RECEIPTS, MADE_WITH, UNITS)
    return [*(entry.key for prefix in prefixes for entry in store.list(prefix)), MARKER]
