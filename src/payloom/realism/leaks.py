"""The leak audit: how well each column, id and place of a row alone tells fraud from genuine payments."""

from __future__ import annotations

from itertools import chain
from typing import Final

import polars as pl

from payloom.realism.data import DataSet
from payloom.realism.leak_chance import chance_probes
from payloom.realism.leak_sample import Sample, draw_sample
from payloom.realism.leak_typologies import typology_probes
from payloom.realism.leak_values import (
    audited_columns,
    is_id,
    missing_probes,
    reuse_probes,
    single_use,
    value_probes,
)
from payloom.realism.results import Leak

VERDICTS: Final = ("leak", "ok", "too few")


def audit(data: DataSet) -> tuple[Leak, ...]:
    """Look at every column of the payments, one at a time.

    Returns
    -------
    tuple of Leak
        Leaks first, then by AUC, highest first. A column's value, its nulls and the reuse of an id may tell something,
        up to .90; ids as such, places of rows, digits of times and values missing at random must tell nothing: there
        `limit` is where chance ends. Looked at in windows of an hour where time matters.
    """
    if not 0 < data.frauds < data.rows:
        return ()
    sample = draw_sample(data)
    counts = _counts(data, sample)
    probes = list(
        chain(
            value_probes(sample),
            missing_probes(sample),
            reuse_probes(sample, counts),
            chance_probes(sample, counts),
            typology_probes(sample),
        )
    )
    against_chance = sum(probe.limit is None for probe in probes)
    leaks = (probe.judged(against_chance) for probe in probes)
    return tuple(sorted(leaks, key=lambda leak: (VERDICTS.index(leak.verdict), -leak.auc)))


def _counts(data: DataSet, sample: Sample) -> dict[str, pl.DataFrame]:
    """Count rows of each id that comes back, over the whole data, and say whether any is fraud."""
    found = {}
    for name in audited_columns(sample):
        values = sample.frame[name]
        if is_id(name, values) and not single_use(values.drop_nulls()):
            grouped = data.payments.group_by(name).agg(rows=pl.len(), fraud=pl.col("is_fraud").any())
            found[name] = grouped.collect(engine="streaming").sort(name)
    return found
