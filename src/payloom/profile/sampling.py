"""Which rows a sample has: one in each equal stretch of time, fraud at its rate, the same at every run."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from payloom.realism.data import DataSet
from payloom.streams.hashing import Keys, draw

I64 = NDArray[np.int64]

SEED: Final = 7
"""Seed of the choice; it is no setting, so that two profiles of the same data are the same."""

WHOLE_ROWS_MAX: Final = 5_000_000
"""Payments up to which they are put in the order of time first; beyond, the order of the files is taken for it."""

AT_ONCE: Final = 8
"""Files that are read at the same time."""

_POSITION: Final = "payloom profile position"

BOOLS = NDArray[np.bool_]


def spread(total: int, wanted: int, purpose: str) -> I64:
    """Choose positions below `total`: one at a hashed place in each of `wanted` stretches of equal length.

    Rows that are in the order of time are thereby stratified by time: each day gives its share, to two rows.
    """
    if wanted >= total:
        return np.arange(total, dtype=np.int64)
    edges = np.arange(wanted + 1, dtype=np.int64) * total // max(wanted, 1)
    bits = draw(Keys(SEED)[f"profile/{purpose}"], np.arange(wanted, dtype=np.int64))
    return edges[:-1] + (bits % np.diff(edges).astype(np.uint64)).astype(np.int64)


def choose(is_fraud: BOOLS, wanted: int) -> I64:
    """Choose rows that are given in the order of time.

    Parameters
    ----------
    is_fraud
        Ground truth of each row.
    wanted
        Rows of the sample, at most.

    Returns
    -------
    ndarray
        Their positions, in rising order; the share of fraud among them is that among all, to one row.
    """
    frauds = np.flatnonzero(is_fraud).astype(np.int64)
    total = len(is_fraud)
    wanted = min(wanted, total)
    of_fraud = min(round(wanted * len(frauds) / max(total, 1)), len(frauds))
    genuine = spread(total - len(frauds), wanted - of_fraud, "genuine")
    # The n-th genuine row has as many frauds before it as have fewer than n genuine rows before them.
    genuine += np.searchsorted(frauds - np.arange(len(frauds)), genuine, "right")
    return np.sort(np.concatenate((frauds[spread(len(frauds), of_fraud, "fraud")], genuine)))


def identifies(name: str) -> bool:
    """Whether a column names somebody or something, so that its distribution says nothing."""
    return name.endswith("_id") or name == "ip_address"


def draw_sample(data: DataSet, wanted: int) -> pl.DataFrame:
    """Return a sample of the payments, ordered by time, without ids and addresses.

    Labels are read whole, and times up to `WHOLE_ROWS_MAX` payments. Of the other columns only those of the sample are
    read, and only the rows that were chosen are decoded.
    """
    if data.rows <= WHOLE_ROWS_MAX:
        keys = data.payments.select("event_time", pl.col("is_fraud").fill_null(value=False)).collect()
        order = keys["event_time"].arg_sort(nulls_last=True).to_numpy().astype(np.int64)
        chosen = np.sort(order[choose(keys["is_fraud"].to_numpy()[order], wanted)])
    else:
        labels = data.payments.select(pl.col("is_fraud").fill_null(value=False)).collect()
        chosen = choose(labels["is_fraud"].to_numpy(), wanted)
    columns = [name for name in data.schema if not identifies(name)]
    return _rows(data, chosen, columns).sort("event_time", maintain_order=True, nulls_last=True)


def _rows(data: DataSet, positions: I64, columns: list[str]) -> pl.DataFrame:
    """Return some columns of the rows at rising positions."""
    if not data.files:
        return data.payments.select(columns).collect()[positions]
    heights = pl.collect_all([data.of_file(file).select(pl.len()) for file in data.files])
    starts = np.concatenate(([0], np.cumsum([height.item() for height in heights]))).astype(np.int64)
    queries = []
    for file, start, end in zip(data.files, starts, starts[1:], strict=False):
        low, high = np.searchsorted(positions, (start, end))
        own = pl.Series(positions[low:high] - start, dtype=pl.UInt32).implode()
        is_chosen = pl.col(_POSITION).is_in(own)
        queries.append(data.of_file(file).select(columns).with_row_index(_POSITION).filter(is_chosen).drop(_POSITION))
    taken = [
        frame for first in range(0, len(queries), AT_ONCE) for frame in pl.collect_all(queries[first : first + AT_ONCE])
    ]
    return pl.concat(taken, how="vertical_relaxed")
