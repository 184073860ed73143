"""Whether one kind of fraud has a value of its own: the same amount, cents, merchant or address in most campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from payloom.realism.leak_probe import VALUE_LIMIT, Probe
from payloom.realism.leak_sample import Sample
from payloom.realism.leak_values import audited_columns
from payloom.realism.scores import Auc, average_precision

DIGITS: Final = "amount_minor, last two digits"
AMOUNTS: Final = ("amount_minor", "amount_usd", DIGITS)

DISTINCT_AT_LEAST: Final = 500
"""Columns of fewer values describe kinds of payment: that one kind of fraud is all online gives nothing away."""


def typology_probes(sample: Sample) -> Iterator[Probe]:
    """Look for the most frequent value of each kind of fraud, campaigns counting the same, against genuine rows.

    Amounts and their cents are shown for every kind; of other columns, the kind with the strongest value.
    """
    kinds = sample.typology.drop_nulls().unique().sort().to_list()
    if not kinds:
        return
    for name, values in _suspects(sample):
        codes = values.rank("dense").cast(pl.Int64).fill_null(0)
        frame = pl.DataFrame(
            {"value": codes, "kind": sample.typology, "campaign": sample.cluster, "type": _types(sample)}
        )
        probes = [_constant(name, kind, frame, sample) for kind in kinds]
        if name in AMOUNTS:
            yield from probes
        else:
            yield max(probes, key=lambda probe: probe.area.value if probe.area else 0.0)


def _suspects(sample: Sample) -> Iterator[tuple[str, pl.Series]]:
    """Yield columns in which no single value means anything, as numbers."""
    for name in audited_columns(sample):
        values = sample.frame[name]
        if isinstance(values.dtype, pl.Categorical | pl.Enum):
            values = values.to_physical()
        if values.dtype == pl.Boolean or values.n_unique() < DISTINCT_AT_LEAST:
            continue
        yield name, values
        if name == "amount_minor":
            yield DIGITS, values % 100


def _types(sample: Sample) -> pl.Series:
    """Give the type of payment, within which amounts are compared: cash is always round."""
    if "transaction_type" in sample.frame.columns:
        return sample.frame["transaction_type"].to_physical().cast(pl.Int64).fill_null(-1)
    return pl.Series(np.zeros(len(sample.frame), dtype=np.int64))


def _constant(name: str, kind: str, frame: pl.DataFrame, sample: Sample) -> Probe:
    """Look at the value that is most frequent over the campaigns of one kind."""
    own = frame.filter(pl.col("kind") == kind)
    top = _most_frequent(own)
    has = (frame["value"] == top).to_numpy()
    genuine_share = frame.filter(~pl.Series(sample.fraud)).group_by("type").agg(share=(pl.col("value") == top).mean())
    campaigns = (
        own.join(genuine_share, on="type", how="left")
        .group_by("campaign")
        .agg(excess=((pl.col("value") == top) - pl.col("share").fill_null(0.0)).mean())["excess"]
    )
    # Of a yes or no the AUC is one half and half the difference of the two shares.
    excess = campaigns.to_numpy()
    error = float(excess.std(ddof=1)) / 2 / len(excess) ** 0.5 if len(excess) > 1 else 0.0
    area = Auc(0.5 + float(excess.mean()) / 2, error, len(campaigns), len(own), float(len(campaigns))).learned
    used = ~sample.fraud | (frame["kind"] == kind).fill_null(value=False).to_numpy()
    precision = average_precision(
        has[used].astype(np.float64), sample.fraud[used], sample.weight[used], area.effective_frauds
    )
    return Probe(name, f"one value in {kind}", int(used.sum()), area, precision, VALUE_LIMIT)


def _most_frequent(own: pl.DataFrame) -> int:
    """Return the value with the highest share of rows, each campaign counting the same; -1 if there is none."""
    shares = (
        own.group_by("campaign", "value").len().with_columns(share=pl.col("len") / pl.col("len").sum().over("campaign"))
    )
    totals = shares.filter(pl.col("value") > 0).group_by("value").agg(pl.col("share").sum())
    ordered = totals.sort("share", "value", descending=[True, False])
    return int(ordered["value"][0]) if len(ordered) else -1
