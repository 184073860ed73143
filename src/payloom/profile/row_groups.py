"""Row groups that stand for all payments where not all are read, and how many rows each gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray

from payloom.realism.data import DataSet
from payloom.streams.hashing import Keys, draw

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

SEED: Final = 7
"""Seed of the choice; it is no setting, so that two profiles of the same data are the same."""

AT_ONCE: Final = 8
"""Row groups that are read at the same time."""

GROUP_ROWS_MIN: Final = 100_000
"""Row groups of one file that are smaller are taken together, so that thousands of them cost no time."""

GROUPS_MIN: Final = 24
"""Row groups that are read at least, two for each month of a year, however large they are."""

HOURS: Final = 24
TIMELESS: Final = 7 * HOURS
"""Cell of genuine payments without a time; before it, a cell for each hour of the week (UTC)."""

FRAUD: Final = TIMELESS + 1
"""Cell of all frauds."""

_CELLS: Final = FRAUD + 1
_HOUR_US: Final = 3_600_000_000
_ROUNDS: Final = 30


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows of a file that are read together.

    Attributes
    ----------
    file
        The file.
    start, rows
        First row in the file, and how many.
    """

    file: Path
    start: int
    rows: int

    def of(self, data: DataSet) -> pl.LazyFrame:
        """Return its rows; polars reads no other row group for it."""
        return data.of_file(self.file).slice(self.start, self.rows)


def row_groups(data: DataSet) -> list[RowGroup]:
    """Return the row groups of all files in their order; a CSV file is one."""
    groups: list[RowGroup] = []
    for file in data.files:
        start = rows = 0
        heights = _heights(data, file)
        for number, height in enumerate(heights, 1):
            rows += height
            if rows >= GROUP_ROWS_MIN or (rows and number == len(heights)):
                groups.append(RowGroup(file, start, rows))
                start, rows = start + rows, 0
    return groups


def starts_of(groups: Sequence[RowGroup]) -> I64:
    """Return the position of each group's first row among all rows, and that of the end."""
    return np.concatenate(([0], np.cumsum([group.rows for group in groups]))).astype(np.int64)


def spread(total: int, wanted: int, purpose: str, seed: int = SEED) -> I64:
    """Choose positions below `total`: one at a hashed place in each of `wanted` stretches of equal length.

    Rows that are in the order of time are thereby stratified by time: each day gives its share, to two rows.
    """
    if wanted >= total:
        return np.arange(total, dtype=np.int64)
    edges = np.arange(wanted + 1, dtype=np.int64) * total // max(wanted, 1)
    bits = draw(Keys(seed)[f"profile/{purpose}"], np.arange(wanted, dtype=np.int64))
    return edges[:-1] + (bits % np.diff(edges).astype(np.uint64)).astype(np.int64)


def choose_from_groups(data: DataSet, groups: Sequence[RowGroup], wanted: int, rows_max: int, seed: int = SEED) -> I64:
    """Choose rows of some row groups so that they stand for all rows.

    Time and label of every row are read. One group is drawn from each of as many stretches of time as may be read.
    Each gives its stretch's share of the sample, the groups together each hour of the week its share, and frauds are
    as frequent as among all rows.

    Parameters
    ----------
    data
        Payments, whose files are roughly in the order of time.
    groups
        All of its row groups.
    wanted
        Rows of the sample, at most.
    rows_max
        Rows of the groups that are read, as far as `GROUPS_MIN` allows.
    seed
        Seed of the choice.

    Returns
    -------
    ndarray
        Positions among all rows, rising.
    """
    starts = starts_of(groups)
    stretch = stretches(groups, max(len(groups) * rows_max // int(starts[-1]), GROUPS_MIN))
    counted = np.array([np.bincount(cells, minlength=_CELLS) for cells in _cells(data, groups)], dtype=np.int64)
    taken = _one_of_each(stretch, np.diff(starts), seed)
    all_rows = np.array([counted[stretch == stretch[group]].sum(axis=0) for group in taken])
    quotas = shares_of_groups(all_rows, counted[taken], wanted)
    chosen = [
        starts[group] + _of_cells(cells, quota, f"group {group}", seed)
        for group, quota, cells in zip(taken, quotas, _cells(data, [groups[group] for group in taken]), strict=True)
    ]
    return np.concatenate(chosen)


def stretches(groups: Sequence[RowGroup], count: int) -> I64:
    """Return for each group the number of its stretch of time: about `count` of equally many rows.

    If there are no more files than that, each has stretches of its own: a part, and so a month, keeps its share.
    """
    ends = starts_of(groups)
    of_file = np.unique([str(group.file) for group in groups], return_inverse=True)[1]
    if of_file.max() >= count:
        of_file = np.zeros_like(of_file)
    numbers = np.zeros(len(groups), dtype=np.int64)
    for file in np.unique(of_file):
        own = np.flatnonzero(of_file == file)
        start, rows = ends[own[0]], ends[own[-1] + 1] - ends[own[0]]
        parts = max(round(count * int(rows) / int(ends[-1])), 1)
        numbers[own] = numbers.max() + 1 + ((ends[own] + ends[own + 1]) // 2 - start) * parts // rows
    return numbers


def shares_of_groups(all_rows: I64, at_hand: I64, wanted: int) -> I64:
    """Say how many rows each group gives from each cell.

    Parameters
    ----------
    all_rows
        Rows of each stretch of time, by cell; the last cell has the frauds.
    at_hand
        Rows of the group that stands for it.
    wanted
        Rows of the sample.

    Returns
    -------
    ndarray
        Rows by group and cell, never more than are at hand. Stretches and cells have their shares among all rows.
    """
    of_fraud = round(wanted * int(all_rows[:, FRAUD].sum()) / max(int(all_rows.sum()), 1))
    quotas = np.zeros_like(at_hand)
    frauds = np.where(at_hand[:, FRAUD:] > 0, all_rows[:, FRAUD:], 0).astype(np.float64)
    quotas[:, :FRAUD] = _taken(raked(at_hand[:, :FRAUD], all_rows[:, :FRAUD]), at_hand[:, :FRAUD], wanted - of_fraud)
    quotas[:, FRAUD:] = _taken(frauds, at_hand[:, FRAUD:], of_fraud)
    return quotas


def raked(at_hand: I64, all_rows: I64) -> F64:
    """Weigh what is at hand until its rows and columns have the totals that all rows have (iterative fitting)."""
    fitted = at_hand.astype(np.float64)
    for _ in range(_ROUNDS):
        for axis in (1, 0):
            there = fitted.sum(axis=axis, keepdims=True)
            fitted *= np.divide(
                all_rows.sum(axis=axis, keepdims=True), there, out=np.zeros_like(there), where=there > 0
            )
    return fitted


def _heights(data: DataSet, file: Path) -> list[int]:
    if file.suffix.lower() != ".parquet":
        return [int(data.of_file(file).select(pl.len()).collect().item())]
    metadata = pq.read_metadata(file)
    return [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]


def _cells(data: DataSet, groups: Sequence[RowGroup]) -> Iterator[I64]:
    """Yield the cell of each row, group by group."""
    # The first day of all was a Thursday. Calendar functions take three times as long as this.
    hour = (pl.col("event_time").dt.epoch("us") // _HOUR_US + 3 * HOURS) % TIMELESS
    cell = pl.when(pl.col("is_fraud").fill_null(value=False)).then(FRAUD).otherwise(hour.fill_null(TIMELESS))
    for first in range(0, len(groups), AT_ONCE):
        queries = [group.of(data).select(cell=cell.cast(pl.Int64)) for group in groups[first : first + AT_ONCE]]
        for frame in pl.collect_all(queries):
            yield frame["cell"].to_numpy()


def _one_of_each(stretch: I64, rows: I64, seed: int) -> list[int]:
    """Draw a group of each stretch, a larger one more often."""
    taken = []
    for number in np.unique(stretch):
        members = np.flatnonzero(stretch == number)
        place = spread(int(rows[members].sum()), 1, f"stretch {number}", seed)[0]
        taken.append(int(members[np.searchsorted(np.cumsum(rows[members]), place, "right")]))
    return taken


def _of_cells(cells: I64, quota: I64, purpose: str, seed: int) -> I64:
    """Choose as many rows of each cell as its quota says, evenly among them."""
    order = np.argsort(cells, kind="stable")
    counts = np.bincount(cells, minlength=_CELLS)
    firsts = np.cumsum(counts) - counts
    chosen = [
        order[firsts[cell] + spread(int(counts[cell]), int(quota[cell]), f"{purpose} cell {cell}", seed)]
        for cell in np.flatnonzero(quota)
    ]
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, dtype=np.int64)


def _taken(shares: F64, at_hand: I64, wanted: int) -> I64:
    """Round shares to rows that are at hand; where there are too few, the others give more."""
    rows = np.minimum(_rounded(shares, wanted), at_hand)
    room = at_hand - rows
    return rows + _rounded(room.astype(np.float64), min(wanted - int(rows.sum()), int(room.sum())))


def _rounded(shares: F64, total: int) -> I64:
    """Round shares to whole numbers of a total."""
    if not shares.sum():
        return np.zeros(shares.shape, dtype=np.int64)
    ends = np.rint(np.cumsum(shares) * (total / shares.sum())).astype(np.int64)
    return np.diff(ends, prepend=0).reshape(shares.shape)
