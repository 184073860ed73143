"""Manifests: the commit point of a unit, which lists every part that belongs to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from payloom.errors import CorruptionError
from payloom.storage.keys import OWN_FOLDER
from payloom.version import __version__
from payloom.write.documents import Document, sealed, unsealed
from payloom.write.parts import Part, Receipt, data_digest
from payloom.write.units import Unit

MANIFESTS: Final = f"{OWN_FOLDER}/manifests"
MAIN_TABLE: Final = "payments"
"""Table whose rows a run counts."""

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one unit consists of.

    Attributes
    ----------
    unit
        Days that it covers.
    world_digest, layout_digest
        What the rows and the files were made from.
    parts
        Every part, sorted by key.
    """

    unit: Unit
    world_digest: str
    layout_digest: str
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, unit: Unit, world_digest: str, layout_digest: str, receipts: Iterable[Receipt]) -> Self:
        """Return the manifest of finished jobs."""
        parts = sorted((part for receipt in receipts for part in receipt.parts), key=lambda part: part.key)
        return cls(unit, world_digest, layout_digest, tuple(parts))

    @property
    def rows(self) -> int:
        """Rows of the main table."""
        return sum(part.rows for part in self.parts if part.table == MAIN_TABLE)

    @property
    def fraud_rows(self) -> int:
        """Fraud rows of the main table."""
        return sum(part.fraud_rows or 0 for part in self.parts if part.table == MAIN_TABLE)

    @property
    def size_bytes(self) -> int:
        """Bytes of all parts."""
        return sum(part.size_bytes for part in self.parts)

    def to_bytes(self) -> bytes:
        """Return the sealed JSON text, the same for every run of this unit."""
        return sealed(
            {
                "format": _FORMAT,
                "payloom_version": __version__,
                "unit": self.unit.document(),
                "world_digest": self.world_digest,
                "layout_digest": self.layout_digest,
                "parts": [part.document() for part in self.parts],
                "tables": self._totals(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes | None) -> Self | None:
        """Return the manifest, or None unless these are bytes that `to_bytes` made."""
        body = unsealed(data)
        if body is None or body.get("format") != _FORMAT:
            return None
        try:
            return cls(
                Unit.from_document(body["unit"]),
                body["world_digest"],
                body["layout_digest"],
                tuple(map(Part.from_document, body["parts"])),
            )
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def data_digest(self) -> str:
        """Digest of world and layout."""
        return data_digest(self.world_digest, self.layout_digest)

    def _totals(self) -> Document:
        totals: Document = {}
        for part in self.parts:
            total = totals.setdefault(part.table, {"parts": 0, "rows": 0, "size_bytes": 0, "fraud_rows": 0})
            total["parts"] += 1
            total["rows"] += part.rows
            total["size_bytes"] += part.size_bytes
            total["fraud_rows"] += part.fraud_rows or 0
        return totals


def merged_parts(manifests: Iterable[Manifest]) -> dict[str, Part]:
    """Return the parts of all manifests by key, each once: units share the parts of entities.

    Raises
    ------
    CorruptionError
        If two manifests list a key with different content.
    """
    parts: dict[str, Part] = {}
    for manifest in manifests:
        for part in manifest.parts:
            if parts.setdefault(part.key, part) != part:
                raise CorruptionError(
                    f"{part.key} is listed twice, with different content",
                    hint="other versions made the units; generate them again in another place, all with one",
                )
    return parts


def manifest_key(unit: Unit) -> str:
    """Return the key of a unit's manifest."""
    return f"{MANIFESTS}/{unit.name}.json"
