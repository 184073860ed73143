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
"""Rows up to which all are read to choose from."""

POOL_FACTOR: Final = 4
"""Rows that are read for one of the sample where not all are: enough for the frauds."""


def spread(total: int, wanted: int, purpose: str) -> I64:
    """Choose positions below `total`: one at a hashed place in each of `wanted` stretches of equal length.

    Rows that are in the order of time are thereby stratified by time: each day gives its share, to one row.
    """
    if wanted >= total:
        return np.arange(total, dtype=np.int64)
    edges = np.arange(wanted + 1, dtype=np.int64) * total // max(wanted, 1)
    bits = draw(Keys(SEED)[f"profile/{purpose}"], np.arange(wanted, dtype=np.int64))
    return edges[:-1] + (bits % np.diff(edges).astype(np.uint64)).astype(np.int64)


def choose(times: pl.Series, frauds: pl.Series, wanted: int, fraud_share: float) -> I64:
    """Choose rows by time and label.

    Parameters
    ----------
    times, frauds
        Time and ground truth of each row that can be chosen.
    wanted
        Rows of the sample, at most.
    fraud_share
        Share of fraud in the whole data set, which the sample keeps to one row.

    Returns
    -------
    ndarray
        Their positions, in rising order.
    """
    order = times.arg_sort(nulls_last=True).to_numpy().astype(np.int64)
    is_fraud = frauds.fill_null(value=False).to_numpy()[order]
    fraud, genuine = order[is_fraud], order[~is_fraud]
    wanted = min(wanted, len(order))
    of_fraud = min(round(wanted * fraud_share), len(fraud))
    of_genuine = min(wanted - of_fraud, len(genuine))
    chosen = [
        rows[spread(len(rows), count, purpose)]
        for rows, count, purpose in ((fraud, of_fraud, "fraud"), (genuine, of_genuine, "genuine"))
    ]
    return np.sort(np.concatenate(chosen))


def draw_sample(data: DataSet, wanted: int) -> pl.DataFrame:
    """Return a sample of the payments, ordered by time.

    Up to `WHOLE_ROWS_MAX` payments it is chosen from all. Beyond, each day gives a run of consecutive rows from a
    hashed place, a slice that Parquet readers fetch page by page, and the sample is chosen from those.
    """
    share = data.frauds / data.rows
    if data.rows <= WHOLE_ROWS_MAX or not data.files:
        keys = data.payments.select("event_time", "is_fraud").collect()
        sample = _taken(data, choose(keys["event_time"], keys["is_fraud"], wanted, share))
    else:
        pool = _pool(data, wanted)
        sample = pool[choose(pool["event_time"], pool["is_fraud"], wanted, share)]
    return sample.sort("event_time", maintain_order=True, nulls_last=True)


def _taken(data: DataSet, positions: I64) -> pl.DataFrame:
    """Return the rows at rising positions, one file in memory at a time."""
    if not data.files:
        return data.payments.collect()[positions]
    taken, start = [], 0
    for file in data.files:
        rows = data.of_file(file).collect()
        low, high = np.searchsorted(positions, (start, start + rows.height))
        taken.append(rows[positions[low:high] - start])
        start += rows.height
    return pl.concat(taken, how="vertical_relaxed")


def _pool(data: DataSet, wanted: int) -> pl.DataFrame:
    """Return a run of rows for each day, from files whose rows follow in time."""
    heights = [int(data.of_file(file).select(pl.len()).collect().item()) for file in data.files]
    starts = np.concatenate(([0], np.cumsum(heights)))
    runs: list[pl.LazyFrame] = []
    for first, rows, number in _days(data):
        length = min(max(POOL_FACTOR * wanted * rows // data.rows, 1), rows)
        bits = draw(Keys(SEED)["profile/run"], np.array([number], dtype=np.int64))
        start = first + int(bits[0] % np.uint64(rows - length + 1))
        for place in range(int(np.searchsorted(starts, start, "right")) - 1, len(heights)):
            low, high = max(start, int(starts[place])), min(start + length, int(starts[place + 1]))
            if high > low:
                runs.append(data.of_file(data.files[place]).slice(low - int(starts[place]), high - low))
            if start + length <= starts[place + 1]:
                break
    return pl.concat(pl.collect_all(runs), how="vertical_relaxed")


def _days(data: DataSet) -> list[tuple[int, int, int]]:
    """Return for each day its first position, its rows and its number, as if the rows lay in the order of time."""
    counts = (
        data.payments.group_by(day=pl.col("event_time").dt.date())
        .agg(rows=pl.len())
        .sort("day")
        .collect(engine="streaming")
    )
    rows = counts["rows"].to_list()
    first = np.concatenate(([0], np.cumsum(rows)))[:-1]
    return [(int(start), int(count), number) for number, (start, count) in enumerate(zip(first, rows, strict=True))]
