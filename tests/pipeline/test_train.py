"""From a data set to models, from models to alerts, with a registry between them."""

from __future__ import annotations

import json
import shutil
import socket
from datetime import date
from pathlib import Path

import polars as pl
import pytest

pytest.importorskip("mlflow")

from payloom import World
from payloom.baseline.models import BOOSTING
from payloom.errors import ConfigError, ConflictError, CorruptionError, TransientError
from payloom.pipeline.score import ALERTS, ScoreOptions, score
from payloom.pipeline.train import CARD, TrainOptions, TrainReport, log, train
from payloom.tracking.results_folder import slug

NAME = "baseline"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small data set with much fraud."""
    folder = tmp_path_factory.mktemp("world") / "data"
    period = {"start": "2025-01-01", "end": "2025-04-11"}
    World({"world": {"rows": 6_000, "fraud_rate": "0.08", "customers": 150, **period}}).generate(folder, workers=1)
    return folder


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name a tracking database that is not there yet."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture(scope="module")
def trained(world: Path, database: str, tmp_path_factory: pytest.TempPathFactory) -> TrainReport:
    """Train once, log and register."""
    out = tmp_path_factory.mktemp("trained") / "training"
    return train(str(world), TrainOptions(out=str(out), tracking_uri=database, register=NAME))


def alerts_in(folder: Path) -> pl.DataFrame:
    files = sorted(folder.glob(f"day=*/{ALERTS}"))
    return pl.concat([pl.read_parquet(file).with_columns(day=pl.lit(file.parent.name)) for file in files])


def test_a_training_ends_with_a_champion_and_a_card(trained: TrainReport) -> None:
    """The first model becomes champion, and the card knows its version."""
    assert trained.logged is not None
    assert trained.logged.promotion is not None
    assert (trained.logged.promotion.version, trained.logged.promotion.champion) == (1, 1)
    assert {model.kind for model in trained.evaluation.models} == set(trained.logged.model_runs)
    page = Path(trained.card).read_text("utf-8")
    assert NAME in page
    assert "champion" in page


@pytest.mark.full
def test_the_same_data_makes_no_new_champion(world: Path, database: str, trained: TrainReport, tmp_path: Path) -> None:
    """A model that is as good as the champion stays challenger: equal is not better."""
    again = train(str(world), TrainOptions(out=str(tmp_path / "again"), tracking_uri=database, register=NAME))
    assert again.logged is not None
    assert again.logged.promotion is not None
    assert not again.logged.promotion.promoted
    assert again.logged.promotion.champion == 1
    assert [m.metrics for m in again.evaluation.models] == [m.metrics for m in trained.evaluation.models]


def test_the_champion_and_the_folder_give_the_same_alerts(
    world: Path, database: str, trained: TrainReport, tmp_path: Path
) -> None:
    """Scores do not depend on where the model was kept; days without an alert have a file too."""
    best = trained.evaluation.models[0].kind
    folder = Path(trained.folder) / "scorers" / slug(best)
    first, end = date(2025, 3, 1), date(2025, 3, 8)
    registered = score(
        str(world),
        ScoreOptions(
            model=f"models:/{NAME}@champion", out=str(tmp_path / "a"), tracking_uri=database, start=first, end=end
        ),
    )
    from_folder = score(str(world), ScoreOptions(model=str(folder), out=str(tmp_path / "b"), start=first, end=end))
    assert registered.kind == from_folder.kind == best
    one, other = alerts_in(tmp_path / "a").drop("model"), alerts_in(tmp_path / "b").drop("model")
    assert one.equals(other)
    assert registered.days == 7 == len(list((tmp_path / "a").glob(f"day=*/{ALERTS}")))
    assert set(one["event_time"].dt.date().cast(pl.String)) <= {f"2025-03-0{day}" for day in range(1, 8)}


def test_a_budget_gives_the_most_suspicious_of_each_day(world: Path, trained: TrainReport, tmp_path: Path) -> None:
    """So many alerts a day, sorted, and no payment left out is more suspicious."""
    folder = Path(trained.folder) / "scorers" / slug(BOOSTING)
    first, end = date(2025, 3, 1), date(2025, 3, 4)
    every = score(
        str(world),
        ScoreOptions(model=str(folder), out=str(tmp_path / "all"), alerts_per_day=100_000, start=first, end=end),
    )
    few = score(
        str(world), ScoreOptions(model=str(folder), out=str(tmp_path / "few"), alerts_per_day=3, start=first, end=end)
    )
    assert (every.alerts, few.alerts) == (every.rows, 9)
    ranked, kept = alerts_in(tmp_path / "all"), alerts_in(tmp_path / "few")
    for day in kept["day"].unique():
        whole, top = (frame.filter(pl.col("day") == day)["probability"] for frame in (ranked, kept))
        assert top.is_sorted(descending=True)
        assert top.to_list() == whole.head(3).to_list()
        assert whole.is_sorted(descending=True)


def test_scoring_twice_writes_the_same_bytes(world: Path, trained: TrainReport, tmp_path: Path) -> None:
    """A rerun replaces a day by itself."""
    folder = Path(trained.folder) / "scorers" / slug(BOOSTING)
    options = ScoreOptions(model=str(folder), out=str(tmp_path / "alerts"), start=date(2025, 4, 10))
    score(str(world), options)
    files = {file: file.read_bytes() for file in (tmp_path / "alerts").rglob("*.parquet")}
    score(str(world), options)
    assert files == {file: file.read_bytes() for file in (tmp_path / "alerts").rglob("*.parquet")}


def nobody() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.full
def test_a_training_without_its_server_keeps_its_results(world: Path, tmp_path: Path) -> None:
    """Models and card are on disk before the server is asked."""
    out = tmp_path / "training"
    with pytest.raises(TransientError):
        train(str(world), TrainOptions(out=str(out), tracking_uri=nobody(), register=NAME))
    assert (out / CARD).exists()
    assert log(TrainOptions(out=str(out), tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")).logged is not None


def test_a_server_that_is_away_loses_nothing(trained: TrainReport, tmp_path: Path) -> None:
    """The error says how to log the results later, and that works, once."""
    out = tmp_path / "training"
    shutil.copytree(trained.folder, out)
    with pytest.raises(TransientError) as caught:
        log(TrainOptions(out=str(out), tracking_uri=nobody(), register=NAME))
    assert caught.value.exit_code == 6
    assert str(out) in caught.value.message
    assert f"--log-only --out {out}" in caught.value.hint
    later = TrainOptions(out=str(out), tracking_uri=f"sqlite:///{tmp_path}/mlflow.db", register=NAME)
    first, second = log(later), log(later)
    assert first.logged is not None
    assert second.logged is not None
    assert (first.logged.is_new, second.logged.is_new) == (True, False)
    assert first.logged.run_id == second.logged.run_id
    assert first.logged.promotion is not None
    assert first.logged.promotion.champion == 1


def test_results_name_their_data(world: Path, trained: TrainReport) -> None:
    """The digest is of the parts, and the world's config lies beside the numbers."""
    facts = json.loads((Path(trained.folder) / "dataset.json").read_text("utf-8"))
    assert facts["rows"] == 6_000
    assert len(facts["digest"]) == 64
    config = json.loads((Path(trained.folder) / "config.json").read_text("utf-8"))
    assert config["world"]["rows"] == 6_000


def test_what_can_not_work_is_said_before_anything_slow(world: Path, tmp_path: Path) -> None:
    """A registry without a server, a folder as address, logging nothing."""
    for options in (
        TrainOptions(out=str(tmp_path / "x"), register=NAME),
        TrainOptions(out=str(tmp_path / "x"), tracking_uri="mlruns"),
        TrainOptions(out=str(tmp_path / "x"), tracking_uri="ftp://somewhere"),
    ):
        with pytest.raises(ConfigError):
            train(str(world), options)
    with pytest.raises(ConfigError):
        log(TrainOptions(out=str(tmp_path / "x")))
    with pytest.raises(CorruptionError):
        log(TrainOptions(out=str(tmp_path / "x"), tracking_uri=f"sqlite:///{tmp_path}/y.db"))
    assert not (tmp_path / "x").exists()


def test_days_without_payments_are_refused(world: Path, trained: TrainReport, tmp_path: Path) -> None:
    """Scoring days that the data does not have is an error in one line."""
    folder = Path(trained.folder) / "scorers" / slug(BOOSTING)
    options = ScoreOptions(model=str(folder), out=str(tmp_path / "alerts"), start=date(2031, 1, 1))
    with pytest.raises(ConfigError, match="no payment"):
        score(str(world), options)


def test_alerts_do_not_go_into_a_data_set(world: Path, trained: TrainReport) -> None:
    """The data set stays what its manifests say."""
    folder = Path(trained.folder) / "scorers" / slug(BOOSTING)
    before = sorted(world.rglob("*"))
    with pytest.raises(ConflictError, match="holds a data set"):
        score(str(world), ScoreOptions(model=str(folder), out=str(world)))
    assert sorted(world.rglob("*")) == before
