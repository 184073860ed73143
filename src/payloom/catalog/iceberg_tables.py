"""Iceberg tables over the parts of a data set: each follows the manifests, one snapshot for each unit."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table import TableProperties

from payloom.catalog.iceberg import CATALOG_NAME, IcebergOptions, TableChange
from payloom.catalog.iceberg_catalog import RacedError, catalog_faults, open_catalog, pause
from payloom.catalog.iceberg_files import forget_stores, io_properties, root_uri
from payloom.catalog.iceberg_schema import iceberg_schema, partition_spec, same_columns
from payloom.errors import ConflictError, CorruptionError, TransientError
from payloom.schema import TABLES, Table
from payloom.storage.address import StoreOptions
from payloom.storage.store import Store
from payloom.version import __version__
from payloom.write.identity import Identity, read_identity
from payloom.write.manifest import Manifest
from payloom.write.parts import Part
from payloom.write.records import each_of, manifests

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile

DATA_SET: Final = "payloom.data-set"
"""Table property: digest of the data set that the table shows."""

LEDGER: Final = "payloom.unit."
"""Table properties, one for each unit in the table: digest of its parts, and the snapshot that brought them."""

_WORLD: Final = "world"
"""Stands for the unit of entities: they belong to all units alike."""

_RACES_MAX: Final = 60
_ELSEWHERE: Final = "choose another --namespace or --catalog for this data set"


_FOOTERS: Final = logging.getLogger("pyiceberg.io.pyarrow")


@dataclass(frozen=True, slots=True)
class Slice:
    """What one unit brings to a table.

    Attributes
    ----------
    unit
        Its name.
    parts
        Its parts with rows, sorted by key.
    """

    unit: str
    parts: tuple[Part, ...]

    @property
    def digest(self) -> str:
        """Digest of names and bytes."""
        text = "\n".join(f"{part.key} {part.sha256}" for part in self.parts)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class _Step:
    """One commit: files that go, slices that come, and units of which the table no longer knows."""

    slices: tuple[Slice, ...]
    removed: tuple[DataFile, ...] = ()
    forgotten: tuple[str, ...] = ()


class IcebergTables:
    """The tables of one data set in a catalog.

    Parameters
    ----------
    store
        Where the data set lies.
    options
        Catalog and namespace.
    store_options
        How to talk to the store.

    Raises
    ------
    ConfigError, StorageError, TransientError
        If the catalog can't be opened.
    """

    def __init__(self, store: Store, options: IcebergOptions, store_options: StoreOptions) -> None:
        self._store, self._namespace = store, options.namespace
        self._root = root_uri(store)
        # In a folder only hidden files may lie beside a data set; in a bucket everything may.
        self._folder = f"{self._root}/{'iceberg' if store.is_shared else '.iceberg'}"
        properties = io_properties(store, store_options)
        self._catalog = open_catalog(CATALOG_NAME, options.catalog, options.namespace, properties)
        self._files: dict[str, tuple[int | None, dict[str, DataFile]]] = {}
        self._listed: list[Manifest] = []
        _FOOTERS.addFilter(_is_news)

    def close(self) -> None:
        """Let go of the database and of the store."""
        self._catalog.close()
        forget_stores()
        _FOOTERS.removeFilter(_is_news)

    def check(self) -> None:
        """Return if no table stands in the way.

        Raises
        ------
        ConflictError
            If a table of this name shows another place, is not ours, or has other columns.
        """
        each_of(tuple(TABLES.values()), self._load)

    def follow(self, identity: Identity, check: Callable[[], None]) -> tuple[TableChange, ...]:
        """Make every table show what the manifests list, entities first and payments last.

        Parameters
        ----------
        identity
            Which data set it is.
        check
            Called before each commit; it may raise to stop.

        Raises
        ------
        ConflictError
            If a table stands in the way, or another data set has taken the place.
        CorruptionError
            If a part is not what its manifest says.
        TransientError
            If others commit all the time.
        """
        self._listed = self._manifests(identity)
        return tuple(self._follow(table, identity, check) for table in reversed(TABLES.values()))

    def _follow(self, declared: Table, identity: Identity, check: Callable[[], None]) -> TableChange:
        slices = slices_of(declared, self._listed)
        snapshots = added = removed = races = 0
        while True:
            check()
            table = self._load(declared) or self._create(declared, identity)
            if not _is_of(table, slices, identity):
                # Whatever came into the table had its manifest before: those that were read may be older.
                self._listed = self._manifests(identity)
                slices = slices_of(declared, self._listed)
            step = self._next_step(declared, table, slices, identity)
            if step is None:
                break
            try:
                added += self._commit(declared, table, step, identity)
            except RacedError as error:
                races += 1
                if races == _RACES_MAX:
                    raise TransientError(
                        f"others change {self._name(declared)} all the time",
                        hint="run the same command again: what has arrived is kept",
                    ) from error
                pause(races)
                continue
            snapshots += 1
            removed += len(step.removed)
        return TableChange(
            name=self._name(declared),
            snapshots=snapshots,
            added_files=added,
            removed_files=removed,
            rows=_rows(table),
            metadata_location=table.metadata_location,
        )

    def _next_step(
        self, declared: Table, table: IcebergTable, slices: Sequence[Slice], identity: Identity
    ) -> _Step | None:
        """Return what is to be committed next, or None if the table shows everything."""
        ledger = ledger_of(table)
        if not _is_of(table, slices, identity):
            # The files of what was replaced are gone.
            return _Step(tuple(slices), tuple(self._current(declared, table).values()), tuple(sorted(ledger)))
        in_history = _history(table)
        for one in slices:
            known = ledger.get(one.unit)
            is_there = known is not None and in_history(known.snapshot_id)
            if known is not None and is_there and known.digest == one.digest:
                continue
            files = self._current(declared, table)
            again = tuple(files[uri] for uri in self._uris(one.parts) if uri in files)
            if is_there and len(again) < len(one.parts):
                raise ConflictError(
                    f"cannot replace {one.unit} in {self._name(declared)}: something else has rewritten its files",
                    hint="drop the table from the catalog and publish again: it is built anew",
                )
            return _Step((one,), again)
        return None

    def _commit(self, declared: Table, table: IcebergTable, step: _Step, identity: Identity) -> int:
        """Bring a step into the table as one snapshot; return how many files that added."""
        parts = [part for one in step.slices for part in one.parts]
        files = each_of(parts, lambda part: self._data_file(declared, table, part))
        about = {
            "payloom.unit": " ".join(one.unit for one in step.slices),
            "payloom.world-digest": identity.world_digest,
            "payloom.version": __version__,
        }
        with catalog_faults(f"commit to {self._name(declared)}"), table.transaction() as transaction:
            update = transaction.update_snapshot(snapshot_properties=about)
            with update.overwrite() if step.removed else update.fast_append() as producer:
                for file in step.removed:
                    producer.delete_data_file(file)
                for file in files:
                    producer.append_data_file(file)
            if forgotten := [f"{LEDGER}{unit}" for unit in step.forgotten]:
                transaction.remove_properties(*forgotten)
            known = {f"{LEDGER}{one.unit}": f"{one.digest} {producer.snapshot_id}" for one in step.slices}
            transaction.set_properties({DATA_SET: identity.digest, **known})
        current = self._current_before(declared, step)
        current.update({file.file_path: file for file in files})
        self._files[declared.name] = (producer.snapshot_id, current)
        return len(files)

    def _manifests(self, identity: Identity) -> list[Manifest]:
        """Return the manifests as they are now."""
        found = manifests(self._store)
        if read_identity(self._store) != identity or any(one.data_digest != identity.digest for one in found):
            raise ConflictError(
                f"another run has replaced the data in {self._store.location} meanwhile",
                hint="choose another place, or run it again",
            )
        return found

    def _current_before(self, declared: Table, step: _Step) -> dict[str, DataFile]:
        _, files = self._files.get(declared.name, (None, {}))
        gone = {file.file_path for file in step.removed}
        return {uri: file for uri, file in files.items() if uri not in gone}

    def _current(self, declared: Table, table: IcebergTable) -> Mapping[str, DataFile]:
        """Return the data files of the current snapshot by address; read once, and kept up to date."""
        snapshot = table.current_snapshot()
        snapshot_id = snapshot.snapshot_id if snapshot else None
        kept = self._files.get(declared.name)
        if kept is None or kept[0] != snapshot_id:
            with catalog_faults(f"read the files of {self._name(declared)}"):
                listed = snapshot.manifests(table.io) if snapshot else []
                entries = each_of(listed, lambda one: one.fetch_manifest_entry(table.io))
            found = {entry.data_file.file_path: entry.data_file for group in entries for entry in group}
            kept = self._files[declared.name] = (snapshot_id, found)
        return kept[1]

    def _data_file(self, declared: Table, table: IcebergTable, part: Part) -> DataFile:
        """Read a part's footer and return what Iceberg keeps of it: rows, sizes, bounds, month."""
        with catalog_faults(f"add {part.key} to {self._name(declared)}"):
            file = parquet_file_to_data_file(table.io, table.metadata, f"{self._root}/{part.key}")
        if (file.record_count, file.file_size_in_bytes) != (part.rows, part.size_bytes):
            raise CorruptionError(
                f"{self._store.location}/{part.key} is not what its manifest lists",
                hint="payloom verify names every such file; payloom publish --overwrite replaces them",
            )
        return file

    def _load(self, declared: Table) -> IcebergTable | None:
        """Return the table, or None if there is none.

        Raises
        ------
        ConflictError
            If it shows another place, is not ours, or has other columns.
        """
        name = self._name(declared)
        with catalog_faults(f"load the table {name}"):
            try:
                table = self._catalog.load_table(name)
            except NoSuchTableError:
                return None
        if table.location() != self._location(declared):
            raise ConflictError(f"the catalog has {name} already, at {table.location()}", hint=_ELSEWHERE)
        if DATA_SET not in table.properties:
            raise ConflictError(f"the catalog has {name} already, and payloom did not make it", hint=_ELSEWHERE)
        if not same_columns(table.schema(), declared):
            raise ConflictError(f"{name} has other columns than this version of payloom writes", hint=_ELSEWHERE)
        return table

    def _create(self, declared: Table, identity: Identity) -> IcebergTable:
        schema = iceberg_schema(declared)
        properties = {
            "comment": declared.description,
            DATA_SET: identity.digest,
            # Parts have no field ids: readers find columns by name.
            TableProperties.DEFAULT_NAME_MAPPING: schema.name_mapping.model_dump_json(),
            # Parts belong to the data set: no engine may remove them when snapshots expire or the table is dropped.
            "gc.enabled": "false",
        }
        name, location = self._name(declared), self._location(declared)
        with catalog_faults(f"create the table {name}"):
            try:
                return self._catalog.create_table(
                    name, schema, location, partition_spec=partition_spec(declared), properties=properties
                )
            except TableAlreadyExistsError:
                pass
        table = self._load(declared)
        if table is None:
            raise ConflictError(f"{name} was made and dropped meanwhile", hint="run the same command again")
        return table

    def _name(self, declared: Table) -> str:
        return f"{self._namespace}.{declared.name}"

    def _location(self, declared: Table) -> str:
        return f"{self._folder}/{declared.name}"

    def _uris(self, parts: Iterable[Part]) -> list[str]:
        return [f"{self._root}/{part.key}" for part in parts]


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger says of a unit: digest of its parts, and the snapshot that brought them."""

    digest: str
    snapshot_id: int


def ledger_of(table: IcebergTable) -> dict[str, Known]:
    """Return the units that a table has, by name."""
    found = {}
    for key, value in table.properties.items():
        digest, _, snapshot_id = str(value).partition(" ")
        if key.startswith(LEDGER) and snapshot_id.isdigit():
            found[key.removeprefix(LEDGER)] = Known(digest, int(snapshot_id))
    return found


def slices_of(declared: Table, listed: Iterable[Manifest]) -> list[Slice]:
    """Return what each unit brings to a table, in the order of days; entities come once, whoever lists them."""
    ordered = sorted(listed, key=lambda manifest: manifest.unit.name)
    parts = {
        manifest.unit.name: {part.key: part for part in manifest.parts if part.table == declared.name and part.rows}
        for manifest in ordered
    }
    if not declared.by_month:
        parts = {_WORLD: {key: part for found in parts.values() for key, part in found.items()}}
    return [Slice(unit, tuple(found[key] for key in sorted(found))) for unit, found in parts.items() if found]


def _is_of(table: IcebergTable, slices: Iterable[Slice], identity: Identity) -> bool:
    """Say whether a table shows this data set, and no unit that is not among the slices."""
    shown = set(ledger_of(table)) - {one.unit for one in slices}
    return not shown and table.properties.get(DATA_SET) == identity.digest


def _history(table: IcebergTable) -> Callable[[int], bool]:
    """Return what says whether a snapshot led to the current one; what has expired is taken for that."""
    parents = {one.snapshot_id: one.parent_snapshot_id for one in table.snapshots()}
    snapshot = table.current_snapshot()
    line: set[int] = set()
    step = snapshot.snapshot_id if snapshot else None
    while step is not None and step not in line:
        line.add(step)
        step = parents.get(step)
    return lambda snapshot_id: snapshot_id in line or snapshot_id not in parents


def _is_news(record: logging.LogRecord) -> bool:
    """Drop what PyIceberg says of each coded column of each file: that it is read as text, which is what we want."""
    return "dictionary type" not in str(record.msg)


def _rows(table: IcebergTable) -> int:
    snapshot = table.current_snapshot()
    summary = snapshot.summary if snapshot else None
    return int(summary["total-records"] or 0) if summary else 0
