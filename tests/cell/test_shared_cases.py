"""Cases that one process lists and others are given: the same rows, from arrays that nobody may change."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from payloom.cell.source import PaymentsSource
from payloom.config import make_config
from payloom.fraud import cases, stream
from payloom.fraud.cases import CaseTable
from payloom.write.contract import open_with, shared_of
from tests.cell.logical_digest import column_digests
from tests.cell.worlds import produce
from tests.engine.fake_source import FakeProducer, FakeSource

WORLD = {"world": {"rows": 30_000, "fraud_rate": "0.05", "start": "2025-01-20", "end": "2025-03-10", "seed": 5}}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> CaseTable:
    """The cases of a world that counts as large, as another process gets them: unpickled, and read-only."""
    for module in (cases, stream):
        monkeypatch.setattr(module, "KEPT_EVENTS", 100)
    made = shared_of(PaymentsSource(make_config(WORLD)))
    buffers: list[pickle.PickleBuffer] = []
    plain = pickle.dumps(made, protocol=5, buffer_callback=buffers.append)
    assert len(plain) < 2_000
    given = pickle.loads(plain, buffers=[bytes(buffer) for buffer in buffers])
    assert isinstance(given, CaseTable)
    assert not any(array.flags.writeable for array in arrays(given))
    return given


def arrays(table: CaseTable) -> Iterator[np.ndarray]:
    yield from (table.key, table.first_us, table.reported_us, table.blocked_us)
    yield from (table.reissues.keys, table.reissues.present)


def digests(tables: dict[str, pa.Table]) -> dict[str, dict[str, str]]:
    return {name: column_digests(table) for name, table in tables.items()}


def test_a_given_table_makes_the_same_rows(table: CaseTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tables are those of a process that lists the fraud itself, also where it laid the world out before."""
    own = PaymentsSource(make_config(WORLD))
    jobs = own.jobs()
    expected = digests(produce(own.open(), jobs))
    listed = []
    monkeypatch.setattr(stream, "build_cases", lambda *_: listed.append(1))
    fresh, planned = PaymentsSource(make_config(WORLD)), PaymentsSource(make_config(WORLD))
    assert planned.jobs() == jobs
    for source in (fresh, planned):
        assert digests(produce(open_with(source, table), jobs)) == expected
    assert listed == []


def test_small_worlds_share_nothing() -> None:
    """Each process lists so little fraud itself, and makes its events once."""
    assert shared_of(PaymentsSource(make_config(WORLD))) is None


def test_sources_need_not_share() -> None:
    """A source without anything to share is opened as ever, whatever it is given."""
    source = FakeSource(rows=10, months=1)
    assert shared_of(source) is None
    assert isinstance(open_with(source, "nothing of its own"), FakeProducer)
