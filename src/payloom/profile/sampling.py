"""Which rows a sample has: one in each equal stretch of time, fraud at its rate, the same at every run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from payloom.profile.row_groups import (
    AT_ONCE,
    GROUPS_MIN,
    I64,
    SEED,
    RowGroup,
    choose_from_groups,
    row_groups,
    spread,
    starts_of,
)
from payloom.realism.data import DataSet

WHOLE_ROWS_MAX: Final = 5_000_000
"""Payments up to which they are put in the order of time first; beyond, the order of the files is taken for it."""

READ_ROWS_MAX: Final = 25_000_000
"""Payments up to which a sample is drawn from all row groups; beyond, some groups stand for the others."""

_POSITION: Final = "payloom profile position"

BOOLS = NDArray[np.bool_]

Need = Callable[[Sequence[RowGroup], Sequence[str]], None]
"""Is told which columns of which row groups are about to be read."""


def nothing_needed(groups: Sequence[RowGroup], columns: Sequence[str]) -> None:
    """Do nothing: all is at hand."""
    del groups, columns


def choose(is_fraud: BOOLS, wanted: int, seed: int = SEED) -> I64:
    """Choose rows that are given in the order of time.

    Parameters
    ----------
    is_fraud
        Ground truth of each row.
    wanted
        Rows of the sample, at most.
    seed
        Seed of the choice.

    Returns
    -------
    ndarray
        Their positions, in rising order; the share of fraud among them is that among all, to one row.
    """
    frauds = np.flatnonzero(is_fraud).astype(np.int64)
    total = len(is_fraud)
    wanted = min(wanted, total)
    of_fraud = min(round(wanted * len(frauds) / max(total, 1)), len(frauds))
    genuine = spread(total - len(frauds), wanted - of_fraud, "genuine", seed)
    # The n-th genuine row has as many frauds before it as have fewer than n genuine rows before them.
    genuine += np.searchsorted(frauds - np.arange(len(frauds)), genuine, "right")
    return np.sort(np.concatenate((frauds[spread(len(frauds), of_fraud, "fraud", seed)], genuine)))


def identifies(name: str) -> bool:
    """Whether a column names somebody or something, so that its distribution says nothing."""
    return name.endswith("_id") or name == "ip_address"


def draw_sample(data: DataSet, wanted: int, need: Need = nothing_needed, *, seed: int = SEED) -> pl.DataFrame:
    """Return a sample of the payments, ordered by time, without ids and addresses.

    Labels are read whole; times too, up to `WHOLE_ROWS_MAX` payments and beyond `READ_ROWS_MAX`. Of the other columns
    only those of the sample are read, and only from row groups that rows were chosen from.

    Parameters
    ----------
    data
        The payments.
    wanted
        Rows of the sample, at most.
    need
        Is told what is about to be read besides times and labels.
    seed
        Seed of the choice.
    """
    groups = row_groups(data)
    chosen = _positions(data, groups, wanted, seed)
    columns = [name for name in data.schema if not identifies(name)]
    return _rows(data, groups, chosen, columns, need).sort("event_time", maintain_order=True, nulls_last=True)


def _positions(data: DataSet, groups: Sequence[RowGroup], wanted: int, seed: int) -> I64:
    """Choose rows by their positions, rising."""
    if data.rows <= WHOLE_ROWS_MAX:
        keys = data.payments.select("event_time", pl.col("is_fraud").fill_null(value=False)).collect()
        order = keys["event_time"].arg_sort(nulls_last=True).to_numpy().astype(np.int64)
        return np.sort(order[choose(keys["is_fraud"].to_numpy()[order], wanted, seed)])
    if data.rows > READ_ROWS_MAX and len(groups) > GROUPS_MIN:
        return choose_from_groups(data, groups, wanted, READ_ROWS_MAX, seed)
    labels = data.payments.select(pl.col("is_fraud").fill_null(value=False)).collect()
    return choose(labels["is_fraud"].to_numpy(), wanted, seed)


def _rows(data: DataSet, groups: Sequence[RowGroup], positions: I64, columns: list[str], need: Need) -> pl.DataFrame:
    """Return some columns of the rows at rising positions."""
    if not groups:
        return data.payments.select(columns).collect()[positions]
    starts = starts_of(groups)
    read, queries = [], []
    for group, start, end in zip(groups, starts, starts[1:], strict=False):
        low, high = np.searchsorted(positions, (start, end))
        if low == high:
            continue
        own = pl.Series(positions[low:high] - start, dtype=pl.UInt32).implode()
        rows = group.of(data).select(columns).with_row_index(_POSITION)
        queries.append(rows.filter(pl.col(_POSITION).is_in(own)).drop(_POSITION))
        read.append(group)
    need(read, columns)
    taken = [
        frame for first in range(0, len(queries), AT_ONCE) for frame in pl.collect_all(queries[first : first + AT_ONCE])
    ]
    return pl.concat(taken, how="vertical_relaxed")
