"""Status and clean: what lies at a place, and the removal of what dead runs left there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from payloom.pipeline.verify import no_data_set
from payloom.publish.clearing import Leftover, leftovers, remove
from payloom.publish.survey import Survey, survey
from payloom.storage.address import StoreOptions, open_store
from payloom.storage.store import Store

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
    return _surveyed(open_store(location, options))


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
        The limit, by the clock of the store; 0 when nobody else is writing there.
    dry_run
        Whether to remove nothing.

    Raises
    ------
    ConflictError
        If a run is writing into the folder; for a bucket nobody can tell.
    StorageError, TransientError
        If there is no data set, or the store refuses.
    """
    store = open_store(location, options)
    _surveyed(store)
    if dry_run:
        dead, young = _dead_and_young(store, older_than_seconds)
    else:
        with store.writing(alone=True):
            dead, young = _dead_and_young(store, older_than_seconds)
            remove(store, dead)
    return CleanReport(store.location, tuple(dead), tuple(young))


def _surveyed(store: Store) -> Survey:
    found = survey(store)
    if found is None:
        raise no_data_set(store)
    return found


def _dead_and_young(store: Store, older_than_seconds: float) -> tuple[list[Leftover], list[Leftover]]:
    left = leftovers(store, _surveyed(store))
    limit_s = store.now_s() - older_than_seconds
    alive = any(one.entry.modified_s > limit_s for one in left)
    dead = [one for one in left if one.entry.modified_s <= limit_s and (one.kind == "upload" or not alive)]
    return dead, [one for one in left if one not in dead]
