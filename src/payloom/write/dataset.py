"""A data set in a store: which world it holds, which units it has, and who may add one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from payloom.errors import ConflictError, CorruptionError
from payloom.storage.keys import OWN_FOLDER
from payloom.storage.store import Entry, Store
from payloom.write.claims import claimed, overlapped
from payloom.write.documents import sealed, unsealed
from payloom.write.identity import MARKER, Identity, read_identity
from payloom.write.manifest import MANIFESTS, Manifest, manifest_key, merged_parts
from payloom.write.parts import RECEIPTS, is_part_key
from payloom.write.records import DATA_PREFIXES, MADE_WITH, UNITS, declared_units, each_of, finished_units, unit_key
from payloom.write.units import Unit

_MANIFEST: Final = "manifest_sha256"
_ELSEWHERE: Final = "choose another place, or pass --overwrite to replace everything in it"


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
            problem = _foreign(self.store, lambda _: False)
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
        for other in {**declared_units(self.store), **finished_units(self.store)}:
            if unit := overlapped(units, other):
                finished = self.store.size(manifest_key(other)) is not None
                state = "already holds" if finished else "holds an unfinished run of"
                hint = _ELSEWHERE if finished else f"finish it with the command that began it, {_ELSEWHERE}"
                return ConflictError(f"{where} {state} {other.name}, which overlaps {unit.name}", hint=hint)
        return None

    def foreign(self) -> ConflictError | None:
        """Return the conflict with files that payloom did not write, which nothing may remove; None without any."""
        there = read_identity(self.store)
        return _foreign(self.store, lambda key: is_part_key(key, there.digest if there else ""))

    def admit(self, *units: Unit, intended: Mapping[Unit, str] | None = None) -> None:
        """Declare that this run adds these units.

        Parameters
        ----------
        units
            What it adds.
        intended
            Digests of their manifests, if they are known: nobody else may then add such a unit with other parts.

        Raises
        ------
        ConflictError
            If the store holds another world or layout, an overlapping unit, or foreign files; or if another run is
            about to add or remove something that excludes these units.
        """
        with claimed(self.store, units):
            self._declare(units, intended or {})

    def replace(self, *units: Unit) -> None:
        """Remove the data set that is in the way of these units, if one is, and declare them; call it alone.

        Raises
        ------
        ConflictError
            If files that payloom did not write are among it, and nothing is removed then; or as `admit` does.
        """
        with claimed(self.store, units, removes=True):
            if self.conflict(*units) is not None:
                if foreign := self.foreign():
                    raise foreign
                _remove_everything(self.store)
                self.store.delete(MARKER)
            self._declare(units, {})

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
        self._check_declared(finished)
        if missing := self._missing(finished):
            raise CorruptionError(
                f"{where}/{missing} was written and is gone, or has another size: something else changes the data",
                hint="run the same command again: what has arrived is kept",
            )
        each_of(finished, lambda manifest: self._commit(manifest, replace=replace))
        # Who removed a declaration meanwhile may be removing parts.
        self._check_declared(finished)

    def _check_declared(self, finished: Sequence[Manifest]) -> None:
        """Take back the manifests of units that somebody has removed, and say so."""
        declared = declared_units(self.store) if finished else {}
        gone = [manifest.unit for manifest in finished if manifest.unit not in declared]
        if gone:
            each_of([manifest_key(unit) for unit in gone], self.store.delete)
            raise ConflictError(
                f"something has removed {gone[0].name} from {self.store.location} meanwhile, as payloom clean does",
                hint="run the same command again: what is still there is kept",
            )

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

    def _declare(self, units: Sequence[Unit], intended: Mapping[Unit, str]) -> None:
        if problem := self.conflict(*units):
            raise problem
        if not self.store.create(MARKER, self.identity.to_bytes()) and (problem := self.conflict(*units)):
            raise problem
        each_of(units, lambda unit: self._declare_one(unit, intended.get(unit)))

    def _declare_one(self, unit: Unit, intended: str | None) -> None:
        data, key = sealed({**unit.document(), _MANIFEST: intended}), unit_key(unit)
        if self.store.create(key, data):
            return
        there = (unsealed(self.store.read(key)) or {}).get(_MANIFEST)
        if intended and there and there != intended:
            raise ConflictError(
                f"another run adds {unit.name} with other parts to {self.store.location}, or died of it",
                hint="wait for it to end, or let payloom clean remove what it left; --overwrite replaces its parts",
            )
        # Written anew: what is young belongs to a run that is alive.
        self.store.put(key, data if intended or not there else sealed({**unit.document(), _MANIFEST: there}))


def _foreign(store: Store, is_ours: Callable[[str], bool]) -> ConflictError | None:
    """Return the conflict with a file that is not ours.

    Hidden files at the root may stay; in a bucket, so may everything beside the folders of the tables.
    """
    entries: Iterable[Entry] = store.list()
    if store.is_shared:
        entries = (entry for prefix in DATA_PREFIXES for entry in store.list(prefix))
    for entry in entries:
        top = entry.key.partition("/")[0]
        if top == OWN_FOLDER or top.startswith(".") or (entry.size >= 0 and is_ours(entry.key)):
            continue
        if entry.size >= 0 and is_part_key(entry.key):
            return ConflictError(f"{store.location} holds parts of an unknown data set: {entry.key}", hint=_ELSEWHERE)
        return ConflictError(
            f"{store.location} holds a file that payloom did not write: {entry.key}",
            hint="move it away, or choose another place",
        )
    return None


def _remove_everything(store: Store) -> None:
    """Remove a data set but for its marker.

    Declarations go first, so that a run that was admitted before takes its manifest back; then manifests, so that
    none ever lists a part that is gone. It looks again until nothing is left: that run may go on for a while.
    """
    prefixes = (UNITS, MANIFESTS, *DATA_PREFIXES, RECEIPTS, MADE_WITH)
    while left := [keys for prefix in prefixes if (keys := [entry.key for entry in store.list(prefix)])]:
        for keys in left:
            each_of(keys, store.delete)
