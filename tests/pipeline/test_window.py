"""Days of a data set: what is read of it, what is fetched, and what is said when there is too little."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from payloom import World
from payloom.cli.app import app
from payloom.cli.main import run
from payloom.errors import ConfigError, TooLittleDataError
from payloom.pipeline.at_hand import at_hand
from payloom.pipeline.profile import profile
from payloom.pipeline.publish import publish
from payloom.pipeline.train import TrainOptions, train
from payloom.profile.subject import open_subject
from payloom.realism.window import Window
from payloom.storage.address import StoreOptions
from tests.servers.counting import CountingProxy
from tests.servers.seaweed import SeaweedServer

CONFIG = {"world": {"rows": 30_000, "start": "2025-02-20", "end": "2025-03-22", "fraud_rate": "0.02"}}
WEEK = Window(date(2025, 2, 26), date(2025, 3, 5))
"""Over the end of a month, and so over two files of a full run."""

OPTIONS = StoreOptions()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the month by one run."""
    folder = tmp_path_factory.mktemp("whole") / "data"
    World(CONFIG).generate(folder, workers=1)
    return folder


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write ten of its days one by one."""
    folder = tmp_path_factory.mktemp("daily") / "data"
    for number in range(10):
        start = date(2025, 2, 23) + timedelta(days=number)
        World(CONFIG).generate(folder, start=start, end=start + timedelta(days=1), workers=1)
    return folder


@pytest.fixture(scope="module")
def expected() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make the week's payments and labels."""
    world = World(CONFIG)
    return world.payments(WEEK.start, WEEK.end), world.fraud_labels(WEEK.start, WEEK.end)


def ids(rows: pl.LazyFrame | None) -> list[int]:
    """Return the payments' ids."""
    assert rows is not None
    found: list[int] = rows.select("transaction_id").collect()["transaction_id"].sort().to_list()
    return found


def wanted(rows: pl.DataFrame) -> list[int]:
    """Return the ids that are expected."""
    return ids(rows.lazy())


@pytest.mark.parametrize("made", ["whole", "daily"])
def test_rows_of_the_days_and_no_others(made, request, expected) -> None:
    """Payments and labels of the week are read and shown, whether a file holds a month or a day."""
    place = str(request.getfixturevalue(made))
    with at_hand(place, OPTIONS, window=WEEK) as given:
        assert ids(given.data.payments) == wanted(expected[0])
        assert ids(given.data.labels) == wanted(expected[1])
        assert given.config is not None
    with open_subject(place, OPTIONS, sample_rows=1_000, window=WEEK) as subject:
        assert (subject.rows, subject.is_whole) == (len(expected[0]), True)
        assert ids(subject.data.payments) == wanted(expected[0])
        assert subject.frauds == expected[0]["is_fraud"].sum()
        assert subject.sample.height == 1_000


def test_an_open_end(daily) -> None:
    """One end may be left open; both ends are UTC, the second one excluded."""
    days = {}
    for window in (Window(start=date(2025, 3, 3)), Window(end=date(2025, 2, 24))):
        with at_hand(str(daily), OPTIONS, window=window) as given:
            days[window] = given.data.payments.select(pl.col("event_time").dt.date().unique().sort()).collect()
    assert [frame["event_time"].to_list() for frame in days.values()] == [
        [date(2025, 3, 3), date(2025, 3, 4)],
        [date(2025, 2, 23)],
    ]


def test_other_days_are_other_data(whole) -> None:
    """The digest that a training is known by differs by window, also where the same files are read."""
    found = set()
    for window in (Window(), WEEK, Window(WEEK.start, date(2025, 3, 4))):
        with at_hand(str(whole), OPTIONS, window=window) as given:
            found.add(given.digest)
    assert len(found) == 3


def test_data_of_others_is_cut_too(whole, expected, tmp_path) -> None:
    """A file that payloom did not make, with another name for the time."""
    file = tmp_path / "theirs.parquet"
    pl.read_parquet(str(whole / "payments/**/*.parquet")).rename({"event_time": "ts"}).write_parquet(file)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[columns]\nevent_time = "ts"\n')
    with at_hand(str(file), OPTIONS, str(mapping), WEEK) as given:
        assert ids(given.data.payments) == wanted(expected[0])
    with open_subject(str(file), OPTIONS, sample_rows=1_000, mapping=str(mapping), window=WEEK) as subject:
        assert subject.rows == len(expected[0])


def test_only_files_of_the_days_are_fetched(
    daily: Path, s3_server: SeaweedServer, monkeypatch: pytest.MonkeyPatch, expected: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    """Of ten days in a bucket, the parts of seven; what is read is the week."""
    for name, value in s3_server.env().items():
        monkeypatch.setenv(name, value)
    address = f"s3://{s3_server.bucket()}/x"
    publish(daily, address)
    sizes = {file.name: file.stat().st_size for file in (daily / "payments").rglob("*.parquet")}
    needed = sum(size for name, size in sizes.items() if "20250226" <= name.split("-")[1] < "20250305")
    with CountingProxy(s3_server.address) as proxy:
        with at_hand(address, StoreOptions(endpoint_url=proxy.endpoint), window=WEEK) as given:
            assert ids(given.data.payments) == wanted(expected[0])
        assert needed <= proxy.sent_of("/payments/") < 1.05 * needed + 10_000
    with CountingProxy(s3_server.address) as proxy:
        reach = StoreOptions(endpoint_url=proxy.endpoint)
        with open_subject(address, reach, sample_rows=1_000, window=WEEK) as subject:
            assert ids(subject.data.payments) == wanted(expected[0])
        assert needed <= proxy.sent_of("/payments/") < 1.05 * needed + 10_000


@pytest.mark.parametrize("command", ["train", "profile"])
def test_days_without_a_payment(command, whole, tmp_path, capfd) -> None:
    """One line, exit code 2, and a kind that programs know; nothing is written."""
    out = tmp_path / "out"
    assert run([command, str(whole), "--from", "2025-06-01", "--to", "2025-06-08", "--out", str(out), "--json"]) == 2
    said = capfd.readouterr()
    assert len([line for line in said.err.splitlines() if line.startswith("error:")]) == 1
    answer = json.loads(said.out)
    assert (answer["exit_code"], answer["kind"]) == (2, "too_little_data")
    assert "no payment of" in answer["error"]
    assert not [file for file in out.rglob("*") if file.is_file()]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--from", "2025-02-30"], "a day that exists"),
        (["--from", "2025-03-02", "--to", "2025-03-02"], "a day after --from 2025-03-02"),
    ],
)
@pytest.mark.parametrize("command", ["train", "profile", "score"])
def test_days_that_are_none(command, more, said, whole, tmp_path, capfd) -> None:
    """A day that does not exist, or no day at all, is the user's mistake and no lack of data."""
    model = ["--model", str(tmp_path)] if command == "score" else []
    assert run([command, str(whole), *model, *more, "--out", str(tmp_path / "out"), "--json"]) == 2
    answer = json.loads(capfd.readouterr().out)
    assert said in answer["error"]
    assert "kind" not in answer


def test_too_few_days_to_learn_from(whole, tmp_path, capfd) -> None:
    """Few days, or few frauds: the same kind; a wrong option has none."""
    out = str(tmp_path / "out")
    assert run(["train", str(whole), "--from", "2025-03-20", "--out", out, "--json"]) == 2
    assert json.loads(capfd.readouterr().out)["kind"] == "too_little_data"
    with pytest.raises(TooLittleDataError, match="frauds to train on"):
        train(_honest(whole, tmp_path), TrainOptions(out=out))
    with pytest.raises(ConfigError, match="no meaning for --log-only"):
        _raise_of(["train", "--log-only", "--from", "2025-03-01"])


def _honest(whole: Path, tmp_path: Path) -> str:
    """Write the payments without nearly all frauds."""
    rows = pl.read_parquet(str(whole / "payments/**/*.parquet")).sort("event_time")
    rows = rows.filter(~pl.col("is_fraud") | (pl.col("is_fraud").cum_sum() % 100 == 0))
    rows.drop("ip_address").write_parquet(tmp_path / "honest.parquet")
    return str(tmp_path / "honest.parquet")


def _raise_of(arguments: list[str]) -> None:
    """Run a command as `run` does, and let its error through."""
    app.main(arguments, standalone_mode=False)


@pytest.mark.full
def test_models_of_some_days(whole, tmp_path, capfd) -> None:
    """The model knows payments from the first day on; the answer names the days."""
    arguments = ["train", str(whole), "--from", "2025-02-21", "--to", "2025-03-21", "--out", str(tmp_path / "out")]
    assert run([*arguments, "--json", "--quiet"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["start"], answer["end"]) == ("2025-02-21", "2025-03-21")
    facts = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert facts["rows"] == World(CONFIG).payments("2025-02-21", "2025-03-21").height


def test_pages_of_some_days(daily, tmp_path) -> None:
    """The report names the days, and counts their payments alone."""
    pytest.importorskip("data_profiling")
    report = profile(str(daily), str(tmp_path / "pages"), window=WEEK)
    assert (report.start, report.end) == ("2025-02-26", "2025-03-05")
    assert set(report.pages) == {"profile.html", "payments.html"}
    assert report.rows == World(CONFIG).payments(WEEK.start, WEEK.end).height
