"""Whether one kind of fraud has a value of its own: the same amount, cents, merchant or address in most campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from payloom.realism.leak_probe import CLUSTERS_AT_LEAST, VALUE_LIMIT, Probe
from payloom.realism.leak_sample import Sample
from payloom.realism.leak_values import audited_columns, single_use
from payloom.realism.scores import Auc, with_interval

DIGITS: Final = "amount_minor, last two digits"
EXACT: Final = ("amount_minor", "amount_usd")
AMOUNTS: Final = (*EXACT, DIGITS)

CAMPAIGNS_AT_LEAST: Final = 3
"""Three campaigns that agree on an amount to the cent do so by no chance; on cents, or on a big shop, they may."""

DISTINCT_AT_LEAST: Final = 500
"""Columns of fewer values describe kinds of payment: that one kind of fraud is all online gives nothing away."""


def typology_probes(sample: Sample) -> Iterator[Probe]:
    """Look for the most frequent value of each kind of fraud, campaigns counting the same, against genuine rows.

    Amounts and their cents are shown for every kind; of other columns, the kind with the strongest value.
    """
    kinds = sample.typology.drop_nulls().unique().sort().to_list()
    if not kinds:
        return
    weights = (float(sample.weight[sample.fraud].max()), float(sample.weight[~sample.fraud].max()))
    for name, values in _suspects(sample):
        frame = pl.DataFrame(
            {"value": values, "kind": sample.typology, "campaign": sample.cluster, "type": _types(sample)}
        )
        genuine = frame.filter(~pl.Series(sample.fraud)).group_by("type", "value").len("rows")
        probes = [_constant(name, kind, frame.filter(kind=kind), genuine, weights) for kind in kinds]
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
        if name not in EXACT and single_use(values.drop_nulls()):
            continue
        yield name, values
        if name == "amount_minor":
            yield DIGITS, values % 100


def _types(sample: Sample) -> pl.Series:
    """Give the type of payment, within which amounts are compared: cash is always round."""
    if "transaction_type" in sample.frame.columns:
        return sample.frame["transaction_type"].to_physical().cast(pl.Int64).fill_null(-1)
    return pl.Series(np.zeros(len(sample.frame), dtype=np.int64))


def _constant(name: str, kind: str, own: pl.DataFrame, genuine: pl.DataFrame, weights: tuple[float, float]) -> Probe:
    """Look at the value that is most frequent over the campaigns of one kind."""
    top = _most_frequent(own)
    has = pl.lit(value=False) if top is None else pl.col("value").eq(pl.lit(top)).fill_null(value=False)
    of_type = genuine.group_by("type").agg(share=pl.col("rows").filter(has).sum() / pl.col("rows").sum())
    excess = (
        own.join(of_type, on="type", how="left")
        .group_by("campaign", maintain_order=True)
        .agg((has.cast(pl.Float64) - pl.col("share").fill_null(0.0)).mean().alias("excess"))["excess"]
        .to_numpy()
    )
    # Of a yes or no the AUC is one half and half the difference of the two shares.
    error = float(excess.std(ddof=1)) / 2 / len(excess) ** 0.5 if len(excess) > 1 else 0.0
    area = Auc(0.5 + float(excess.mean()) / 2, error, len(excess), len(own), float(len(excess))).learned
    hits, false_alarms = own.filter(has).height, int(genuine.filter(has)["rows"].sum())
    rows = int(genuine["rows"].sum())
    fraud_weight, genuine_weight = weights
    found, alarms = hits * fraud_weight, hits * fraud_weight + false_alarms * genuine_weight
    everything = len(own) * fraud_weight + rows * genuine_weight
    # A yes or no has two steps: those with the value, then all.
    recall = hits / len(own)
    base = len(own) * fraud_weight / everything
    precision = with_interval(recall * found / max(alarms, 1.0) + (1 - recall) * base, area.effective_frauds)
    few = CAMPAIGNS_AT_LEAST if name in EXACT else CLUSTERS_AT_LEAST
    return Probe(name, f"one value in {kind}", len(own) + rows, area, precision, VALUE_LIMIT, clusters_at_least=few)


def _most_frequent(own: pl.DataFrame) -> object:
    """Return the value with the highest share of rows, each campaign counting the same; None if there is none."""
    shares = own.group_by("campaign", "value").len().with_columns(pl.col("len") / pl.col("len").sum().over("campaign"))
    totals = shares.drop_nulls("value").group_by("value").agg(pl.col("len").sum())
    ordered = totals.sort("len", "value", descending=[True, False])
    return ordered["value"][0] if len(ordered) else None
