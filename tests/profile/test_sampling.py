"""The sample: fair in time, fraud at its rate, the same again, and without reading everything."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.profile import row_groups as row_groups_module
from payloom.profile import sampling
from payloom.profile.row_groups import FRAUD, TIMELESS, raked, row_groups, shares_of_groups, spread, stretches
from payloom.profile.sampling import choose, draw_sample, identifies
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


@pytest.fixture(scope="module")
def many_groups(tmp_path_factory: pytest.TempPathFactory, world: Path) -> Path:
    """The small world again in a hundred row groups of some 20 hours, and of three months."""
    folder = tmp_path_factory.mktemp("groups")
    for file in sorted((world / "payments").rglob("*.parquet")):
        target = folder / file.relative_to(world)
        target.parent.mkdir(parents=True)
        pq.write_table(pq.ParquetFile(file).read(), target, row_group_size=300)
    return folder


@pytest.fixture
def few_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a third of the rows be all that may be read."""
    monkeypatch.setattr(sampling, "WHOLE_ROWS_MAX", 1_000)
    monkeypatch.setattr(sampling, "READ_ROWS_MAX", 10_000)
    monkeypatch.setattr(row_groups_module, "GROUP_ROWS_MIN", 200)


def shares(frame: pl.DataFrame, by: pl.Expr) -> dict[object, float]:
    """Return how often each value is."""
    return {value: n / frame.height for value, n in frame.group_by(by.alias("value")).agg(n=pl.len()).iter_rows()}


def apart(sample: pl.DataFrame, whole: pl.DataFrame, by: pl.Expr) -> float:
    """Return half of the sum of the differences of shares."""
    ours, theirs = shares(sample, by), shares(whole, by)
    return sum(abs(ours.get(value, 0.0) - share) for value, share in theirs.items()) / 2


@pytest.mark.usefixtures("few_read")
def test_some_row_groups_stand_for_all(many_groups: Path, count: Callable[[int, int], int]) -> None:
    """Fraud, month, weekday and hour have their shares, about, in every sample; channels and amounts too, over many.

    A row group is a cluster: what depends on the day strays more than in a sample of single rows, but to both sides.
    Here a sample takes every seventh row of what is read, where of a hundred million it is every 300th.
    """
    data = DataSet.open(many_groups)
    whole = data.payments.collect()
    time = pl.col("event_time")
    read: list[int] = []
    runs = [
        draw_sample(data, 1_500, lambda groups, _: read.append(sum(group.rows for group in groups)), seed=seed)
        for seed in range(count(5, 60))
    ]
    assert max(read) < 0.4 * whole.height
    for sample in runs:
        assert sample.height == 1_500
        assert sample["is_fraud"].sum() == 30
        assert apart(sample, whole, time.dt.month()) < 0.08
        assert apart(sample, whole, time.dt.weekday()) < 0.06
        assert apart(sample, whole, time.dt.hour()) < 0.05
        assert apart(sample, whole, pl.col("channel")) < 0.06
    assert not runs[0].equals(runs[1])
    together = pl.concat(runs)
    for by in (time.dt.month(), time.dt.weekday(), time.dt.hour(), pl.col("channel")):
        assert apart(together, whole, by) < 0.03
    paid, all_paid = (frame.filter(pl.col("amount_usd") > 0)["amount_usd"] for frame in (together, whole))
    for level in (0.25, 0.5, 0.75, 0.9):
        assert paid.quantile(level) == pytest.approx(all_paid.quantile(level), rel=0.06)


@pytest.mark.usefixtures("few_read")
def test_the_same_groups_again(many_groups: Path) -> None:
    """Two draws are equal, and every row is one of the data."""
    data = DataSet.open(many_groups)
    sample = draw_sample(data, 1_000)
    assert draw_sample(DataSet.open(many_groups), 1_000).equals(sample)
    whole = data.payments.select(sample.columns).collect()
    assert sample.join(whole, on=sample.columns, how="semi", nulls_equal=True).height == 1_000


@pytest.mark.usefixtures("few_read")
def test_groups_of_rows_in_any_order_without_times(tmp_path: Path, many_groups: Path) -> None:
    """Data of others: shuffled, one file, some times missing, hardly a fraud."""
    frame = DataSet.open(many_groups).payments.select("event_time", "amount_usd", "channel").collect()
    frame = frame.sample(fraction=1, shuffle=True, seed=4).with_row_index("n")
    late = pl.when(pl.col("n") % 10 > 0).then("event_time")
    frame = frame.with_columns(late.alias("event_time"), is_fraud=pl.col("n") == 7).drop("n")
    frame.write_parquet(tmp_path / "theirs.parquet", row_group_size=400)
    data = DataSet.open(tmp_path / "theirs.parquet")
    sample = draw_sample(data, 2_000)
    assert sample.height == 2_000
    assert sample["event_time"].null_count() == pytest.approx(200, abs=2)
    assert apart(sample, frame, pl.col("event_time").dt.hour()) < 0.02


def test_small_row_groups_are_taken_together(many_groups: Path) -> None:
    """Every row is in one group, a group is in one file, and a small file is one."""
    data = DataSet.open(many_groups)
    groups = row_groups(data)
    assert len(groups) == len(data.files)
    assert sum(group.rows for group in groups) == data.rows
    assert pl.concat([group.of(data) for group in groups]).collect().equals(data.payments.collect())


@pytest.mark.usefixtures("few_read")
@pytest.mark.parametrize("wanted", [2, 4, 30, 1_000])
def test_stretches_are_in_order_and_not_of_two_months(many_groups: Path, wanted: int) -> None:
    """About as many as are wanted, in the order of the groups; with enough of them none has groups of two files."""
    groups = row_groups(DataSet.open(many_groups))
    numbers = stretches(groups, wanted)
    assert np.all(np.diff(numbers) >= 0)
    assert len(set(numbers.tolist())) == pytest.approx(min(wanted, len(groups)), abs=2)
    files = {group.file for group in groups}
    if wanted >= len(files):
        assert len({(number, group.file) for number, group in zip(numbers, groups, strict=True)}) == len(set(numbers))


@given(
    at_hand=st.lists(st.lists(st.integers(0, 40), min_size=4, max_size=4), min_size=1, max_size=6),
    wanted=st.integers(0, 300),
)
def test_quotas_never_ask_for_what_is_not_there(at_hand: list[list[int]], wanted: int) -> None:
    """As many rows as are wanted, as long as there are so many, genuine ones and frauds apart."""
    there = np.zeros((len(at_hand), FRAUD + 1), dtype=np.int64)
    there[:, [0, 5, TIMELESS, FRAUD]] = at_hand
    quotas = shares_of_groups(there * 3, there, wanted)
    assert np.all((quotas >= 0) & (quotas <= there))
    total = there.sum()
    frauds = round(wanted * int(there[:, FRAUD].sum()) / max(int(total), 1))
    assert quotas[:, FRAUD].sum() == min(frauds, there[:, FRAUD].sum())
    assert quotas[:, :FRAUD].sum() == min(wanted - frauds, there[:, :FRAUD].sum())


def test_raking_meets_both_totals() -> None:
    """Groups that lack some hours still give each stretch and each hour its share."""
    at_hand = np.array([[50, 0, 10], [5, 60, 10], [0, 20, 70]])
    wanted = np.array([[40, 30, 30], [40, 30, 30], [30, 35, 35]])
    fitted = raked(at_hand, wanted)
    assert fitted.sum(axis=0) == pytest.approx(wanted.sum(axis=0), rel=1e-3)
    assert fitted.sum(axis=1) == pytest.approx(wanted.sum(axis=1), rel=1e-3)
    assert np.all(fitted[at_hand == 0] == 0)
