"""Tells the Glue Data Catalog of a data set; a second time changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from botocore.exceptions import ClientError

from payloom.catalog.failures import ALREADY_THERE, NOT_FOUND, code_of, refused, service_faults
from payloom.catalog.glue import (
    Item,
    database_input,
    partition_input,
    place_of,
    same_storage,
    same_table,
    table_input,
    updated_table,
)
from payloom.catalog.names import Location
from payloom.catalog.published import Month, months_of, years_of
from payloom.errors import ConflictError
from payloom.schema import Table
from payloom.write.manifest import Manifest

State = Literal["created", "updated", "kept"]

WRITE_BATCH: Final = 100
"""Partitions in one BatchCreatePartition or BatchUpdatePartition (Glue API reference)."""


@dataclass(frozen=True, slots=True)
class TableChange:
    """What happened to a table.

    Attributes
    ----------
    name
        The table.
    state
        What happened to the table itself.
    added, updated, kept, removed
        Partitions; a removed one lies in the table's folder, and no manifest lists a part in it.
    """

    name: str
    state: State
    added: int = 0
    updated: int = 0
    kept: int = 0
    removed: int = 0


class Registrar:
    """Brings one database of the catalog up to date.

    Parameters
    ----------
    client
        Of Glue.
    database
        Name of the database.
    location
        Where the data set lies.
    """

    def __init__(self, client: Any, database: str, location: Location) -> None:
        self._client, self._database, self._location = client, database, location

    def database(self) -> State:
        """Make the database unless it exists."""
        with service_faults(f"create the database {self._database} in Glue"):
            if _answer(lambda: self._client.get_database(Name=self._database), NOT_FOUND) is not None:
                return "kept"
            made = _answer(
                lambda: self._client.create_database(DatabaseInput=database_input(self._database)), ALREADY_THERE
            )
            return "kept" if made is None else "created"

    def refuse_foreign(self, tables: Sequence[Table]) -> None:
        """Return if no table of these names lies elsewhere: nobody's table is ever taken over.

        Raises
        ------
        ConflictError
            If one does.
        """
        for table in tables:
            existing = self._existing(table)
            place = place_of(existing) if existing else ""
            if existing and place != self._location.table(table).rstrip("/"):
                raise ConflictError(
                    f"the table {self._database}.{table.name} in Glue lies at {place or 'no place'}, "
                    f"not at {self._location.table(table)}",
                    hint="choose another --database, or delete that table first",
                )

    def table(self, table: Table, manifests: Sequence[Manifest]) -> TableChange:
        """Make a table and its partitions, or bring them up to date."""
        months = months_of(manifests, table)
        wanted = table_input(table, self._location, years_of(months))
        with service_faults(f"write the table {self._database}.{table.name} to Glue"):
            state = self._write_table(table, wanted)
        if not table.by_month:
            return TableChange(table.name, state)
        with service_faults(f"write the partitions of {self._database}.{table.name} to Glue"):
            return self._write_partitions(table, state, months)

    def _existing(self, table: Table) -> Item | None:
        with service_faults(f"read the table {self._database}.{table.name} in Glue"):
            found = _answer(lambda: self._client.get_table(DatabaseName=self._database, Name=table.name), NOT_FOUND)
            return found["Table"] if found else None

    def _write_table(self, table: Table, wanted: Item) -> State:
        existing = self._existing(table)
        where = {"DatabaseName": self._database}
        if existing is None:
            if _answer(lambda: self._client.create_table(**where, TableInput=wanted), ALREADY_THERE) is not None:
                return "created"
            # Somebody else was faster; most likely with the same table.
            existing = self._existing(table) or {}
        if same_table(existing, wanted):
            return "kept"
        self._client.update_table(**where, TableInput=updated_table(existing, wanted))
        return "updated"

    def _write_partitions(self, table: Table, state: State, months: Sequence[Month]) -> TableChange:
        wanted = {tuple(month.values): partition_input(table, self._location, month) for month in months}
        existing = {tuple(item["Values"]): item for item in self._partitions(table)}
        added = [item for values, item in wanted.items() if values not in existing]
        changed = [
            item for values, item in wanted.items() if values in existing and not same_storage(existing[values], item)
        ]
        folder = self._location.table(table)
        gone = [
            list(values)
            for values, item in existing.items()
            if values not in wanted and place_of(item).startswith(folder)
        ]
        where = {"DatabaseName": self._database, "TableName": table.name}
        for batch in batches(added, WRITE_BATCH):
            _whole(self._client.batch_create_partition(**where, PartitionInputList=batch), ALREADY_THERE)
        for batch in batches(changed, WRITE_BATCH):
            entries = [{"PartitionValueList": item["Values"], "PartitionInput": item} for item in batch]
            _whole(self._client.batch_update_partition(**where, Entries=entries))
        for values in gone:
            _answer(partial(self._client.delete_partition, **where, PartitionValues=values), NOT_FOUND)
        kept = len(wanted) - len(added) - len(changed)
        return TableChange(table.name, state, len(added), len(changed), kept, len(gone))

    def _partitions(self, table: Table) -> Iterator[Item]:
        pages = self._client.get_paginator("get_partitions")
        for page in pages.paginate(DatabaseName=self._database, TableName=table.name):
            yield from page["Partitions"]


def batches(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    """Cut items into lists of at most `size`."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _answer(call: Callable[[], Item], expected: str) -> Item | None:
    """Return what a call answers, or None when it fails with the expected word."""
    try:
        return call()
    except ClientError as error:
        if code_of(error) != expected:
            raise
        return None


def _whole(answer: Item, harmless: str = "") -> None:
    """Raise what a batch call answers for single items: it succeeds even if all of them fail."""
    for failure in answer.get("Errors") or []:
        detail = failure.get("ErrorDetail") or {}
        if (code := str(detail.get("ErrorCode", ""))) != harmless:
            values = failure.get("PartitionValues") or failure.get("PartitionValueList") or []
            month = "-".join(values)
            raise refused(f"write the partition {month} to Glue", code, str(detail.get("ErrorMessage", "")))
