"""What lies at a place, told from listings and records alone: no data is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from payloom.storage.keys import CLAIMS, OWN_FOLDER
from payloom.storage.store import Entry, Store
from payloom.write.identity import Identity, read_identity
from payloom.write.manifest import Manifest, merged_parts
from payloom.write.parts import Part, is_part_key
from payloom.write.records import DATA_PREFIXES, declared_units, finished_units, manifests
from payloom.write.units import Unit


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies at a place.

    Attributes
    ----------
    identity
        Which data set.
    manifests
        Of the finished units, by name.
    alien_manifests
        Manifests of another data set, which a run wrote while this one took its place.
    unfinished
        Units that a run began and did not finish, with their declarations.
    found
        Every object below the tables' folders, by key.
    claims
        Runs that were just being admitted.
    uploads
        What was begun to be written and is not visible; None where the store can't tell.
    """

    identity: Identity
    manifests: tuple[Manifest, ...]
    alien_manifests: tuple[Entry, ...]
    unfinished: Mapping[Unit, Entry]
    found: Mapping[str, Entry]
    claims: tuple[Entry, ...]
    uploads: tuple[Entry, ...] | None

    @property
    def parts(self) -> dict[str, Part]:
        """Every part that a manifest lists, by key."""
        return merged_parts(self.manifests)

    @property
    def wrong(self) -> tuple[str, ...]:
        """Keys of listed parts that are missing or of another size."""
        return tuple(self._wrong())

    @property
    def orphans(self) -> tuple[Entry, ...]:
        """Parts that no manifest lists: of unfinished runs, or of dead ones."""
        parts, digest = self.parts, self.identity.digest
        return tuple(entry for key, entry in self.found.items() if key not in parts and is_part_key(key, digest))

    @property
    def strangers(self) -> tuple[Entry, ...]:
        """Files that payloom did not write into the tables' folders, or wrote for another data set."""
        parts, digest = self.parts, self.identity.digest
        return tuple(entry for key, entry in self.found.items() if key not in parts and not is_part_key(key, digest))

    def _wrong(self) -> Iterator[str]:
        for key, part in self.parts.items():
            entry = self.found.get(key)
            if entry is None or entry.size != part.size_bytes:
                yield key


def survey(store: Store) -> Survey | None:
    """Return what lies in a store, or None if that is no data set of payloom.

    Raises
    ------
    CorruptionError
        If a record is damaged.
    StorageError, TransientError
        If the store refuses.
    """
    identity = read_identity(store)
    if identity is None:
        return None
    found = sorted(manifests(store), key=lambda manifest: manifest.unit.name)
    finished = [manifest for manifest in found if manifest.data_digest == identity.digest]
    records = finished_units(store)
    done = {manifest.unit for manifest in found}
    uploads = store.unfinished()
    if uploads is not None:
        # A bucket has those of others too.
        uploads = [entry for entry in uploads if entry.key.startswith(f"{OWN_FOLDER}/") or is_part_key(entry.key)]
    return Survey(
        identity=identity,
        manifests=tuple(finished),
        alien_manifests=tuple(records[one.unit] for one in found if one not in finished and one.unit in records),
        unfinished={unit: entry for unit, entry in declared_units(store).items() if unit not in done},
        found={entry.key: entry for prefix in DATA_PREFIXES for entry in store.list(prefix)},
        claims=tuple(store.list(CLAIMS)),
        uploads=None if uploads is None else tuple(uploads),
    )
