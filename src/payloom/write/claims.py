"""Who may go first, without a lock: claims that runs lay down while they look around."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from payloom.errors import ConflictError, StorageError, TransientError
from payloom.storage.keys import CLAIMS
from payloom.storage.store import Store
from payloom.write.documents import Document, sealed, unsealed
from payloom.write.records import declared_units, read_each
from payloom.write.units import Unit

_ATTEMPTS: Final = 8
_PAUSE_SECONDS: Final = 0.05


@contextmanager
def claimed(store: Store, units: Sequence[Unit], *, removes: bool = False) -> Iterator[None]:
    """Hold a claim that excludes no other one.

    A run lays down a claim of its own and then looks at those of others: of two that exclude each other at least one
    sees the other. What was admitted is to be looked at inside of the block: a claim goes only when its run was
    admitted or refused.

    Parameters
    ----------
    store
        Where the claim lies.
    units
        What the run wants to add.
    removes
        Whether it wants to remove everything else, which excludes every other claim.

    Raises
    ------
    ConflictError
        If another run keeps a claim that excludes this one.
    """
    rival = ""
    for attempt in range(1, _ATTEMPTS + 1):
        own = f"{CLAIMS}/{units[0].name}.{os.urandom(6).hex()}.json"
        try:
            store.put(own, sealed({"units": [unit.name for unit in units], "removes": removes}))
            rival = _rival(store, own, units, removes=removes)
            if not rival:
                yield
        finally:
            # One that stays is harmless once its units are declared, and else a case for `payloom clean`.
            with suppress(StorageError, TransientError):
                store.delete(own)
        if not rival:
            return
        # Both may have seen each other: uneven pauses let one go first.
        time.sleep(_PAUSE_SECONDS * attempt * (1 + os.urandom(1)[0] / 64))
    raise ConflictError(
        f"another run is about to {rival} in {store.location}",
        hint="wait for it to end; if it is dead, remove what it left: payloom clean --older-than 0",
    )


def overlapped(units: Sequence[Unit], other: Unit) -> Unit | None:
    """Return the unit that another one overlaps, None if there is none or it is among them."""
    return None if other in units else next((unit for unit in units if unit.overlaps(other)), None)


def _rival(store: Store, own: str, units: Sequence[Unit], *, removes: bool) -> str:
    """Return what another run wants that excludes this one, empty if none does."""
    claims = read_each(store, CLAIMS, lambda entry, data: (entry.key, unsealed(data)))
    declared = declared_units(store) if len(claims) > 1 else {}
    for key, body in claims:
        others = _claimed_units(body)
        if key == own or body is None or not others:
            continue
        if body.get("removes"):
            return "replace the data"
        if declared.keys() >= set(others):
            continue
        other = next((other for other in others if overlapped(units, other)), None)
        if removes or other:
            return f"add {(other or others[0]).name}"
    return ""


def _claimed_units(body: Document | None) -> list[Unit]:
    """Return the units of a claim; of one that is damaged, none."""
    try:
        return [Unit.from_name(name) for name in (body or {})["units"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        return []
