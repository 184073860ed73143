"""The rows that the leak audit looks at: every fraud, and genuine rows spread evenly over the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from payloom.baseline.spread import even_spread
from payloom.realism.data import DataSet
from payloom.realism.scores import Bools, Floats, Ints

FRAUDS_AT_MOST: Final = 100_000
GENUINE_AT_MOST: Final = 200_000
"""With so many genuine rows the error of an AUC comes from the frauds alone."""

FOLDS: Final = 5
"""Consecutive stretches of time with as many frauds each."""

WINDOW_US: Final = 3_600_000_000
GENUINE_PER_WINDOW: Final = 20
"""Windows are an hour, or so long that they hold this many genuine rows on average."""

DAY_US: Final = 86_400_000_000


@dataclass(frozen=True)
class Sample:
    """Rows with what the probes need to know of each.

    Attributes
    ----------
    frame
        Columns of the payments.
    fraud
        Which rows are fraud.
    weight
        How many rows of the data each stands for.
    time_us
        Event time, microseconds since 1970 UTC.
    window, day, fold
        Narrow window of time, UTC day and stretch of time of each row.
    cluster
        Campaign of a fraud as a number; where none is known, its payer and day. Genuine rows: 0.
    typology
        Kind of fraud; null for genuine rows, and where it is not known.
    file, row_group, position, displaced
        Where the row lies: number of its file and of its row group (over all files), row in the file, and how far that
        is from where its time alone would put it.
    files, row_groups
        How many there are; 0 where rows lie in no file or the format has no groups.
    """

    frame: pl.DataFrame
    fraud: Bools
    weight: Floats
    time_us: Ints
    window: Ints
    day: Ints
    fold: Ints
    cluster: Ints
    typology: pl.Series
    file: Ints
    row_group: Ints
    position: Ints
    displaced: Floats
    files: int
    row_groups: int


def draw_sample(data: DataSet) -> Sample:
    """Take the sample from a data set; the same rows every time."""
    keep_fraud = min(1.0, FRAUDS_AT_MOST / max(data.frauds, 1))
    keep_genuine = min(1.0, GENUINE_AT_MOST / max(data.rows - data.frauds, 1))
    parts = [_part(lazy, keep_fraud, keep_genuine) for lazy in _lazy_parts(data)]
    frame = pl.concat([part.with_columns(__file=pl.lit(n, pl.Int64)) for n, part in enumerate(parts)])
    place = frame.select("__file", "__position", "__displaced")
    frame = frame.drop(place.columns)
    fraud = frame["is_fraud"].to_numpy()
    time_us = frame["event_time"].dt.epoch("us").to_numpy()
    file, position = place["__file"].to_numpy(), place["__position"].cast(pl.Int64).to_numpy()
    row_group, row_groups = _row_groups(data, file, position)
    typology, cluster = _campaigns(data, frame, time_us)
    return Sample(
        frame=frame,
        fraud=fraud,
        weight=np.where(fraud, data.frauds / max(fraud.sum(), 1), (data.rows - data.frauds) / max((~fraud).sum(), 1)),
        time_us=time_us,
        window=_windows(time_us, fraud),
        day=time_us // DAY_US,
        fold=_folds(time_us, fraud),
        cluster=cluster,
        typology=typology,
        file=file,
        row_group=row_group,
        position=position,
        displaced=place["__displaced"].to_numpy(),
        files=len(data.files),
        row_groups=row_groups,
    )


def _lazy_parts(data: DataSet) -> list[pl.LazyFrame]:
    return [data.of_file(file) for file in data.files] or [data.payments]


def _part(lazy: pl.LazyFrame, keep_fraud: float, keep_genuine: float) -> pl.DataFrame:
    """Take the sampled rows of one file, with their position and how far that is from the rank of their time."""
    position = pl.col("__position")
    share = position.map_batches(lambda rows: pl.Series(even_spread(rows.to_numpy())), return_dtype=pl.Float64)
    keep = pl.when(pl.col("is_fraud")).then(keep_fraud).otherwise(keep_genuine)
    return (
        lazy.with_row_index("__position")
        .with_columns(__displaced=position.cast(pl.Float64) + 1 - pl.col("event_time").rank("average"))
        .filter(share < keep)
        .collect()
    )


def _row_groups(data: DataSet, file: Ints, position: Ints) -> tuple[Ints, int]:
    """Number the Parquet row group of each row, over all files."""
    found = np.zeros(len(file), dtype=np.int64)
    before = 0
    for number, path in enumerate(data.files):
        if path.suffix != ".parquet":
            return found, 0
        meta = pq.read_metadata(path)
        ends = np.cumsum([meta.row_group(group).num_rows for group in range(meta.num_row_groups)])
        here = file == number
        found[here] = before + np.searchsorted(ends, position[here], side="right")
        before += meta.num_row_groups
    return found, before


def _windows(time_us: Ints, fraud: Bools) -> Ints:
    span = int(time_us.max() - time_us.min()) + 1
    wanted = GENUINE_PER_WINDOW * span // max(int((~fraud).sum()), 1)
    return time_us // max(WINDOW_US, wanted)


def _folds(time_us: Ints, fraud: Bools) -> Ints:
    if not fraud.any():
        return np.zeros(len(time_us), dtype=np.int64)
    edges = np.quantile(time_us[fraud], np.arange(1, FOLDS) / FOLDS)
    return np.searchsorted(edges, time_us, side="right").astype(np.int64)


def _campaigns(data: DataSet, frame: pl.DataFrame, time_us: Ints) -> tuple[pl.Series, Ints]:
    """Find the typology and the campaign of each fraud."""
    labels = None
    if data.labels is not None and data.has("transaction_id"):
        names = data.labels.collect_schema().names()
        wanted = [name for name in ("typology", "campaign_id") if name in names]
        labels = data.labels.select("transaction_id", *wanted).unique("transaction_id").collect()
    rows = frame.select(
        "is_fraud",
        *([] if labels is None else ["transaction_id"]),
        payer=next((pl.col(c) for c in ("customer_id", "account_id", "card_id") if data.has(c)), pl.lit(0)),
        day=pl.Series(time_us // DAY_US),
    )
    if labels is not None:
        rows = rows.join(labels, on="transaction_id", how="left", maintain_order="left")
    known = [name for name in ("typology", "campaign_id") if name in rows.columns]
    rows = rows.with_columns(pl.when("is_fraud").then(pl.col(name)).alias(name) for name in known)
    typology = (
        rows["typology"].cast(pl.String) if "typology" in known else pl.Series([None] * len(rows), dtype=pl.String)
    )
    parts = ["campaign_id"] if "campaign_id" in known else ["payer", "day"]
    number = pl.struct(parts).rank("dense") if len(parts) > 1 else pl.col(parts[0]).rank("dense")
    cluster = rows.select(pl.when("is_fraud").then(number).otherwise(0).fill_null(0).cast(pl.Int64)).to_series()
    return typology, cluster.to_numpy()
