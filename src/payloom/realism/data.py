"""The data set under examination: one of payloom's, or anyone's with a mapping, always under payloom's column names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import polars as pl
from polars.exceptions import PolarsError

from payloom.errors import CorruptionError, StorageError
from payloom.realism.mapping import Mapping
from payloom.schema import FRAUD_LABELS, PAYMENTS, TABLES

READABLE: Final = (".parquet", ".csv")
REQUIRED: Final = ("event_time", "is_fraud")
"""Columns without which nothing can be said."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class DataSet:
    """Payments, and what else is known of them, as lazy frames.

    Codes are ``pl.Categorical``, ids are integers, times are UTC; see `payloom.schema`. A column that the data does not
    have is absent. Columns that payloom does not know keep their names.

    Attributes
    ----------
    source
        Where it lies, as it was given.
    payments
        Payments in the order of the files.
    labels
        The table ``fraud_labels``; None if there is none.
    entities
        Other tables by name: customers, accounts, cards, merchants, devices, those that there are.
    files
        Files of the payments, in the order in which `payments` reads them; empty for frames in memory.
    """

    source: str
    payments: pl.LazyFrame
    labels: pl.LazyFrame | None = None
    entities: dict[str, pl.LazyFrame] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    _read: Callable[[Sequence[Path]], pl.LazyFrame] | None = field(default=None, repr=False)

    @classmethod
    def open(cls, path: str | Path, mapping: str | Path | None = None) -> Self:
        """Open a data set of payloom, or any Parquet or CSV file or folder.

        Parameters
        ----------
        path
            Folder of a data set, or a file, or a folder of files.
        mapping
            TOML file that says which column is which; see ``docs/realism.md``.

        Raises
        ------
        StorageError
            If there is nothing to read, or a column that everything rests on is missing.
        ConfigError
            If the mapping can't be read or does not fit.
        """
        place = Path(path)
        if not place.exists():
            raise StorageError(f"{path} does not exist", hint="name the folder of a data set")
        if mapping is None and (place / PAYMENTS.name).is_dir():
            return cls._of_payloom(place)
        translate = (Mapping.read(Path(mapping)) if mapping is not None else Mapping()).apply
        return cls._checked(str(path), _files(place), lambda files: _canonical(translate(_scan(files))), None, {})

    @classmethod
    def _of_payloom(cls, folder: Path) -> Self:
        found = {name: _files(folder / name, missing_ok=name != PAYMENTS.name) for name in TABLES}
        files = found.pop(PAYMENTS.name)
        tables = {name: _canonical(_scan(own)) for name, own in found.items() if own}
        labels = tables.pop(FRAUD_LABELS.name, None)
        return cls._checked(str(folder), files, lambda some: _canonical(_scan(some)), labels, tables)

    @classmethod
    def _checked(
        cls,
        source: str,
        files: tuple[Path, ...],
        read: Callable[[Sequence[Path]], pl.LazyFrame],
        labels: pl.LazyFrame | None,
        entities: dict[str, pl.LazyFrame],
    ) -> Self:
        found = cls(source, read(files), labels, entities, files, read)
        found.check()
        return found

    @classmethod
    def of_frames(
        cls,
        payments: pl.DataFrame | pl.LazyFrame,
        labels: pl.DataFrame | pl.LazyFrame | None = None,
        **entities: pl.DataFrame | pl.LazyFrame,
    ) -> Self:
        """Return a data set of frames in memory, such as those of `payloom.World`."""
        tables = {name: _canonical(frame.lazy()) for name, frame in entities.items()}
        found = cls(
            "frames", _canonical(payments.lazy()), None if labels is None else _canonical(labels.lazy()), tables
        )
        found.check()
        return found

    def check(self) -> None:
        """Refuse a data set in which nothing can be measured.

        Raises
        ------
        StorageError
            If a required column is missing, or there is no row.
        """
        missing = [name for name in REQUIRED if not self.has(name)]
        if missing:
            hint = "say with --mapping which of its columns is which; docs/realism.md shows how"
            raise StorageError(f"{self.source} has no column {' and no '.join(missing)}", hint=hint)
        if not self.rows:
            raise StorageError(f"{self.source} has no payments", hint="name a data set with rows")

    @cached_property
    def schema(self) -> pl.Schema:
        """Names and types of the payments."""
        return self.payments.collect_schema()

    @property
    def customers(self) -> pl.LazyFrame | None:
        """The table ``customers``; None if there is none."""
        return self.entities.get("customers")

    def has(self, *columns: str) -> bool:
        """Whether the payments have all of these columns."""
        return all(column in self.schema for column in columns)

    @property
    def without_transfers(self) -> pl.LazyFrame:
        """Payments by card: all but transfers between accounts."""
        return self.payments.filter(self.by_card)

    @property
    def transfers(self) -> pl.LazyFrame:
        """Transfers between accounts."""
        return self.payments.filter(~self.by_card)

    @property
    def by_card(self) -> pl.Expr:
        """Whether a payment is by card."""
        return pl.col("transaction_type") != "transfer" if self.has("transaction_type") else pl.lit(value=True)

    def of_file(self, file: Path) -> pl.LazyFrame:
        """Return the payments of one of `files`, in its order."""
        assert self._read is not None, "frames in memory have no files"
        return self._read([file])

    @cached_property
    def _totals(self) -> dict[str, Any]:
        card = self.by_card
        query = self.payments.select(
            rows=pl.len(),
            frauds=pl.col("is_fraud").sum(),
            card_rows=card.sum() if self.has("transaction_type") else pl.len(),
            card_frauds=(pl.col("is_fraud") & card).sum(),
            # Whole numbers: a time with a zone reaches Python only where the system has a database of time zones.
            first_us=pl.col("event_time").min().dt.epoch("us"),
            last_us=pl.col("event_time").max().dt.epoch("us"),
        )
        try:
            return query.collect(engine="streaming").row(0, named=True)
        except PolarsError as error:
            raise _unreadable(self.source, error) from error

    @property
    def rows(self) -> int:
        """Number of payments."""
        return int(self._totals["rows"])

    @property
    def frauds(self) -> int:
        """Number of frauds."""
        return int(self._totals["frauds"])

    @property
    def card_rows(self) -> int:
        """Number of payments by card."""
        return int(self._totals["card_rows"])

    @property
    def card_frauds(self) -> int:
        """Number of frauds by card."""
        return int(self._totals["card_frauds"])

    @property
    def first_time(self) -> datetime:
        """Time of the first payment, UTC."""
        return _EPOCH + timedelta(microseconds=self._totals["first_us"])

    @property
    def last_time(self) -> datetime:
        """Time of the last payment, UTC."""
        return _EPOCH + timedelta(microseconds=self._totals["last_us"])


def _files(place: Path, *, missing_ok: bool = False) -> tuple[Path, ...]:
    """Return the files of one table in the order of their names."""
    if place.is_file():
        if place.suffix.lower() not in READABLE:
            raise StorageError(f"{place} is no Parquet or CSV file", hint="give a file that ends in .parquet or .csv")
        return (place,)
    for suffix in READABLE:
        # What begins with a dot or an underscore is no data, as every reader of lakes has it.
        names = (file.relative_to(place) for file in place.rglob(f"*{suffix}"))
        files = tuple(place / name for name in sorted(names) if not any(part[0] in "._" for part in name.parts))
        if files:
            return files
    if missing_ok:
        return ()
    raise StorageError(f"{place} holds no Parquet and no CSV file", hint="name the folder of a data set")


def _scan(files: Sequence[Path]) -> pl.LazyFrame:
    csv = files[0].suffix.lower() == ".csv"
    frame = (
        pl.scan_csv(list(files), try_parse_dates=True, infer_schema_length=10_000)
        if csv
        else pl.scan_parquet(list(files), hive_partitioning=False)
    )
    try:
        frame.collect_schema()
    except PolarsError as error:
        raise _unreadable(str(files[0]), error) from error
    return frame


def _canonical(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Give codes one type, whatever text type the file has."""
    schema = frame.collect_schema()
    known = {column.name: column.kind for table in TABLES.values() for column in table.columns}
    codes = [n for n, t in schema.items() if known.get(n) == "enum" and t != pl.Categorical]
    codes += [n for n, t in schema.items() if n not in codes and isinstance(t, pl.Enum)]
    return frame.with_columns(pl.col(codes).cast(pl.String).cast(pl.Categorical)) if codes else frame


def _unreadable(source: str, error: Exception) -> CorruptionError:
    first = str(error).strip().splitlines()[0]
    return CorruptionError(f"{source} can't be read: {first}", hint="payloom verify says which file is damaged")
