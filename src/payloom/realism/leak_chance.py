"""What must say nothing at all: ids, places of rows, digits of times, values that are missing at random.

Each is held against chance. Rows are compared within narrow windows of time, because fraud has its hours and seasons;
ids that come back are looked at once each, because a fraud campaign uses the same few again and again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import rankdata

from payloom.realism.leak_probe import Probe, look
from payloom.realism.leak_sample import Sample
from payloom.realism.leak_values import audited_columns, is_id
from payloom.realism.scores import Bools, Floats, Ints, codes_of, fitted_elsewhere
from payloom.streams.hashing import Keys, draw

if TYPE_CHECKING:
    import polars as pl

RANGES: Final = 64
LOW_BITS: Final = 64
LAST_DIGITS: Final = 100
BLOCK_ROWS: Final = 1_024
"""Writers and generators work in blocks of about so many rows."""

PRESENT_WITH: Final = {
    "mcc": "merchant_id",
    "latitude": "terminal_id",
    "longitude": "terminal_id",
    "device_id": "ip_address",
    "device_type": "ip_address",
}
"""Columns that the schema declares missing at random, and the column that says where they belong."""


def chance_probes(sample: Sample, counts: dict[str, pl.DataFrame]) -> Iterator[Probe]:
    """Look at everything that must be independent of fraud, given the time."""
    for name in audited_columns(sample):
        if is_id(name, sample.frame[name]):
            yield from _row_id_probes(name, sample) if name not in counts else _entity_probes(name, counts[name])
    yield from _place_probes(sample)
    yield from _missing_at_random(sample)
    fraction = sample.time_us % 1_000_000
    if fraction.any():
        yield _row_cells("event_time", "microsecond digits", fraction % LAST_DIGITS, sample)
        yield _row_cells("event_time", "part of the second", fraction * RANGES // 1_000_000, sample)


def _row_id_probes(name: str, sample: Sample) -> Iterator[Probe]:
    """Look at ids that name single rows."""
    present = sample.frame[name].is_not_null().to_numpy()
    ids = sample.frame[name].fill_null(0).to_numpy().astype(np.int64)
    # What a running number says beyond the time is how far it is out of step with it.
    out_of_step = rankdata(ids) - rankdata(sample.time_us)
    yield _row_score(name, "order", out_of_step, sample, present)
    yield _row_score(name, "parity", (ids & 1).astype(np.float64), sample, present)
    for probe, cells in _cells(ids):
        yield _row_cells(name, probe, cells, sample, present)


def _cells(ids: Ints) -> Iterator[tuple[str, Ints]]:
    yield "low bits", ids % LOW_BITS
    yield "last digits", ids % LAST_DIGITS
    yield "range", (rankdata(ids) * RANGES / (len(ids) + 1)).astype(np.int64)


def _place_probes(sample: Sample) -> Iterator[Probe]:
    """Look at where a row lies: it should be where its time puts it."""
    yield _row_score("row", "position", sample.displaced, sample)
    yield _row_score("row", "parity", (sample.position & 1).astype(np.float64), sample)
    yield _row_cells("row", "low bits", sample.position % LOW_BITS, sample)
    yield _row_cells("row", "last digits", sample.position % LAST_DIGITS, sample)
    yield _row_cells("row", "place in a block", sample.position % BLOCK_ROWS * RANGES // BLOCK_ROWS, sample)
    if sample.files:
        yield _row_cells("file", "number", sample.file, sample)
    if sample.row_groups:
        yield _row_cells("row group", "number", sample.row_group, sample)


def _missing_at_random(sample: Sample) -> Iterator[Probe]:
    names = sample.frame.columns
    for name, witness in PRESENT_WITH.items():
        if name in names and witness in names:
            present = sample.frame[witness].is_not_null().to_numpy()
            missing = sample.frame[name].is_null().to_numpy().astype(np.float64)
            if missing[present].any():
                yield _row_score(name, f"missing where {witness} is not", missing, sample, present)


def _row_score(name: str, probe: str, score: Floats, sample: Sample, use: Bools | None = None) -> Probe:
    rows = slice(None) if use is None else use
    return look(
        name,
        probe,
        score[rows],
        sample.fraud[rows],
        limit=None,
        weight=sample.weight[rows],
        clusters=_days(sample)[rows],
        windows=sample.window[rows],
    )


def _row_cells(name: str, probe: str, cells: Ints, sample: Sample, use: Bools | None = None) -> Probe:
    """Fit the cells on every other day, and look at the days between.

    Only that way round: the other way would say the same again, and the error would be too small.
    """
    days = _days(sample)
    score = fitted_elsewhere(codes_of(cells), sample.fraud, days % 2, use)
    rows = (days % 2 == 1) if use is None else use & (days % 2 == 1)
    return look(
        name,
        probe,
        score[rows],
        sample.fraud[rows],
        limit=None,
        weight=sample.weight[rows],
        clusters=days[rows],
        windows=sample.window[rows],
        learned=True,
    )


def _days(sample: Sample) -> Ints:
    """Number the groups of windows that count as independent: days, or the windows of a short data set."""
    windows_a_day = max(1, len(np.unique(sample.window)) // max(1, len(np.unique(sample.day))))
    return sample.window // windows_a_day


def _entity_probes(name: str, count: pl.DataFrame) -> Iterator[Probe]:
    """Look at ids that come back, each once: was there ever fraud with it."""
    known = count.drop_nulls(name)
    ids = known[name].to_numpy().astype(np.int64)
    fraud = known["fraud"].to_numpy()
    if not fraud.any() or fraud.all():
        return
    halves = (draw(Keys(0)["halves of the leak audit"], ids) & np.uint64(1)).astype(np.int64)
    yield look(name, "order", rankdata(ids), fraud, limit=None)
    yield look(name, "parity", (ids & 1).astype(np.float64), fraud, limit=None)
    for probe, cells in _cells(ids):
        score = fitted_elsewhere(codes_of(cells), fraud, halves)
        yield look(name, probe, score[halves == 1], fraud[halves == 1], limit=None, learned=True)
