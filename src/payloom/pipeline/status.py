"""Status and clean: what lies at a place, and the removal of what dead runs left there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from payloom.engine.stop import stop_on_signals
from payloom.publish.clearing import Leftover, leftovers, remove
from payloom.publish.survey import Survey, survey
from payloom.storage.address import StoreOptions, open_store
from payloom.storage.keys import CLAIMS
from payloom.storage.store import Store
from payloom.write.identity import no_data_set

OLDER_THAN_SECONDS: Final = 24 * 3600.0
"""A run leaves traces far more often than once a day: what is older, in all it left, is dead."""


@dataclass(frozen=True, slots=True)
class CleanReport:
    """What was cleaned, or would be.

    Attributes
    ----------
    location
        The place.
    removed
        What dead runs left.
    kept
        What may belong to a run that is alive: too young.
    """

    location: str
    removed: tuple[Leftover, ...]
    kept: tuple[Leftover, ...]


def status(location: str | Path, options: StoreOptions | None = None) -> Survey:
    """Say what lies at a place, without reading data.

    Parameters
    ----------
    location
        A folder, or an address such as ``s3://bucket/prefix``.
    options
        How to talk to an object store.

    Raises
    ------
    StorageError
        If there is no data set, or it can't be read.
    CorruptionError
        If a record is damaged.
    """
    with stop_on_signals() as stop:
        found = _surveyed(open_store(location, options))
        stop.check()
    return found


def clean(
    location: str | Path,
    options: StoreOptions | None = None,
    *,
    older_than_seconds: float = OLDER_THAN_SECONDS,
    dry_run: bool = False,
) -> CleanReport:
    """Remove what dead runs left: unfinished uploads, parts without a manifest, their records.

    Finished units and files of others are never touched. As long as anything of the leftovers is younger than the
    limit a run may be alive, and then only uploads that are older go.

    Parameters
    ----------
    location
        A folder, or an address such as ``s3://bucket/prefix``.
    options
        How to talk to an object store.
    older_than_seconds
        The limit, by the clock of the store; 0 when nobody else is writing there, which takes everything.
    dry_run
        Whether to remove nothing.

    Raises
    ------
    ConflictError
        If a run is writing into the folder; for a bucket nobody can tell.
    StorageError, TransientError
        If there is no data set, or the store refuses.
    """
    with stop_on_signals() as stop:
        store = open_store(location, options)
        dead, young = _dead_and_young(store, older_than_seconds)
        stop.check()
        if not dry_run:
            # The right to write into a folder clears what is staged there; it was seen before.
            staged = [one for one in dead if one.kind == "upload" and not store.is_shared]
            with store.writing(alone=True):
                found, young = _dead_and_young(store, older_than_seconds)
                dead = [*staged, *(one for one in found if one.kind != "upload" or store.is_shared)]
                stop.check()
                remove(store, dead)
    return CleanReport(store.location, tuple(dead), tuple(young))


def _surveyed(store: Store) -> Survey:
    found = survey(store)
    if found is None:
        raise no_data_set(store)
    return found


def _dead_and_young(store: Store, older_than_seconds: float) -> tuple[list[Leftover], list[Leftover]]:
    found = survey(store)
    claims = [Leftover("claim", entry) for entry in store.list(CLAIMS)] if found is None else []
    if found is None and not claims:
        raise no_data_set(store)
    left = claims if found is None else leftovers(store, found)
    # In a folder the lock tells whether a run is alive: what is staged without one is of no use to anybody.
    useless = [] if store.is_shared else [one for one in left if one.kind == "upload"]
    rest = left if store.is_shared else [one for one in left if one.kind != "upload"]
    limit_s = store.now_s() - older_than_seconds if older_than_seconds else float("inf")
    alive = any(one.entry.modified_s > limit_s for one in rest)
    dead, young = useless, list[Leftover]()
    for one in rest:
        is_dead = one.entry.modified_s <= limit_s and (one.kind == "upload" or not alive)
        (dead if is_dead else young).append(one)
    return dead, young
