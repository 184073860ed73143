"""What dead runs left at a place, and its removal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from payloom.publish.survey import Survey
from payloom.storage.keys import OWN_FOLDER
from payloom.storage.store import Entry, Store
from payloom.write.identity import MARKER
from payloom.write.parts import RECEIPTS, Receipt
from payloom.write.records import MADE_WITH, each_of, manifests

Kind = Literal["upload", "unit", "receipt", "part", "claim", "record"]

MEANING: Final[dict[Kind, str]] = {
    "upload": "unfinished upload",
    "unit": "unit that was begun and not finished",
    "receipt": "receipt of a part without a manifest",
    "part": "part that no manifest lists",
    "claim": "claim of a run that was being admitted",
    "record": "record of a data set that is not there",
}


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that a dead run left.

    Attributes
    ----------
    kind
        What it is, see `MEANING`.
    entry
        Where it lies, how large and how old it is.
    """

    kind: Kind
    entry: Entry


def leftovers(store: Store, found: Survey) -> list[Leftover]:
    """Return everything that finished units do not need."""
    orphans = {entry.key for entry in found.orphans}
    left = [Leftover("upload", entry) for entry in found.uploads or ()]
    left += [Leftover("unit", entry) for entry in found.unfinished.values()]
    left += [Leftover("receipt", entry) for entry in _receipts(store, orphans)]
    left += [Leftover("part", entry) for entry in found.orphans]
    left += [Leftover("claim", entry) for entry in found.claims]
    left += [Leftover("record", entry) for entry in found.alien_manifests]
    if not found.manifests and not found.alien_manifests:
        left += [Leftover("record", entry) for entry in store.list(OWN_FOLDER) if _is_of_nothing(entry)]
    return left


def remove(store: Store, left: Sequence[Leftover]) -> None:
    """Remove leftovers.

    Declarations go before parts: a run that is resumed just now sees at its commit that its own is gone. What it has
    committed meanwhile stays.
    """

    def entries(kind: Kind) -> list[Entry]:
        return [one.entry for one in left if one.kind == kind]

    store.discard_unfinished(entries("upload"))
    each_of([entry.key for entry in entries("unit")], store.delete)
    needed = {part.key for manifest in manifests(store) for part in manifest.parts}
    for kind in ("receipt", "part", "claim"):
        each_of([entry.key for entry in entries(kind) if entry.key not in needed], store.delete)
    # The marker sorts last but for these: an interrupted removal can be taken up again.
    each_of([entry.key for entry in entries("record") if entry.key != MARKER], store.delete)
    if any(entry.key == MARKER for entry in entries("record")):
        store.delete(MARKER)


def _is_of_nothing(entry: Entry) -> bool:
    return entry.key == MARKER or entry.key.startswith(f"{MADE_WITH}/")


def _receipts(store: Store, orphans: set[str]) -> Iterator[Entry]:
    """Yield the receipts that vouch for a part without a manifest."""
    entries = list(store.list(RECEIPTS)) if orphans else []
    found = each_of(entries, lambda entry: Receipt.from_bytes(store.read(entry.key)))
    for entry, receipt in zip(entries, found, strict=True):
        if receipt is None or any(part.key in orphans for part in receipt.parts):
            yield entry
