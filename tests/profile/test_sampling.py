"""The sample: fair in time, fraud at its rate, the same again, and without reading everything."""

from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.profile import sampling
from payloom.profile.sampling import choose, draw_sample, identifies, spread
from payloom.realism.data import DataSet


@given(total=st.integers(0, 5_000), wanted=st.integers(0, 500))
def test_each_stretch_gives_one_position(total: int, wanted: int) -> None:
    """Positions rise, differ and lie one in each stretch of equal length; all of them if all are wanted."""
    positions = spread(total, wanted, "a test")
    assert len(positions) == min(total, wanted)
    if wanted < total:
        edges = np.arange(wanted + 1) * total // max(wanted, 1)
        assert np.all((edges[:-1] <= positions) & (positions < edges[1:]))
    else:
        assert positions.tolist() == list(range(total))


@given(labels=st.lists(st.booleans(), max_size=400), wanted=st.integers(0, 450))
def test_fraud_keeps_its_rate_to_one_row(labels: list[bool], wanted: int) -> None:
    """Rows are chosen once, as many as are wanted, and frauds among them are as frequent as among all."""
    is_fraud = np.array(labels, dtype=np.bool_)
    chosen = choose(is_fraud, wanted)
    assert len(set(chosen.tolist())) == len(chosen) == min(wanted, len(labels))
    assert np.all(np.diff(chosen) > 0)
    if labels and wanted:
        assert abs(is_fraud[chosen].sum() - min(wanted, len(labels)) * sum(labels) / len(labels)) <= 0.5


def test_positions_are_spread_evenly_over_a_stretch() -> None:
    """The place inside of a stretch is random: its tenths are equally frequent (chi-square, 1 in 10^6)."""
    places = spread(100_000 * 1_000, 100_000, "a test") % 1_000 // 100
    expected = 10_000
    assert sum((count - expected) ** 2 / expected for count in Counter(places.tolist()).values()) < 44.8


def furthest(sample: pl.DataFrame, whole: pl.DataFrame) -> float:
    """Return by how many rows a day's genuine rows or frauds miss their share at most; each end can miss one."""
    day = pl.col("event_time").dt.date().alias("day")
    both = (
        whole.group_by(day, "is_fraud")
        .agg(rows=pl.len())
        .join(sample.group_by(day, "is_fraud").agg(drawn=pl.len()), on=["day", "is_fraud"], how="left")
    )
    share = pl.col("rows") * pl.col("drawn").sum().over("is_fraud") / pl.col("rows").sum().over("is_fraud")
    return float(both.with_columns(pl.col("drawn").fill_null(0)).select((pl.col("drawn") - share).abs().max()).item())


@pytest.mark.parametrize("limit", [5_000_000, 1_000])
def test_every_day_gives_its_share(world: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """Each day has its share of genuine rows and of frauds to two rows, whether all times are read or not."""
    monkeypatch.setattr(sampling, "WHOLE_ROWS_MAX", limit)
    data = DataSet.open(world)
    sample = draw_sample(data, 6_000)
    assert sample.height == 6_000
    assert sample["is_fraud"].sum() == round(6_000 * data.frauds / data.rows)
    assert sample["event_time"].is_sorted()
    assert not [name for name in sample.columns if identifies(name)]
    assert furthest(sample, data.payments.select("event_time", "is_fraud").collect()) < 2
    assert draw_sample(DataSet.open(world), 6_000).equals(sample)


def test_the_rows_are_rows_of_the_data(world: Path) -> None:
    """Every row of the sample is in the data with all its values."""
    data = DataSet.open(world)
    sample = draw_sample(data, 2_000)
    whole = data.payments.select(sample.columns).collect()
    assert sample.join(whole, on=sample.columns, how="semi", nulls_equal=True).height == 2_000


def test_rows_of_a_csv_in_any_order(tmp_path: Path, world: Path) -> None:
    """Data of others need not be in the order of time, and may be text."""
    frame = DataSet.open(world).payments.select("event_time", "amount_usd", "is_fraud", "channel").collect()
    frame.sample(fraction=1, shuffle=True, seed=3).write_csv(tmp_path / "theirs.csv")
    data = DataSet.open(tmp_path / "theirs.csv")
    sample = draw_sample(data, 5_000)
    assert furthest(sample, frame) < 2


def test_all_rows_if_there_are_no_more(world: Path) -> None:
    """A sample as large as the data is the data."""
    data = DataSet.open(world)
    assert draw_sample(data, 10**6).height == data.rows
