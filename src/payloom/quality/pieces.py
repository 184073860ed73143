"""Where rows come from: parts of a data set of payloom, files of anybody, frames in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.exceptions import PolarsError

from payloom.errors import PayloomError, StorageError
from payloom.realism.mapping import Mapping
from payloom.schema import Column, Table
from payloom.storage.failures import storage_faults
from payloom.storage.store import Store

BATCH_ROWS: Final = 1 << 17
"""Rows looked at together: 50 MB of payments."""

FEW_COLUMNS: Final = 3
"""Columns up to which they are read without the rest of a file."""

_MONTH: Final = re.compile(r"/year=(\d{4})/month=(\d{2})/")


class UnreadableError(Exception):
    """A file that can't be read; the message says why."""


class Piece(Protocol):
    """A file, or a frame, of one table."""

    @property
    def table(self) -> str:
        """Table that it belongs to."""
        ...

    @property
    def name(self) -> str:
        """How messages call it."""
        ...

    @property
    def rows(self) -> int | None:
        """Rows that its manifest promises; None if nothing does."""
        ...

    @property
    def month(self) -> tuple[int, int] | None:
        """Year and month of its partition; None outside partitions."""
        ...

    def types(self) -> dict[str, str]:
        """Return the type of each column as `stored_type` writes it, in the order of the file.

        Raises
        ------
        UnreadableError
            If the file can't be read.
        """
        ...

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Yield the rows in order, all columns or some.

        Raises
        ------
        UnreadableError
            If the file can't be read; pages whose checksum is wrong count as unreadable.
        """
        ...


def month_of(name: str) -> tuple[int, int] | None:
    """Return year and month of a key such as ``payments/year=2025/month=03/part-….parquet``."""
    match = _MONTH.search(name)
    return (int(match[1]), int(match[2])) if match else None


@dataclass(frozen=True)
class StoredPart:
    """A part of a data set, in a folder or a bucket."""

    store: Store
    name: str
    table: str
    rows: int | None

    @property
    def month(self) -> tuple[int, int] | None:
        """Year and month of its folder."""
        return month_of(self.name)

    def types(self) -> dict[str, str]:
        """Return the types that the file declares; its footer is read once."""
        return self._types

    @cached_property
    def _types(self) -> dict[str, str]:
        try:
            with storage_faults(f"read {self.name}"), self.store.open_ranges(self.name) as file:
                return arrow_types(pq.ParquetFile(file).schema_arrow)
        except (pa.ArrowException, PayloomError, ValueError) as error:
            raise _unreadable(error) from error

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Yield rows; the checksum of every page that is read is compared."""
        try:
            with storage_faults(f"read {self.name}"), self._opened(columns) as file:
                parquet = pq.ParquetFile(file, page_checksum_verification=True)
                found = [name for name in parquet.schema_arrow.names if columns is None or name in columns]
                for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=found, use_threads=False):
                    yield pl.DataFrame(batch)
        except (pa.ArrowException, PayloomError, ValueError) as error:
            raise _unreadable(error) from error

    def _opened(self, columns: Sequence[str] | None) -> BinaryIO:
        """Open the file: of a part in a bucket a few columns are fetched alone, many with the whole of it."""
        few = columns is not None and len(columns) <= FEW_COLUMNS
        return self.store.open_ranges(self.name) if few else self.store.open(self.name)


@dataclass(frozen=True)
class ForeignFile:
    """A Parquet or CSV file of anybody, read through a mapping."""

    path: Path
    mapping: Mapping = field(repr=False)
    table: str = "payments"
    rows: int | None = None
    month: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def frame(self) -> pl.LazyFrame:
        """Return the rows under payloom's names."""
        csv = self.path.suffix.lower() == ".csv"
        raw = (
            pl.scan_csv(self.path, try_parse_dates=True, infer_schema_length=10_000)
            if csv
            else pl.scan_parquet(self.path, hive_partitioning=False)
        )
        return self.mapping.apply(raw)

    def types(self) -> dict[str, str]:
        """Return the types after the mapping."""
        try:
            return arrow_types(self.frame().collect_schema().to_frame().to_arrow().schema)
        except (PolarsError, OSError) as error:
            raise _unreadable(error) from error

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Yield the rows under payloom's names."""
        try:
            frame = self.frame()
            if columns is not None:
                frame = frame.select(name for name in frame.collect_schema() if name in columns)
            yield from frame.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
        except (PolarsError, OSError) as error:
            raise _unreadable(error) from error


def foreign_files(place: Path) -> tuple[Path, ...]:
    """Return the Parquet or else CSV files at a place, in the order of their names.

    Raises
    ------
    StorageError
        If there is none.
    """
    if place.is_file():
        return (place,)
    for suffix in (".parquet", ".csv"):
        names = sorted(file.relative_to(place) for file in place.rglob(f"*{suffix}"))
        # What begins with a dot or an underscore is no data, as every reader of lakes has it.
        files = tuple(place / name for name in names if not any(part[0] in "._" for part in name.parts))
        if files:
            return files
    raise StorageError(f"{place} holds no Parquet and no CSV file", hint="name a data set, or a file or folder of data")


def stored_type(kind: pa.DataType) -> str:
    """Return a type as rules name it: the kinds of `payloom.schema`, or Arrow's own name."""
    if pa.types.is_dictionary(kind):
        return "enum"
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "string"
    if pa.types.is_timestamp(kind):
        return "timestamp" if kind.unit == "us" and kind.tz == "UTC" else str(kind)
    if pa.types.is_date32(kind):
        return "date"
    names = {"double": "float64", "float": "float32"}
    return names.get(str(kind), str(kind))


def arrow_types(schema: pa.Schema) -> dict[str, str]:
    """Return the type of each column."""
    return {field.name: stored_type(field.type) for field in schema}


def usable(stored: str, column: Column) -> bool:
    """Whether rules of a column can be measured on values of this type."""
    if column.kind == "enum":
        return stored in ("enum", "string")
    if column.kind in ("int64", "int32", "int16"):
        return stored in ("int64", "int32", "int16", "int8", "uint32", "uint16", "uint8")
    if column.kind in ("float64", "float32"):
        return stored in ("float64", "float32")
    return stored == column.kind


def usable_columns(piece: Piece, table: Table) -> list[str]:
    """Return the columns of a piece that rules can be measured on.

    Raises
    ------
    UnreadableError
        If the file can't be read.
    """
    known = {column.name: column for column in table.columns}
    return [name for name, stored in piece.types().items() if name in known and usable(stored, known[name])]


def in_declared_types(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Cast numbers to their declared width, so that columns of two tables compare; the rule of types has seen them."""
    wanted = {column.name: column.polars_type() for column in table.columns if column.name in frame.columns}
    casts = {name: kind for name, kind in wanted.items() if kind.is_numeric() and frame.schema[name] != kind}
    return frame.with_columns(pl.col(name).cast(kind, strict=False) for name, kind in casts.items())


def with_codes(frame: pl.DataFrame, table: Table, flags: dict[str, str]) -> pl.DataFrame:
    """Cast coded columns to their sets of codes; `flags` names, by column, the flag of what is outside."""
    sets = {name: pl.Enum(table.column(name).codes) for name in flags if name in frame.columns}
    text = [name for name, kind in frame.schema.items() if name not in sets and kind == pl.Categorical]
    cast = frame.with_columns(
        *(pl.col(name).cast(kind, strict=False) for name, kind in sets.items()),
        *(pl.col(name).cast(pl.String) for name in text),
    )
    marks = []
    for name in sets:
        # A code outside its set became null; where no null was added there is none.
        added = cast[name].null_count() > frame[name].null_count()
        outside = cast[name].is_null() & frame[name].is_not_null() if added else pl.lit(value=False)
        marks.append(outside.alias(flags[name]))
    return cast.with_columns(marks)


def _unreadable(error: Exception) -> UnreadableError:
    text = error.message if isinstance(error, PayloomError) else str(error)
    return UnreadableError((text.strip().splitlines() or [type(error).__name__])[0][:160])
