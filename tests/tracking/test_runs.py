"""Results on a tracking server, here a database in a temporary folder: runs, versions, champions, and models back."""

import os
import pickle
import shutil
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("skops")

from payloom.baseline.models import BOOSTING, KINDS, Scorer
from payloom.baseline.train import Difference
from payloom.errors import ConfigError, ConflictError, CorruptionError, StorageError
from payloom.tracking.load import load_scorer
from payloom.tracking.registry import Compare, promote
from payloom.tracking.runs import log_results
from payloom.tracking.session import session
from tests.tracking import made
from tests.tracking.planted import WAYS, Canary, plant
from tests.tracking.quiet import mlflow

BETTER, NOISE = Difference(0.05, 0.01, 0.09), Difference(0.05, -0.01, 0.11)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory):
    """Give a database with one training, registered as `first`; its folder is `a`."""
    folder = tmp_path_factory.mktemp("tracking")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    results = made.write(folder / "a")
    logged = log_results(results.folder, uri, register="first")
    return SimpleNamespace(uri=uri, folder=folder, results=results, logged=logged)


@pytest.fixture
def client(place):
    """Give MLflow's own client of the database."""
    with session(place.uri) as client:
        yield client


def test_one_run_per_training_and_one_per_model(place, client):
    """The training is the parent of a run per model, and all of them ended well."""
    runs = client.search_runs([place.logged.experiment_id], f"tags.`payloom.results_digest` = '{place.results.digest}'")
    children = {run.data.tags["payloom.kind"]: run for run in runs if "mlflow.parentRunId" in run.data.tags}
    assert set(children) == set(KINDS)
    assert {run.data.tags["mlflow.parentRunId"] for run in children.values()} == {place.logged.run_id}
    assert {run.info.status for run in runs} == {"FINISHED"}
    parent = client.get_run(place.logged.run_id)
    assert parent.data.params["gap_days"] == "7"
    assert parent.data.params["feature_sets"] == "amount, counts"
    assert parent.data.tags["payloom.best_model"] == BOOSTING
    assert children[BOOSTING].data.params["learning_rate"] == "0.07"


def test_metrics(place, client):
    """Names, ends of intervals, parts of the data, thresholds; what was not measured is not told."""
    metrics = client.get_run(place.logged.model_runs[BOOSTING]).data.metrics
    for name in ("auc", "ap", "recall_at_1pct", "recall_at_01pct", "card_precision_at_100", "calibration_error"):
        assert metrics[f"test_{name}"] == pytest.approx(0.6)
        assert metrics[f"test_{name}_low"] == pytest.approx(0.55)
        assert metrics[f"test_{name}_high"] == pytest.approx(0.65)
    assert "test_savings_share" not in metrics
    assert metrics["test_auc_by_typology/cnp_stolen"] == pytest.approx(0.9)
    assert metrics["threshold_cost/saved_usd"] == pytest.approx(440)
    assert client.get_run(place.logged.run_id).data.metrics["test_ap"] == pytest.approx(0.6)


def test_ageing_goes_by_month(place, client):
    """The step of an ageing metric is the month; only the model that aged has it."""
    history = client.get_metric_history(place.logged.model_runs[BOOSTING], "ageing/frozen_auc")
    assert [(one.step, one.value) for one in history] == [(1, 0.95), (2, 0.93)]
    other = client.get_run(place.logged.model_runs["isolation forest"]).data.metrics
    assert not any(name.startswith("ageing") for name in other)


def test_the_data_set(place, client):
    """Name, the digest as far as MLflow keeps it, place, columns and rows; the whole digest is a tag."""
    run = client.get_run(place.logged.model_runs[BOOSTING])
    [told] = [one.dataset for one in run.inputs.dataset_inputs]
    assert (told.name, told.digest) == ("default world", made.DIGEST[:36])
    assert '"num_rows": 4000' in told.profile
    assert '"payment_id"' in told.schema
    assert run.data.tags["payloom.dataset_digest"] == made.DIGEST
    source = mlflow.data.get_source(run.inputs.dataset_inputs[0])
    assert source.uri == "s3://fraud-dl-raw/runs/a"


def test_files_of_a_training(place, client):
    """The config, the pages, the evaluation and the environment lie at the training's run."""
    names = {one.path for one in client.list_artifacts(place.logged.run_id)}
    assert {"config.toml", "pages", "evaluation.json", "requirements.txt", "environment.json"} <= names
    assert [one.path for one in client.list_artifacts(place.logged.run_id, "pages")] == ["pages/model-card.html"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_has_no_pickle(place, client, kind):
    """Signature, example, environment, metrics and native files are there, payloom's own beside; no pickle."""
    run = client.get_run(place.logged.model_runs[kind])
    model = client.get_logged_model(run.outputs.model_outputs[0].model_id)
    folder = Path(model.artifact_location)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    native = "model.lgb" if kind == BOOSTING else "model.skops"
    assert {native, "MLmodel", "requirements.txt", "input_example.json", "scorer/scorer.json"} <= names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib"))]
    assert any(one.key == "test_ap" and one.dataset_digest == made.DIGEST[:36] for one in model.metrics)
    told = mlflow.models.Model.load(str(folder))
    assert told.signature.inputs.input_names() == ["amount_usd", "payments_24h", "channel"]
    assert not any(told.signature.inputs.required_input_names())
    assert told.load_input_example(str(folder)).shape == (5, 3)
    frame = made.features()
    again = load_scorer(f"runs:/{place.logged.model_runs[kind]}/{model.name}", place.uri)
    np.testing.assert_array_equal(again.score(frame), made.scorers()[kind].score(frame))


def test_logged_once(place, client):
    """The same folder again makes no run and no version; under a second name it makes one version there."""
    before = len(client.search_runs([place.logged.experiment_id]))
    again = log_results(place.results.folder, place.uri, register="first")
    assert (again.run_id, again.is_new) == (place.logged.run_id, False)
    assert again.model_runs == place.logged.model_runs
    other = log_results(place.results.folder, place.uri, register="second name")
    assert other.promotion is not None
    assert (other.promotion.version, other.promotion.champion) == (1, 1)
    assert len(client.search_model_versions("name='first'")) == 1
    assert len(client.search_runs([place.logged.experiment_id])) == before


def version_of(place, client, name: str, compare=None):
    """Register the model of `place` once more and let it try to become champion."""
    with suppress(mlflow.MlflowException):
        client.create_registered_model(name)
    source = client.get_model_version("first", "1").source
    version = client.create_model_version(name, source=source).version
    return promote(place.uri, name, int(version), compare)


def test_the_challenger_is_the_newest(place, client):
    """A second training is the challenger; without a comparison, the champion stays."""
    version_of(place, client, "newest")
    logged = log_results(made.write(place.folder / "b", 0.7, (BOOSTING,)).folder, place.uri, register="newest")
    assert logged.promotion is not None
    assert (logged.promotion.promoted, logged.promotion.version, logged.promotion.champion) == (False, 2, 1)
    assert client.get_registered_model("newest").aliases == {"challenger": 2, "champion": 1}
    tags = client.get_model_version("newest", "2").tags
    assert (tags["payloom.kind"], tags["payloom.dataset_digest"]) == (BOOSTING, made.DIGEST)


def test_champions(place, client):
    """The first without a contest, then only what is better by more than noise; tags say why."""
    seen = []

    def says(difference: Difference) -> Compare:
        def compare(champion: Scorer) -> Difference:
            seen.append(champion.kind)
            return difference

        return compare

    told = [
        version_of(place, client, "cards", compare)
        for compare in (None, None, says(NOISE), says(Difference(*[float("nan")] * 3)), says(BETTER))
    ]
    assert [one.promoted for one in told] == [True, False, False, False, True]
    assert [one.champion for one in told] == [1, 1, 1, 1, 5]
    assert seen == [BOOSTING] * 3
    assert client.get_registered_model("cards").aliases == {"champion": 5}
    reasons = [client.get_model_version("cards", str(version)).tags["payloom.promotion"] for version in range(1, 6)]
    assert reasons == [one.reason for one in told]
    assert [reason.partition(":")[0] for reason in reasons] == [
        "there was no champion",
        "not compared with version 1",
        "not better than version 1 by more than noise",
        "not better than version 1 by more than noise",
        "better than version 1",
    ]
    late = promote(place.uri, "cards", 3, says(NOISE))
    assert (late.promoted, late.champion) == (False, 5)


def test_a_champion_that_changes_meanwhile(place, client):
    """When another training promotes its model during the comparison, the new champion is compared as well."""
    version_of(place, client, "race")
    version_of(place, client, "race")
    asked = []

    def compare(champion):
        asked.append(champion)
        if len(asked) == 1:
            client.set_registered_model_alias("race", "champion", "2")
            return BETTER
        return NOISE

    promotion = version_of(place, client, "race", compare)
    assert len(asked) == 2
    assert (promotion.promoted, promotion.champion) == (False, 2)
    assert client.get_registered_model("race").aliases["champion"] == 2


def test_a_champion_that_cannot_be_read_stays(place, client, tmp_path):
    """A damaged champion is no reason to promote; the tag says what was wrong."""
    shutil.copytree(load_place(client), tmp_path / "model")
    (tmp_path / "model" / "scorer" / "model.txt").write_text("tree\n", "utf-8")
    client.create_registered_model("damaged")
    client.create_model_version("damaged", source=str(tmp_path / "model"))
    client.set_registered_model_alias("damaged", "champion", "1")
    promotion = version_of(place, client, "damaged", lambda _: BETTER)
    assert (promotion.promoted, promotion.champion) == (False, 1)
    assert "not the file" in promotion.reason


def test_an_attempt_that_died_is_cleared(place, client):
    """What is left of an attempt that was killed is deleted, models included, and the results are logged anew."""
    results = made.write(place.folder / "died", 0.66, (BOOSTING,))
    first = log_results(results.folder, place.uri)
    [model] = client.get_run(first.model_runs[BOOSTING]).outputs.model_outputs
    client.update_run(first.run_id, status="RUNNING")
    second = log_results(results.folder, place.uri)
    assert second.is_new
    found = client.search_runs([first.experiment_id], f"tags.`payloom.results_digest` = '{results.digest}'")
    assert {run.info.run_id for run in found} == {second.run_id, *second.model_runs.values()}
    with pytest.raises(mlflow.MlflowException):
        client.get_logged_model(model.model_id)


def test_a_failure_ends_the_run(place, client, monkeypatch):
    """A failure in the middle is told as ours, and the run ends as failed."""
    results = made.write(place.folder / "full", 0.67, (BOOSTING,))

    def no_space(*_, **__):
        raise OSError(28, "No space left on device", "artifacts/x")

    monkeypatch.setattr(mlflow.MlflowClient, "log_model_artifacts", no_space)
    with pytest.raises(StorageError, match="no space left") as caught:
        log_results(results.folder, place.uri)
    assert "\n" not in str(caught.value)
    found = client.search_runs([place.logged.experiment_id], f"tags.`payloom.results_digest` = '{results.digest}'")
    assert {run.info.status for run in found if "mlflow.parentRunId" not in run.data.tags} == {"FAILED"}


def test_one_at_a_time(place, client):
    """While a folder is being logged, a second attempt is a conflict and not a second run."""
    version_of(place, client, "alone")
    folder = made.write(place.folder / "alone-b", 0.68, (BOOSTING,)).folder

    def compare(_):
        with pytest.raises(ConflictError, match="being logged"):
            log_results(folder, place.uri)
        return NOISE

    assert log_results(folder, place.uri, register="alone", compare=compare).promotion is not None


@pytest.mark.parametrize(
    "model", ["models:/first@nobody", "models:/first/99", "models:/no-such/1", "runs:/0123456789abcdef/x"]
)
def test_no_such_model(place, model):
    """A model, version, alias or run that is not there is one line."""
    with pytest.raises(StorageError) as caught:
        load_scorer(model, place.uri)
    assert "\n" not in str(caught.value)


def test_what_names_no_model(place, tmp_path):
    """No folder, no address, a registry without an address, a name that the registry does not take: exit code 2."""
    for model in (str(tmp_path / "missing"), "models:/", "models:/a/b/c", "nonsense"):
        with pytest.raises(ConfigError):
            load_scorer(model, place.uri)
    with pytest.raises(ConfigError, match="tracking server"):
        load_scorer("models:/first@champion")
    with pytest.raises(ConfigError, match="name has letters"):
        log_results(place.results.folder, place.uri, register="a/b")


def test_from_folders(place, client):
    """A scorer's folder and an MLflow model's folder are read without any server."""
    frame = made.features()
    for folder in (place.results.scorer_folder(BOOSTING), load_place(client)):
        scorer = load_scorer(str(folder))
        np.testing.assert_array_equal(scorer.score(frame), made.scorers()[BOOSTING].score(frame))


def load_place(client) -> Path:
    """Where the registered model's files are."""
    return Path(client.get_model_version_download_uri("first", "1"))


@pytest.mark.parametrize("how", WAYS)
def test_a_planted_pickle_does_not_run(place, client, tmp_path, how):
    """A registered model that wants to run something is refused in one line, from the registry and as a folder."""
    canary = Canary(tmp_path / "canary")
    folder = plant(load_place(client), tmp_path / "model", canary, how)
    name = f"planted-{how}"
    client.create_registered_model(name)
    client.create_model_version(name, source=str(folder))
    client.set_registered_model_alias(name, "champion", "1")
    for model in (f"models:/{name}@champion", f"models:/{name}/1", str(folder)):
        with pytest.raises(CorruptionError) as caught:
            load_scorer(model, place.uri)
        assert caught.value.exit_code == 7
        assert "\n" not in str(caught.value)
    assert not canary.path.exists()
    promotion = version_of(place, client, name, lambda _: BETTER)
    assert (promotion.promoted, promotion.champion) == (False, 1)
    assert not canary.path.exists()
    pickle.loads(pickle.dumps(canary))
    assert canary.path.exists(), "a pickle that is opened has to leave a trace for this test to mean something"


def test_settings_stay_the_users(place, monkeypatch):
    """Neither MLflow's address nor its settings differ after a session, and the user's own hold in it."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    before = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW")}
    address = mlflow.get_tracking_uri()
    with session(place.uri):
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
        assert mlflow.get_tracking_uri() == place.uri
    assert {name: value for name, value in os.environ.items() if name.startswith("MLFLOW")} == before
    assert mlflow.get_tracking_uri() == address
