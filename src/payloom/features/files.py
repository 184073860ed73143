"""Features that would not fit in memory: written to Parquet by month, made one at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from payloom.errors import ConflictError
from payloom.features.catalogue import EVERYTHING, FEATURES, look_back, made
from payloom.features.feature import Feature, Group

FILE: Final = "part-00000.parquet"

KEYS: Final = ("transaction_id", "event_time")
"""Columns before the features, as far as the payments have them."""

_ROWS_PER_GROUP: Final = 1 << 17


def write_features(
    payments: pl.DataFrame | pl.LazyFrame,
    reports: pl.DataFrame | pl.LazyFrame | None,
    folder: str | Path,
    *,
    groups: Collection[Group] = EVERYTHING,
    features: Collection[Feature] = FEATURES,
) -> tuple[Path, ...]:
    """Write the features of all payments as ``year=YYYY/month=MM`` files, in the order of time.

    What `build_features` gives as one frame, without ever holding it: each feature goes to disk as soon as it is made,
    and the months are put together from there. Needs room for the features twice on disk.

    Parameters
    ----------
    payments, reports, groups, features
        As for `build_features`, but all groups by default. Of a lazy frame only the columns are read that are needed.
    folder
        Where the files go; it must not exist, or be empty.

    Returns
    -------
    tuple of Path
        The files, in the order of time.

    Raises
    ------
    ConflictError
        If the folder holds something already.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConflictError(f"{target} is not empty", hint="name a new folder for the features, or empty this one")
    target.parent.mkdir(parents=True, exist_ok=True)
    past, chosen = look_back(payments, reports, groups=groups, features=features)
    keys = [name for name in KEYS if name in past.columns]
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as place:
        spill, whole = Path(place) / "columns", Path(place) / "months"
        spill.mkdir()
        columns = [_spill(past.column(name), spill) for name in keys]
        columns += [_spill(made(feature, past, by_time=True), spill) for feature in chosen if feature.name not in keys]
        months = list(_months(past.column("event_time")))
        del past
        files = [_put_together(columns, whole, *month) for month in months]
        # A run that ends early leaves no folder that looks whole.
        whole.replace(target)
    return tuple(target / file.relative_to(whole) for file in files)


def _spill(column: pl.Series, folder: Path) -> Path:
    file = folder / f"{column.name}.parquet"
    column.to_frame().write_parquet(file, compression="lz4", statistics=False, row_group_size=_ROWS_PER_GROUP)
    return file


def _months(times: pl.Series) -> Iterator[tuple[datetime, int, int]]:
    """First time, first row and number of rows of each month of sorted times."""
    runs = pl.DataFrame({"time": times}).group_by(pl.col("time").dt.truncate("1mo"), maintain_order=True).len()
    start = 0
    for month, rows in runs.iter_rows():
        yield month, start, rows
        start += rows


def _put_together(columns: list[Path], folder: Path, month: datetime, start: int, rows: int) -> Path:
    """Write the rows of a month from the columns on disk."""
    file = folder / f"year={month:%Y}" / f"month={month:%m}" / FILE
    file.parent.mkdir(parents=True)
    parts = [pl.scan_parquet(column).slice(start, rows).collect() for column in columns]
    pl.concat(parts, how="horizontal").write_parquet(file, row_group_size=_ROWS_PER_GROUP)
    return file
