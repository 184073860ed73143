"""Worlds of much fraud go through it part by part, and keep little; they have the rows of those that keep all."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from payloom.cell import source as source_module
from payloom.cell.source import PaymentsSource
from payloom.config import make_config
from payloom.fraud import cases, mules, stream
from payloom.fraud.cases import Cases
from payloom.fraud.registry import shipped
from tests.cell.logical_digest import column_digests
from tests.cell.worlds import payment_jobs, produce

NAMES = sorted(shipped())

WORLD: dict[str, Any] = {
    "world": {"rows": 24_000, "fraud_rate": "0.2", "start": "2025-02-20", "end": "2025-03-09", "seed": 11},
    "fraud": {"mix": {name: 1 / len(NAMES) for name in NAMES}},
    "layout": {"row_group_mb": 1},
}


def digests(tables: dict[str, pa.Table]) -> dict[str, dict[str, str]]:
    return {name: column_digests(tables[name]) for name in ("payments", "fraud_labels")}


@pytest.fixture
def much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count so little fraud as much."""
    for module in (cases, stream):
        monkeypatch.setattr(module, "KEPT_EVENTS", 100)
    monkeypatch.setattr(cases, "SPAN_EVENTS", 40)
    monkeypatch.setattr(mules, "WHOLE_EVENTS", 50)


def opened() -> PaymentsSource:
    return PaymentsSource(make_config(WORLD))


def test_part_by_part_makes_the_same_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells of a day and of a month, in any order, have the rows of a world that makes its events once."""
    kept = opened()
    whole = produce(kept.open(), payment_jobs(kept))
    assert kept.open().streams.plot.cases.made.keys() == set(NAMES)
    request.getfixturevalue("much")
    months = opened()
    assert digests(produce(months.open(), payment_jobs(months))) == digests(whole)
    monkeypatch.setattr(source_module, "MIN_CELL_ROWS", 1)
    monkeypatch.setattr(source_module, "row_group_rows", lambda *_: 700)
    small = opened()
    jobs = payment_jobs(small)
    assert len(jobs) > 20
    found = {job.name: produce(small.open(), [job]) for job in reversed(jobs)}
    in_order = {name: pa.concat_tables([found[job.name][name] for job in jobs]) for name in whole}
    assert digests(in_order) == digests(whole)


def test_little_is_kept(much: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the events made for cells of a day, those of the last cell's days are kept."""
    monkeypatch.setattr(source_module, "MIN_CELL_ROWS", 1)
    monkeypatch.setattr(source_module, "row_group_rows", lambda *_: 700)
    source = opened()
    producer = source.open()
    known: Cases = producer.streams.plot.cases
    produce(producer, payment_jobs(source))
    assert known.made == {}
    days = {day for kept in known.recent.values() for day in kept}
    assert known.recent.keys() >= set(NAMES)
    assert 0 < len(days) <= cases.RECENT_DAYS
