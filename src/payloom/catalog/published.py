"""What a data set's manifests say of a table: its rows, and the months that it has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from payloom.catalog.names import Years
from payloom.errors import StorageError
from payloom.schema import Table
from payloom.storage.store import Store
from payloom.write.manifest import Manifest
from payloom.write.records import manifests

_MONTH: Final = re.compile(r"/year=([0-9]{4})/month=([0-9]{2})/")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A partition, as its folder writes it: ``("2025", "06")``."""

    year: str
    month: str

    @property
    def folder(self) -> str:
        """Folder below the table's."""
        return f"year={self.year}/month={self.month}/"

    @property
    def values(self) -> list[str]:
        """Values in the order of the partition columns."""
        return [self.year, self.month]


def published(store: Store) -> list[Manifest]:
    """Return the manifests of a data set.

    Raises
    ------
    StorageError
        If there is none.
    CorruptionError
        If one is damaged.
    """
    found = manifests(store)
    if not found:
        hint = "name the folder or address of a data set"
        raise StorageError(f"{store.location} holds no finished data set of payloom", hint=hint)
    return found


def rows_of(found: Iterable[Manifest], table: Table) -> int:
    """Return how many rows the manifests list for a table; days of one world share the parts of its entities."""
    rows = {part.key: part.rows for manifest in found for part in manifest.parts if part.table == table.name}
    return sum(rows.values())


def months_of(found: Iterable[Manifest], table: Table) -> list[Month]:
    """Return the months for which the manifests list a part of a table, in order."""
    keys = (part.key for manifest in found for part in manifest.parts if part.table == table.name)
    return sorted({Month(*match.groups()) for key in keys if (match := _MONTH.search(key))})


def years_of(months: Iterable[Month]) -> Years | None:
    """Return the years of some months, or None without any."""
    years = [int(month.year) for month in months]
    return Years(min(years), max(years)) if years else None
