"""What it takes to hand out the work of a world, however many rows it has."""

from __future__ import annotations

import pytest

from payloom.cell.source import MIN_CELL_ROWS, PaymentsSource
from payloom.config import make_config
from payloom.schema import PAYMENTS


@pytest.mark.parametrize("exponent", [5, 7, 10])
def test_jobs_are_listed_without_listing_fraud(exponent: int) -> None:
    """The jobs announce exactly the rows of the world; no case is known by then, and none is needed."""
    source = PaymentsSource(make_config({"world": {"rows": 10**exponent}}))
    jobs = source.jobs()
    cells = [job for job in jobs if job.outputs[0].table == PAYMENTS.name]
    assert sum(job.rows for job in cells) == 10**exponent
    assert len({job.name for job in jobs}) == len(jobs)
    assert len(cells) <= 12 + 10**exponent // MIN_CELL_ROWS
    streams = source.open().streams
    assert "cases" not in vars(streams.plot)
    assert not {"settlement", "fraud"} & vars(streams).keys()


def test_the_first_row_lists_fraud() -> None:
    """Whoever makes a payment knows all cases."""
    source = PaymentsSource(make_config({"world": {"rows": 10_000}}))
    producer = source.open()
    cell = next(job for job in source.jobs() if job.outputs[0].table == PAYMENTS.name)
    producer.produce(cell, lambda table, batch: None)
    assert "cases" in vars(producer.streams.plot)
