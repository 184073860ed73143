"""Parts of a bucket on this machine, as far as they are read: footers, times and labels, then what is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from payloom.errors import CorruptionError
from payloom.profile.row_groups import RowGroup
from payloom.storage.failures import storage_faults
from payloom.storage.store import Store
from payloom.write.records import each_of

OF_EVERY_ROW: Final = ("event_time", "is_fraud", "transaction_type")
"""Columns that are read whole: a few per cent of the bytes."""

GAP_BYTES_MAX: Final = 64 << 10
"""Bytes between two columns that are fetched as well, because another request would take longer."""

_PIECE_BYTES: Final = 8 << 20
_MAGIC: Final = b"PAR1"

Range = tuple[int, int]


class Excerpts:
    """Files of full size that are empty where nothing was fetched; reading there is an error, and no silent zero.

    Parameters
    ----------
    store
        Where the parts lie.
    folder
        Takes the files, each under its key.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder
        self._footers: dict[str, pq.FileMetaData] = {}
        self._there: set[tuple[str, int, str]] = set()

    def begin(self, keys: Sequence[str]) -> None:
        """Fetch footers, and the columns that are read of every row.

        Raises
        ------
        CorruptionError
            If an object is no Parquet file.
        StorageError, TransientError
            If the store refuses, or the folder can't take the files.
        """
        self._footers = dict(zip(keys, each_of(keys, self._footer), strict=True))
        each_of(keys, lambda key: self._fetch(key, range(self._footers[key].num_row_groups), OF_EVERY_ROW))

    def need(self, groups: Sequence[RowGroup], columns: Sequence[str]) -> None:
        """Fetch columns of row groups unless they are there."""
        wanted: dict[str, list[int]] = {}
        for group in groups:
            key = group.file.relative_to(self._folder).as_posix()
            wanted.setdefault(key, []).extend(_numbers(self._footers[key], group))
        each_of(list(wanted), lambda key: self._fetch(key, wanted[key], columns))

    def _shown(self, key: str) -> str:
        return f"{self._store.location}/{key}"

    def _footer(self, key: str) -> pq.FileMetaData:
        """Make the file, of full size but empty, and put the footer there."""
        path = self._folder / key
        try:
            with storage_faults(f"read {self._shown(key)}"), self._store.open_ranges(key) as source:
                footer = pq.ParquetFile(source).metadata
                size = source.seek(0, 2)
                start = source.seek(size - footer.serialized_size - 8)
                end = source.read(size - start)
        except pa.ArrowException as error:
            shown = self._shown(key)
            hint = "payloom verify says which file is damaged"
            raise CorruptionError(f"{shown} can't be read: {str(error).splitlines()[0][:160]}", hint=hint) from error
        with storage_faults(f"write {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as target:
                target.write(_MAGIC)
                target.truncate(size)
                target.seek(start)
                target.write(end)
        return footer

    def _fetch(self, key: str, numbers: Iterable[int], columns: Sequence[str]) -> None:
        footer = self._footers[key]
        ranges: list[Range] = []
        for number in numbers:
            group = footer.row_group(number)
            for index in range(group.num_columns):
                chunk = group.column(index)
                mark = (key, number, chunk.path_in_schema)
                if chunk.path_in_schema in columns and mark not in self._there:
                    start = min(chunk.dictionary_page_offset or chunk.data_page_offset, chunk.data_page_offset)
                    ranges.append((start, start + chunk.total_compressed_size))
                    self._there.add(mark)
        with (
            storage_faults(f"fetch {self._shown(key)} to {self._folder} (TMPDIR names another folder)"),
            self._store.open_ranges(key) as source,
            (self._folder / key).open("r+b") as target,
        ):
            for start, end in joined(ranges):
                source.seek(start)
                target.seek(start)
                for at in range(start, end, _PIECE_BYTES):
                    target.write(source.read(min(_PIECE_BYTES, end - at)))


def joined(ranges: Iterable[Range]) -> list[Range]:
    """Join ranges that lie so near to each other that one request is better."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if found and start - found[-1][1] <= GAP_BYTES_MAX:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _numbers(footer: pq.FileMetaData, group: RowGroup) -> list[int]:
    """Return the row groups of the file that have rows of a group."""
    found, start = [], 0
    for number in range(footer.num_row_groups):
        end = start + footer.row_group(number).num_rows
        if start < group.start + group.rows and end > group.start:
            found.append(number)
        start = end
    return found
