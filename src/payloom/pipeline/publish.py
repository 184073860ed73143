"""Publish: the finished units of a data set from one place to another."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

from payloom.catalog.iceberg import IcebergOptions, TableChange, iceberg_tables
from payloom.engine.stop import Stop, stop_on_signals
from payloom.errors import ConflictError, CorruptionError
from payloom.pipeline.places import open_target
from payloom.publish.transfer import BytesCallback, Transfer, damaged_part, send_parts
from payloom.storage.address import StoreOptions, open_store
from payloom.storage.store import Store
from payloom.write.dataset import Dataset
from payloom.write.documents import canonical
from payloom.write.identity import Identity, no_data_set, read_identity
from payloom.write.manifest import Manifest, manifest_key, merged_parts
from payloom.write.parts import Part, damage
from payloom.write.records import DATA_PREFIXES, MADE_WITH, declared_units, each_of, manifests
from payloom.write.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOptions:
    """What may be chosen of a publication.

    Attributes
    ----------
    day
        Publish this day alone, which was made as a day; None for everything that is finished.
    overwrite
        Whether to replace what differs at the target: another data set, or parts with other bytes.
    store
        How to talk to the object store.
    iceberg
        Let Iceberg tables follow what is published; None for the Hive layout alone.
    """

    day: date | None = None
    overwrite: bool = False
    iceberg: IcebergOptions | None = None
    store: StoreOptions = field(default_factory=StoreOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSummary:
    """What a publication did.

    Attributes
    ----------
    source, target
        Where from and where to, as given.
    units
        Names of what is published now.
    rows, fraud_rows
        Payments in these units, and those that are fraud.
    sent_parts, sent_bytes, kept_parts, kept_bytes
        What was uploaded, and what was there already.
    seconds
        Wall time.
    tables
        What happened to each Iceberg table; empty without any.
    """

    source: str
    target: str
    units: tuple[str, ...]
    rows: int
    fraud_rows: int
    sent_parts: int
    sent_bytes: int
    kept_parts: int
    kept_bytes: int
    seconds: float
    tables: tuple[TableChange, ...] = ()


def publish(
    source: str | Path,
    target: str | Path,
    options: PublishOptions | None = None,
    progress: BytesCallback | None = None,
) -> PublishSummary:
    """Bring a data set, or a day of it, to another place; or finish what an interrupted run began.

    Parts go first and each appears whole or not at all; the manifest of a unit goes last and is what makes it exist
    there. Published again, nothing is sent.

    Parameters
    ----------
    source
        A data set's folder or address.
    target
        An address such as ``s3://bucket/prefix``, or another folder.
    options
        What may be chosen.
    progress
        Told of bytes done and of all bytes, in the caller's thread.

    Raises
    ------
    ConflictError
        If the target holds another data set, an overlapping unit, or a part with other bytes.
    CorruptionError
        If the source is damaged or unfinished.
    StorageError, TransientError
        If storage refuses.
    InterruptedRunError
        If SIGINT or SIGTERM came.
    """
    options = options or PublishOptions()
    started = time.monotonic()
    with stop_on_signals() as stop:
        done = _publish(source, target, options, progress or (lambda _done, _total: None), stop)
    return replace(done, seconds=time.monotonic() - started)


def _publish(
    source: str | Path, target: str | Path, options: PublishOptions, progress: BytesCallback, stop: Stop
) -> PublishSummary:
    here = open_store(source, options.store)
    identity = read_identity(here)
    if identity is None:
        raise no_data_set(here)
    chosen = _chosen(here, identity, options.day)
    _check_sizes(here, chosen)
    stop.check()
    there = open_target(target, options.store)
    dataset = Dataset(there, identity)
    with iceberg_tables(there, options.iceberg, options.store) as tables:
        _make_room(here, dataset, chosen, overwrite=options.overwrite)
        with there.writing(alone=False):
            stop.check()
            intended = {} if options.overwrite else {manifest.unit: _digest(manifest) for manifest in chosen}
            dataset.admit(*(manifest.unit for manifest in chosen), intended=intended)
            found = each_of(chosen, lambda manifest: dataset.manifest(manifest.unit))
            known = {manifest.unit: manifest for manifest in found if manifest is not None}
            fresh = [manifest for manifest in chosen if known.get(manifest.unit) != manifest]
            transfer = send_parts(
                here,
                there,
                sorted(merged_parts(chosen).values(), key=lambda part: (-part.size_bytes, part.key)),
                files_at_once=options.store.concurrency,
                settle=partial(_settle, here, there, chosen, known, overwrite=options.overwrite),
                progress=progress,
                check=stop.check,
            )
            stop.check()
            each_of(fresh, lambda manifest: _copy_versions(here, there, manifest.unit))
            dataset.commit(*fresh, replace=options.overwrite)
            changes = tables.follow(identity, stop.check) if tables else ()
    return replace(_summary(source, target, chosen, transfer), tables=changes)


def _chosen(here: Store, identity: Identity, day: date | None) -> list[Manifest]:
    """Return the manifests of what is to be published.

    Raises
    ------
    ConflictError
        If there is no such day, or it was made as a part of something longer.
    CorruptionError
        If a run in the folder is unfinished, or a manifest is of another data set.
    """
    found = manifests(here)
    for manifest in found:
        if (manifest.world_digest, manifest.layout_digest) != (identity.world_digest, identity.layout_digest):
            raise CorruptionError(
                f"{here.location}: the manifest of {manifest.unit.name} is of another data set",
                hint="generate into another folder",
            )
    if day is not None:
        return [_of_day(here, found, day)]
    finished = {manifest.unit for manifest in found}
    unfinished = [unit.name for unit in declared_units(here) if unit not in finished]
    if unfinished or not found:
        raise CorruptionError(
            f"{here.location}: {f'the run of {unfinished[0]} is unfinished' if unfinished else 'no run was finished'}",
            hint="run the command that made it again: it goes on where it was; or publish a finished day with --day",
        )
    return found


def _of_day(here: Store, found: list[Manifest], day: date) -> Manifest:
    unit = Unit.of_day(day)
    for manifest in found:
        if manifest.unit == unit:
            return manifest
    for manifest in found:
        if manifest.unit.overlaps(unit):
            raise ConflictError(
                f"{here.location} holds {unit.name} as a part of {manifest.unit.name}",
                hint="publish it without --day, or generate the day by itself: payloom generate --day",
            )
    raise ConflictError(
        f"{here.location} does not hold {unit.name}",
        hint=f"make it first: payloom generate --day {unit.name} --out {here.location}",
    )


def _make_room(here: Store, dataset: Dataset, chosen: list[Manifest], *, overwrite: bool) -> None:
    """Refuse what conflicts with what is there, or remove it, once it is sure what will replace it."""
    units = [manifest.unit for manifest in chosen]
    problem = dataset.conflict(*units)
    if problem is None:
        return
    if refusal := dataset.foreign() if overwrite else problem:
        raise refusal
    _check_source(here, chosen)
    with dataset.store.writing(alone=True):
        dataset.replace(*units)


def _settle(
    here: Store,
    there: Store,
    chosen: list[Manifest],
    known: Mapping[Unit, Manifest],
    changed: list[Part],
    *,
    overwrite: bool,
) -> None:
    """Refuse what differs there, or get it ready to be replaced: first the manifests go that list it."""
    differing = [manifest.unit for manifest in chosen if known.get(manifest.unit, manifest) != manifest]
    if not differing and not changed:
        return
    if not overwrite:
        more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
        raise ConflictError(
            f"{there.location}/{changed[0].key}{more} has other bytes than the part here"
            if changed
            else f"{there.location} holds {differing[0].name} with other parts",
            hint="choose another place, or pass --overwrite to replace them",
        )
    _refuse_needed(there, chosen, changed)
    _check_source(here, chosen)
    for unit in differing:
        there.delete(manifest_key(unit))


def _refuse_needed(there: Store, chosen: list[Manifest], changed: list[Part]) -> None:
    """Refuse to replace parts that units need which are not published again."""
    units = {manifest.unit for manifest in chosen}
    keys = {part.key: part for part in changed}
    for manifest in manifests(there):
        needed = sorted(part.key for part in manifest.parts if keys.get(part.key, part) != part)
        if manifest.unit not in units and needed:
            raise ConflictError(
                f"{there.location}/{needed[0]} has other bytes than the part here, and {manifest.unit.name} needs it",
                hint="publish all units together with --overwrite, or choose another place",
            )


def _digest(manifest: Manifest) -> str:
    """Return the digest of what a manifest lists; the release that wrote it does not count."""
    return hashlib.sha256(canonical({"parts": [part.document() for part in manifest.parts]})).hexdigest()


def _check_sizes(here: Store, chosen: list[Manifest]) -> None:
    """Look at once whether the source is complete: a listing tells."""
    parts = merged_parts(chosen)
    found = {entry.key: entry.size for folder in DATA_PREFIXES for entry in here.list(folder)}
    for key, part in parts.items():
        if found.get(key) != part.size_bytes:
            raise damaged_part(here, part, damage(here, part))


def _check_source(here: Store, chosen: list[Manifest]) -> None:
    """Read every part before something is removed for its sake."""
    parts = list(merged_parts(chosen).values())
    for part, how in zip(parts, each_of(parts, lambda part: damage(here, part)), strict=True):
        if how:
            raise damaged_part(here, part, how)


def _copy_versions(here: Store, there: Store, unit: Unit) -> None:
    key = f"{MADE_WITH}/{unit.name}.json"
    if (data := here.read(key)) is not None:
        there.put(key, data)


def _summary(source: str | Path, target: str | Path, chosen: list[Manifest], transfer: Transfer) -> PublishSummary:
    return PublishSummary(
        source=str(source),
        target=str(target),
        units=tuple(manifest.unit.name for manifest in chosen),
        rows=sum(manifest.rows for manifest in chosen),
        fraud_rows=sum(manifest.fraud_rows for manifest in chosen),
        sent_parts=transfer.sent_parts,
        sent_bytes=transfer.sent_bytes,
        kept_parts=transfer.kept_parts,
        kept_bytes=transfer.kept_bytes,
        seconds=0.0,
    )
