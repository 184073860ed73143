"""How much each column's value, its nulls and the reuse of its ids say: something, but never nearly all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from payloom.realism.leak_probe import VALUE_LIMIT, Probe, look
from payloom.realism.leak_sample import Sample
from payloom.realism.scores import Floats, Ints, codes_of, fitted_elsewhere
from payloom.schema import PAYMENTS

BINS: Final = 64
"""Quantile bins of a number: any shape of dependence shows, without learning single values."""

LABELS: Final = frozenset({"is_fraud"})


def codes_with_null(values: pl.Series) -> Ints:
    """Number the values of a column densely; null, if there is any, is one of them."""
    if isinstance(values.dtype, pl.Categorical | pl.Enum):
        values = values.to_physical()
    ranks = values.rank("dense").cast(pl.Int64).fill_null(0).to_numpy()
    return codes_of(ranks)


def is_id(name: str, values: pl.Series) -> bool:
    """Whether a column names things by opaque integers."""
    if not values.dtype.is_integer():
        return False
    if name in PAYMENTS.names:
        column = PAYMENTS.column(name)
        return column.role in {"key", "reference"} or name == "terminal_id"
    return name.endswith("_id") and values.n_unique() > len(values) // 200


def single_use(values: pl.Series) -> bool:
    """Whether ids of a column name rows, each its own."""
    return values.n_unique() > 0.99 * len(values)


def audited_columns(sample: Sample) -> list[str]:
    """Return the columns that are no label."""
    return [name for name in sample.frame.columns if name not in LABELS]


def value_probes(sample: Sample) -> Iterator[Probe]:
    """Look at the values of every column."""
    for name in audited_columns(sample):
        values = sample.frame[name]
        if isinstance(values.dtype, pl.Datetime | pl.Date):
            yield from _time_probes(name, values, sample)
        elif values.dtype.is_numeric() and not is_id(name, values):
            yield from _number_probes(name, values, sample)
        elif values.dtype == pl.String:
            yield _fitted(name, "value", codes_with_null(values), sample)
            yield _fitted(name, "beginning", codes_with_null(values.str.slice(0, 6)), sample)
        else:
            yield _fitted(name, "value", codes_with_null(values), sample)


def missing_probes(sample: Sample) -> Iterator[Probe]:
    """Look at where each column is null."""
    for name in audited_columns(sample):
        missing = sample.frame[name].is_null().to_numpy()
        if missing.any() and not missing.all():
            yield _plain(name, "missing", missing.astype(np.float64), sample)


def reuse_probes(sample: Sample, counts: dict[str, pl.DataFrame]) -> Iterator[Probe]:
    """Look at how many rows of the whole data share the row's id."""
    for name, count in counts.items():
        rows = sample.frame.select(name).join(count, on=name, how="left", maintain_order="left")["rows"]
        reuse = rows.fill_null(0).to_numpy().astype(np.float64)
        if reuse.min() < reuse.max():
            yield _plain(name, "reuse", reuse, sample)


def _plain(name: str, probe: str, score: Floats, sample: Sample) -> Probe:
    return look(
        name, probe, score, sample.fraud, limit=VALUE_LIMIT, weight=sample.weight, clusters=sample.cluster
    )  # fmt: skip


def _fitted(name: str, probe: str, codes: Ints, sample: Sample) -> Probe:
    return look(
        name,
        probe,
        fitted_elsewhere(codes, sample.fraud, sample.fold),
        sample.fraud,
        limit=VALUE_LIMIT,
        weight=sample.weight,
        clusters=sample.cluster,
        learned=True,
    )


def _number_probes(name: str, values: pl.Series, sample: Sample) -> Iterator[Probe]:
    """Look at a number as an order, as ranges of any shape, and as single values."""
    if values.null_count() == len(values):
        return
    number = values.cast(pl.Float64).fill_nan(None)
    yield _plain(name, "order", number.rank("average").fill_null(0).to_numpy(), sample)
    share = number.rank("average") / max(number.count(), 1)
    yield _fitted(name, "range", codes_with_null((share * BINS).ceil()), sample)
    yield _fitted(name, "value", codes_with_null(number), sample)


def _time_probes(name: str, values: pl.Series, sample: Sample) -> Iterator[Probe]:
    """Look at the parts of a time: fraud has its hours and seasons, but no part tells much."""
    if values.null_count() == len(values):
        return
    if name != "event_time":
        yield _plain(name, "order", values.dt.epoch("s").fill_null(-1).to_numpy().astype(np.float64), sample)
        return
    offset = sample.frame["local_offset_min"].cast(pl.Int64) if "local_offset_min" in sample.frame.columns else None
    local = values if offset is None else values + pl.Series(offset * 60_000_000).cast(pl.Duration("us"))
    for probe, part in (
        ("local hour", local.dt.hour()),
        ("local weekday", local.dt.weekday()),
        ("minute", values.dt.minute()),
        ("second", values.dt.second()),
    ):
        yield _fitted(name, probe, codes_with_null(part), sample)
    yield _plain(name, "order", sample.time_us.astype(np.float64), sample)
