"""What dead runs left at a place, and its removal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from payloom.publish.survey import Survey
from payloom.storage.store import Entry, Store
from payloom.write.dataset import each_of
from payloom.write.parts import RECEIPTS, Receipt

Kind = Literal["upload", "part", "receipt", "unit", "claim"]

MEANING: Final[dict[Kind, str]] = {
    "upload": "unfinished upload",
    "part": "part that no manifest lists",
    "receipt": "receipt of such a part",
    "unit": "unit that was begun and not finished",
    "claim": "claim of a run that was being admitted",
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
    """Return everything that finished units do not need, in the order in which it is safely removed."""
    orphans = {entry.key: entry for entry in found.orphans}
    left = [Leftover("upload", entry) for entry in found.uploads or ()]
    left += [Leftover("receipt", entry) for entry in _receipts(store, set(orphans))]
    left += [Leftover("part", entry) for entry in orphans.values()]
    left += [Leftover("unit", entry) for entry in found.unfinished.values()]
    claims = {entry.key for entry in found.claims}
    # On a local disk claims are staged files, and listed as such.
    left = [one for one in left if one.entry.key not in claims]
    return left + [Leftover("claim", entry) for entry in found.claims]


def remove(store: Store, left: list[Leftover]) -> None:
    """Remove leftovers: uploads first, declarations last, so that an interrupted removal can be taken up again."""
    store.discard_unfinished([one.entry for one in left if one.kind == "upload"])
    for kind in ("receipt", "part", "unit", "claim"):
        each_of([one.entry.key for one in left if one.kind == kind], store.delete)


def _receipts(store: Store, orphans: set[str]) -> Iterator[Entry]:
    """Yield the receipts that vouch for a part without a manifest."""
    entries = list(store.list(RECEIPTS)) if orphans else []
    found = each_of(entries, lambda entry: Receipt.from_bytes(store.read(entry.key)))
    for entry, receipt in zip(entries, found, strict=True):
        if receipt is None or any(part.key in orphans for part in receipt.parts):
            yield entry
