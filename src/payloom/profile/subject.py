"""The data set that a page is about: its rows, its sample, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from payloom.errors import StorageError
from payloom.profile.excerpt import Excerpts
from payloom.profile.row_groups import RowGroup, row_groups, starts_of
from payloom.profile.sampling import WHOLE_ROWS_MAX, Need, draw_sample, nothing_needed
from payloom.realism.data import DataSet
from payloom.realism.window import Window
from payloom.schema import FRAUD_LABELS, PAYMENTS
from payloom.storage.address import StoreOptions, is_remote, open_store
from payloom.storage.store import Store
from payloom.write.fetch import fetch_files, link_files
from payloom.write.identity import no_data_set, read_identity
from payloom.write.manifest import merged_parts
from payloom.write.records import manifests

WINDOW_ROWS_MAX: Final = 2_000_000
"""Payments in a row that are read to show links and stories where not all are read; a file more than begun is ended."""

FILE_ROWS_MAX: Final = 10_000_000
"""Payments of one file that are read for it, however large the file is."""

_WITH_NAMES: Final = ("merchants", "customers")
"""Tables that the stories take names and homes from."""

_WITH_DAYS: Final = (PAYMENTS.name, FRAUD_LABELS.name)
_SHOWN: Final = (*_WITH_DAYS, *_WITH_NAMES)

_CUT: Final = "_cut"
"""Folder of rows that are left of files with other days as well; readers of the one above pass over it."""


@dataclass(frozen=True)
class Subject:
    """A data set, and what is shown of it.

    Attributes
    ----------
    place
        Where it lies, as it was given.
    data
        Its rows, as far as they are on this machine.
    rows, frauds
        Payments and frauds of the whole data set, or of the days that are shown.
    config_digest
        Digest of world and layout; empty for data that payloom did not make.
    sample_rows
        Rows of the sample, at most.
    need
        Fetches what is about to be read besides times and labels.
    """

    place: str
    data: DataSet
    rows: int
    frauds: int
    config_digest: str
    sample_rows: int
    need: Need = nothing_needed

    @cached_property
    def sample(self) -> pl.DataFrame:
        """Rows drawn from all, see `payloom.profile.sampling`."""
        return draw_sample(self.data, self.sample_rows, self.need)

    @property
    def is_whole(self) -> bool:
        """Whether numbers are of all payments; otherwise they are of the sample."""
        return self.data.rows <= WHOLE_ROWS_MAX and self.data.rows == self.rows

    @cached_property
    def counted(self) -> pl.LazyFrame:
        """Rows that numbers are computed from: all, or the sample."""
        return self.data.payments if self.data.rows <= WHOLE_ROWS_MAX else self.sample.lazy()

    @cached_property
    def window(self) -> pl.LazyFrame:
        """Rows that follow each other without a gap, for links and stories: all, or some from the middle."""
        if self.data.rows <= WHOLE_ROWS_MAX or not self.data.files:
            return self.data.payments
        groups = row_groups(self.data)
        middle = starts_of(groups).searchsorted(self.data.rows // 2, "right") - 1
        # From the start of its file: stories tell of months, and a part is of one.
        first = next(group for group in groups if group.file == groups[middle].file)
        taken: list[RowGroup] = []
        rows = 0
        for group in groups[groups.index(first) :]:
            rows += group.rows
            if taken and rows > (FILE_ROWS_MAX if group.file == first.file else WINDOW_ROWS_MAX):
                break
            taken.append(group)
        self.need(taken, self.data.schema.names())
        return pl.concat([group.of(self.data) for group in taken])

    @property
    def basis(self) -> str:
        """What the numbers rest on, in words."""
        if self.is_whole:
            return f"all {self.rows:,} payments"
        return f"a sample of {self.sample.height:,} of {self.rows:,} payments"


@contextmanager
def open_subject(
    place: str, options: StoreOptions, *, sample_rows: int, mapping: str | None = None, window: Window | None = None
) -> Iterator[Subject]:
    """Open a data set in a folder or a bucket; what is fetched from a bucket is gone at the end.

    Of a data set of payloom only files are fetched or read that have days of the window.

    Raises
    ------
    StorageError, TransientError
        If there is nothing to read, or the store refuses.
    ConfigError
        If an address or a mapping is wrong.
    TooLittleDataError
        If no payment falls into the window.
    """
    days = window or Window()
    store = open_store(place, options) if is_remote(place) or Path(place).is_dir() else None
    identity = read_identity(store) if store is not None else None
    with TemporaryDirectory(prefix="payloom-profile-") as folder:
        if store is not None and (is_remote(place) or (days and identity is not None and mapping is None)):
            yield _fetched(place, store, Path(folder), sample_rows, days)
            return
        data = DataSet.open(place, mapping)
        if days:
            data = days.cut_to_files(data, place, Path(folder) / _CUT)
        yield Subject(place, data, data.rows, data.frauds, identity.digest if identity else "", sample_rows)


def _fetched(place: str, store: Store, folder: Path, sample_rows: int, days: Window) -> Subject:
    """Fetch what is needed of a data set: all of a small one, of others what each page reads; link what is here."""
    identity = read_identity(store)
    finished = manifests(store)
    if identity is None or not finished:
        raise no_data_set(store)
    parts = [part for part in merged_parts(finished).values() if part.table in _SHOWN]
    if not any(part.table == PAYMENTS.name for part in parts):
        raise StorageError(f"{place} has no payments", hint="name a data set with rows")
    chosen = days.choose(sorted(parts, key=lambda part: part.key))
    payments = [part for part in chosen if part.table == PAYMENTS.name]
    if not payments:
        raise days.nothing(place)
    # Rows of other days go before anything is counted, and for that all of a file has to be here.
    is_cut = not all(days.covers(part) for part in chosen if part.table in _WITH_DAYS)
    keys, need = [part.key for part in chosen], nothing_needed
    if not is_remote(place):
        link_files(Path(place), keys, folder)
    elif is_cut or sum(part.rows for part in payments) <= WHOLE_ROWS_MAX:
        fetch_files(store, keys, folder)
    else:
        excerpts = Excerpts(store, folder)
        excerpts.begin([part.key for part in payments])
        need = excerpts.need
        fetch_files(store, (part.key for part in chosen if part.table != PAYMENTS.name), folder)
    data = DataSet.open(folder)
    if is_cut:
        data = days.cut_to_files(data, place, folder / _CUT)
    return Subject(place, data, data.rows, data.frauds, identity.digest, sample_rows, need)
