"""A range of days of a data set: which of its files have them, and its rows without those of other days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import PolarsError

from payloom.errors import CorruptionError, Problem, TooLittleDataError
from payloom.realism.data import DataSet
from payloom.schema import FRAUD_LABELS, PAYMENTS
from payloom.storage.failures import storage_faults
from payloom.write.parts import Part

_TIME: Final = "event_time"
_FILE: Final = "part-00000.parquet"
_ROWS_PER_GROUP: Final = 1 << 17
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """Days, UTC.

    Attributes
    ----------
    start, end
        First day, and the day after the last; None where it is open.
    """

    start: date | None = None
    end: date | None = None

    def __bool__(self) -> bool:
        """Say whether it leaves out anything."""
        return self.start is not None or self.end is not None

    def __str__(self) -> str:
        """Return both ends as one text."""
        return f"{self.start or ''}..{self.end or ''}"

    def choose(self, parts: Iterable[Part]) -> list[Part]:
        """Return the files that are needed for these days, in their order.

        One of labels is always among them: a table without rows says that there is no report, a missing one nothing.
        """
        found = list(parts)
        chosen = [part for part in found if self.touches(part)]
        if not any(part.table == FRAUD_LABELS.name for part in chosen):
            chosen += [part for part in found if part.table == FRAUD_LABELS.name][:1]
        return chosen

    def touches(self, part: Part) -> bool:
        """Whether a file may have rows of these days; one without times may."""
        if part.first_time_us is None or part.last_time_us is None:
            return True
        begins = self.start is None or part.last_time_us >= _midnight_us(self.start)
        return begins and (self.end is None or part.first_time_us < _midnight_us(self.end))

    def covers(self, part: Part) -> bool:
        """Whether all rows of a file are of these days."""
        if part.first_time_us is None or part.last_time_us is None:
            return not self or not part.rows
        begins = self.start is None or part.first_time_us >= _midnight_us(self.start)
        return begins and (self.end is None or part.last_time_us < _midnight_us(self.end))

    def of(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return the rows of these days; a table without times stays whole."""
        if not self or _TIME not in rows.collect_schema():
            return rows
        day = pl.col(_TIME).dt.date()
        if self.start is not None:
            rows = rows.filter(day >= self.start)
        return rows if self.end is None else rows.filter(day < self.end)

    def cut(self, data: DataSet, place: str) -> DataSet:
        """Return payments and labels of these days, read when they are needed; `place` names the data in messages.

        Raises
        ------
        TooLittleDataError
            If no payment falls into them.
        """
        if not self:
            return data
        labels = None if data.labels is None else self.of(data.labels)
        found = replace(data, payments=self.of(data.payments), labels=labels, files=())
        if not found.rows:
            raise self.nothing(place)
        return found

    def cut_to_files(self, data: DataSet, place: str, folder: Path) -> DataSet:
        """Do as `cut` does, with the rows in files of their own in a folder, which must not exist.

        Raises
        ------
        TooLittleDataError
            If no payment falls into them.
        StorageError
            If the folder can't take the files.
        CorruptionError
            If a file can't be read.
        """
        found = self.cut(data, place)
        for table, rows in ((PAYMENTS.name, found.payments), (FRAUD_LABELS.name, found.labels)):
            if rows is None:
                continue
            with storage_faults(f"write {folder / table}"):
                (folder / table).mkdir(parents=True)
                try:
                    rows.sink_parquet(folder / table / _FILE, row_group_size=_ROWS_PER_GROUP, compression="snappy")
                except PolarsError as error:
                    reason = str(error).strip().splitlines()[0]
                    hint = "payloom verify says which file is damaged"
                    raise CorruptionError(f"{place} can't be read: {reason}", hint=hint) from error
        return replace(DataSet.open(folder), entities=data.entities)

    def nothing(self, place: str) -> TooLittleDataError:
        """Return the error for data without a payment of these days."""
        problem = Problem("from, to", str(self), f"no payment of {place} falls into them")
        return TooLittleDataError([problem], hint="payloom status says which days there are")


def _midnight_us(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * _SECOND_US
