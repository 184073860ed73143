"""Months are whole, and ageing compares the frozen model with the one that is trained again."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from payloom.baseline.ageing import ageing, month_edges
from payloom.baseline.rows import make_rows
from tests.baseline.invented import invented, invented_rows


def test_months_are_whole_calendar_months() -> None:
    """A year of data has twelve months; half a month at either end is none."""
    year = month_edges(*_microseconds(date(2025, 1, 1), date(2025, 12, 31)))
    assert len(year) == 13
    assert len(month_edges(*_microseconds(date(2025, 1, 15), date(2025, 4, 15)))) == 3


def _microseconds(*days: date) -> tuple[int, int]:
    first, last = (int(datetime(d.year, d.month, d.day, tzinfo=UTC).timestamp()) * 1_000_000 for d in days)
    return first, last + 86_399_000_000


def test_short_data_says_what_it_lacks() -> None:
    """Too few months, or too few frauds a month, give no numbers and the reason."""
    assert ageing(invented_rows()) == ((), "needs 8 whole months")
    data = invented(6_000, 250)
    found, note = ageing(make_rows(data.payments, data.labels))
    assert found == ()
    assert note.startswith("needs 500 frauds a month, has ")


def test_a_model_of_this_month_is_not_older_than_itself() -> None:
    """In the first month frozen and retrained are one model; later ones differ; each sees all frauds of its months."""
    data = invented(6_000, 250)
    rows = make_rows(data.payments, data.labels)
    found, note = ageing(rows, frauds_a_month_at_least=10)
    assert note == ""
    assert [month.months_later for month in found] == [1, 2, 3, 4]
    assert found[0].frozen_auc == found[0].retrained_auc
    assert any(month.frozen_auc != month.retrained_auc for month in found[1:])
    edges = month_edges(rows.first_us, int(rows.time_us[-1]))
    per_month = np.histogram(rows.time_us[rows.fraud], edges)[0]
    assert found[0].frauds == per_month[4]
    assert found[0].frozen_auc == pytest.approx(0.9, abs=0.1)
