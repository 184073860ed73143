"""The library's front door: days, lazy scans and entities agree, and wrong arguments are named."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from payloom.errors import ConfigError
from payloom.pipeline.world import World
from payloom.schema import PAYMENTS


@cache
def world() -> World:
    """Ninety days with much fraud."""
    settings = {"rows": 3_000, "start": "2025-01-01", "end": "2025-04-01", "fraud_rate": 0.05}
    return World({"world": settings})


@cache
def all_payments() -> pl.DataFrame:
    return world().payments()


def test_a_scan_gives_the_payments():
    """Collected whole, a scan is the frame; so is a scan of some days."""
    assert all_payments().height == 3_000
    assert_frame_equal(world().scan().collect(), all_payments())
    days = ("2025-02-10", "2025-02-13")
    some = world().scan(*days).collect()
    assert 0 < some.height < 3_000
    assert_frame_equal(some, world().payments(*days))


@pytest.mark.parametrize(
    "query",
    [
        lambda frame: frame.filter(pl.col("is_fraud")).head(7),
        lambda frame: frame.head(500).filter(pl.col("is_fraud")),
        lambda frame: frame.select("amount_minor", "transaction_id"),
        lambda frame: frame.filter(pl.col("is_fraud")).select("transaction_id"),
        lambda frame: frame.slice(120, 40),
        lambda frame: frame.tail(9),
        lambda frame: frame.head(0),
        lambda frame: frame.group_by("channel").len().sort("channel"),
    ],
    ids=["filter head", "head filter", "projection", "filter projection", "slice", "tail", "none", "group"],
)
def test_a_query_of_a_scan_gives_what_it_gives_of_the_frame(query: Any):
    """Filters, heads, slices and projections that Polars pushes into the scan change nothing."""
    assert_frame_equal(query(world().scan()).collect(), query(all_payments()))


def test_a_scan_knows_its_types_without_making_rows():
    """The schema is the declared one."""
    assert dict(world().scan().collect_schema()) == dict(PAYMENTS.polars_schema())


def test_a_day_is_a_slice_of_the_whole():
    """By text or by date, a day has the rows that the whole has of it."""
    wanted = all_payments().filter(pl.col("event_time").dt.date() == date(2025, 2, 10))
    assert wanted.height > 0
    assert_frame_equal(world().day("2025-02-10"), wanted)
    assert_frame_equal(world().day(date(2025, 2, 10)), wanted)


def test_entities_have_keys_of_their_own():
    """The first column of every entity table is its key, sorted."""
    for frame in (world().customers(), world().accounts(), world().cards(), world().merchants(), world().devices()):
        key = frame.to_series(0)
        assert frame.height > 0
        assert key.n_unique() == frame.height
        assert key.is_sorted()


def test_the_written_data_set_is_the_frames(tmp_path: Path):
    """What generate() writes reads back as payments() and fraud_labels()."""
    summary = world().generate(tmp_path / "data", workers=1)
    assert (summary.rows, summary.fraud_rows) == (3_000, 150)
    for table, frame in (("payments", all_payments()), ("fraud_labels", world().fraud_labels())):
        parts = sorted((tmp_path / "data" / table).rglob("*.parquet"))
        back = pl.concat([pl.read_parquet(part, hive_partitioning=False) for part in parts])
        assert_frame_equal(back.cast(dict(frame.schema)), frame)  # type: ignore[arg-type]


@pytest.mark.parametrize("config", [5, "small", [], [("world", {})], True], ids=repr)
def test_a_config_is_a_config_or_a_mapping(config: Any):
    """Anything else is refused, also when it is empty."""
    with pytest.raises(ConfigError, match=r"World\.from_file") as caught:
        World(config)
    assert [(problem.field, problem.source) for problem in caught.value.problems] == [("config", "argument")]


@pytest.mark.parametrize(
    "day", ["x", None, 5, "", "2025-02-30", "2030-01-01", "9999-12-31", "2025-W01-1", "20250101"], ids=repr
)
def test_a_wrong_day_is_one_problem(day: Any):
    """Whatever is wrong with a day, one problem names it as the argument that it is."""
    with pytest.raises(ConfigError, match="expected a day") as caught:
        world().day(day)
    assert [(problem.field, problem.source) for problem in caught.value.problems] == [("day", "argument")]


def test_wrong_ends_are_named_as_arguments():
    """The two ends of a slice are called start and end, not by the options of the command line."""
    with pytest.raises(ConfigError) as caught:
        world().payments("2024-01-01", "2025-W01-1")
    assert [problem.field for problem in caught.value.problems] == ["end"]
    with pytest.raises(ConfigError) as caught:
        world().scan("2024-01-01", "2027-01-01")
    assert [problem.field for problem in caught.value.problems] == ["start", "end"]
    with pytest.raises(ConfigError, match='write end="2025-01-03"'):
        world().fraud_labels("2025-01-02", "2025-01-02")


@pytest.mark.parametrize("out", [5, None, "", "a\0b"], ids=repr)
def test_a_folder_is_needed(out: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No folder is refused and nothing is written."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="expected a folder"):
        world().generate(out)
    assert list(tmp_path.iterdir()) == []


def test_every_wrong_argument_of_a_run_is_named(tmp_path: Path):
    """All of them at once, each with its name, before the folder is made."""
    wrong: dict[str, Any] = {"workers": "2", "max_memory_bytes": 512, "overwrite": "no"}
    with pytest.raises(ConfigError) as caught:
        world().generate(tmp_path / "data", **wrong)
    assert [problem.field for problem in caught.value.problems] == list(wrong)
    assert {problem.source for problem in caught.value.problems} == {"argument"}
    assert not (tmp_path / "data").exists()


def test_a_world_comes_from_a_file(tmp_path: Path):
    """A file over a preset; a wrong path or preset is refused as an argument."""
    file = tmp_path / "x.toml"
    file.write_text("[world]\nrows = 50\n", encoding="utf-8")
    assert World.from_file(file, preset="small").config.world.rows == 50
    wrong: Any = 5
    with pytest.raises(ConfigError, match="path of a TOML file"):
        World.from_file(wrong)
    with pytest.raises(ConfigError) as caught:
        World.from_file(file, preset="smal")
    assert [(problem.field, problem.source) for problem in caught.value.problems] == [("preset", "argument")]
