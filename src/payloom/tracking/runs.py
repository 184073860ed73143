"""Results from their folder to a tracking server: one run per training, below it one per model."""

from __future__ import annotations

import fcntl
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from payloom.baseline.models import BOOSTING
from payloom.baseline.results import ModelResult
from payloom.errors import ConfigError, ConflictError, Problem, TransientError
from payloom.storage.failures import storage_faults
from payloom.tracking import names
from payloom.tracking.address import SERVER_SCHEMES, make_sure_it_answers, scheme_of, shown, sqlite_file
from payloom.tracking.dataset import dataset_input, short_digest
from payloom.tracking.model_folder import write_model
from payloom.tracking.names import DATASET_DIGEST, KIND, RESULTS_DIGEST, Measured
from payloom.tracking.registry import Compare, Promotion, decide, register_version
from payloom.tracking.results_folder import Results, read_results, slug
from payloom.tracking.session import session
from payloom.version import __version__

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

EXPERIMENT: Final = "payloom"

_PARENT: Final = "mlflow.parentRunId"
_VIEW: Final = "?workflowType=machine_learning"
_EXPERIMENT_TAGS: Final = {"mlflow.experimentKind": "custom_model_development"}
"""That, and the view, have the server's page show what is for training, and not what is for language models."""

_AT_ONCE: Final = 100
"""Parameters that MLflow takes in one request."""

_MODEL_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")
_Item = TypeVar("_Item")


@dataclass(frozen=True, kw_only=True)
class Logged:
    """Where results are on a tracking server.

    Attributes
    ----------
    experiment_id, run_id
        The experiment, and the run of the training.
    model_runs
        The run of each model, by kind.
    is_new
        Whether they were logged just now; they are logged once.
    page
        Address of the training's page on the server; empty for a database.
    promotion
        What became of the version that was registered; None if none was to be.
    """

    experiment_id: str
    run_id: str
    model_runs: dict[str, str]
    is_new: bool
    page: str = ""
    promotion: Promotion | None = None


def log_results(
    folder: Path,
    tracking_uri: str,
    *,
    experiment: str = EXPERIMENT,
    register: str = "",
    compare: Compare | None = None,
    artifact_location: str = "",
) -> Logged:
    """Log a folder of results, and register its best model; what was done before is not done again.

    Parameters
    ----------
    folder
        What `payloom.tracking.results_folder.write_results` wrote.
    tracking_uri
        A server such as ``http://127.0.0.1:5000``, or a database such as ``sqlite:///mlflow.db``.
    experiment
        Where the runs go; made if it isn't there.
    register
        Name to register the best model under; empty for none.
    compare
        Compares the new model with the champion that it is given, on the same test. Without it, the new model can
        only become the first champion.
    artifact_location
        Where the files go when the experiment is made and the address is a database's: a folder or ``s3://…``. Beside
        an SQLite file by default; a server decides by itself.

    Raises
    ------
    ConfigError
        If an address or a name is none.
    ConflictError
        If the same folder is being logged.
    CorruptionError
        If the results are damaged.
    StorageError, TransientError
        If the server refuses, or does not answer; the folder stays, and can be logged later.
    """
    scheme_of(tracking_uri)
    if register and not _MODEL_NAME.fullmatch(register):
        allowed = "a name has letters, digits, spaces and . _ -, at most 100"
        raise ConfigError([Problem("register", register[:120], allowed)])
    results = read_results(folder)
    with _kept(results), _locked(results), session(tracking_uri) as client:
        experiment_id = _experiment(client, experiment, tracking_uri, artifact_location)
        parent = _logged_before(client, experiment_id, results.digest)
        is_new = parent is None
        if parent is None:
            with _ended_well(client, tracking_uri, _start(client, experiment_id, results)) as parent:
                _log_training(client, parent, results)
        children = _children(client, parent)
        promotion = None
        if register:
            promotion = _register(client, tracking_uri, register, results, children, compare)
    by_kind = {run.data.tags[KIND]: run.info.run_id for run in children}
    return Logged(
        experiment_id=experiment_id,
        run_id=parent.info.run_id,
        model_runs={model.kind: by_kind[model.kind] for model in results.evaluation.models},
        is_new=is_new,
        page=_page(tracking_uri, experiment_id, parent.info.run_id),
        promotion=promotion,
    )


def _page(tracking_uri: str, experiment_id: str, run_id: str) -> str:
    if scheme_of(tracking_uri) not in SERVER_SCHEMES:
        return ""
    return f"{shown(tracking_uri).rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}{_VIEW}"


def _register(
    client: MlflowClient, tracking_uri: str, name: str, results: Results, children: list[Run], compare: Compare | None
) -> Promotion:
    best = results.evaluation.models[0].kind
    run = next(run for run in children if run.data.tags[KIND] == best)
    assert run.outputs is not None
    model_id = run.outputs.model_outputs[0].model_id
    version = register_version(client, name, results, best, run.info.run_id, model_id)
    return decide(client, tracking_uri, name, version, compare)


@contextmanager
def _kept(results: Results) -> Iterator[None]:
    """Say where the results are when the server can't be told."""
    try:
        yield
    except TransientError as error:
        hint = f"the results are kept in {results.folder}; log them from there when it answers"
        raise TransientError(error.message, hint=hint) from error


@contextmanager
def _locked(results: Results) -> Iterator[None]:
    """Let one process log a folder at a time: two would log it twice."""
    with storage_faults(f"lock {results.folder}"):
        file = (results.folder / ".lock").open("w")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = f"the results in {results.folder} are being logged by another run"
            raise ConflictError(text, hint="wait for it to end") from None
        yield


def _experiment(client: MlflowClient, name: str, tracking_uri: str, artifact_location: str) -> str:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - takes seconds

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            files = _files_at(tracking_uri, artifact_location)
            return client.create_experiment(name, artifact_location=files, tags=_EXPERIMENT_TAGS)
        except MlflowException as error:
            # Another training made it meanwhile.
            found = client.get_experiment_by_name(name)
            if error.error_code != "RESOURCE_ALREADY_EXISTS" or found is None:
                raise
    if found.lifecycle_stage != "active":
        text = f"the experiment {name} was deleted on the tracking server"
        raise ConflictError(text, hint="restore it there, or name another experiment")
    return str(found.experiment_id)


def _files_at(tracking_uri: str, wanted: str) -> str | None:
    if scheme_of(tracking_uri) in SERVER_SCHEMES:
        return None
    file = sqlite_file(tracking_uri)
    if wanted or file is None:
        if wanted:
            return wanted
        hint = "name a folder or an s3:// address, or run an MLflow server in front of the database"
        raise ConfigError([Problem("artifact-location", "", "a database holds no files")], hint=hint)
    return str(file.absolute().parent / "artifacts")


def _logged_before(client: MlflowClient, experiment_id: str, digest: str) -> Run | None:
    """Return the run of these results if it is whole; what is left of an attempt that died is deleted."""
    whole = None
    for run in client.search_runs([experiment_id], f"tags.`{RESULTS_DIGEST}` = '{digest}'"):
        if _PARENT in run.data.tags:
            continue
        if run.info.status == "FINISHED":
            whole = whole or run
            continue
        for child in _children(client, run):
            for output in child.outputs.model_outputs if child.outputs else []:
                client.delete_logged_model(output.model_id)
            client.delete_run(child.info.run_id)
        client.delete_run(run.info.run_id)
    return whole


def _children(client: MlflowClient, parent: Run) -> list[Run]:
    found = client.search_runs([parent.info.experiment_id], f"tags.`{_PARENT}` = '{parent.info.run_id}'")
    return [client.get_run(run.info.run_id) for run in found]


def _start(client: MlflowClient, experiment_id: str, results: Results) -> Run:
    best = results.evaluation.models[0].kind
    tags = {
        **_tags(results),
        "payloom.best_model": best,
        "mlflow.note.content": names.description(results.evaluation),
        "mlflow.source.name": "payloom train",
        "mlflow.source.type": "LOCAL",
    }
    test_from = results.evaluation.split.test_from
    return client.create_run(experiment_id, run_name=f"training {results.digest[:8]} {test_from:%Y-%m}", tags=tags)


def _tags(results: Results) -> dict[str, str]:
    return {
        RESULTS_DIGEST: results.digest,
        DATASET_DIGEST: results.dataset.digest,
        "payloom.version": __version__,
        "payloom.python": results.environment.python,
    }


@contextmanager
def _ended_well(client: MlflowClient, tracking_uri: str, run: Run) -> Iterator[Run]:
    """End a run as what it was; one that the server does not hear of any more is deleted by the next attempt."""
    try:
        yield run
    except BaseException as error:
        with suppress(Exception):
            make_sure_it_answers(tracking_uri)
            client.set_terminated(run.info.run_id, "FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    client.set_terminated(run.info.run_id, "FINISHED")


def _log_training(client: MlflowClient, parent: Run, results: Results) -> None:
    run_id = parent.info.run_id
    evaluation = results.evaluation
    params = {
        **names.split_params(evaluation.split),
        "features": str(len(evaluation.features)),
        "feature_sets": ", ".join(results.feature_sets),
        "dataset": results.dataset.name,
        "dataset_rows": str(results.dataset.rows),
    }
    _log_params(client, run_id, params)
    client.log_inputs(run_id, datasets=[dataset_input(results.dataset)])
    for name in filter(None, ("evaluation.json", "dataset.json", "environment.json", results.config)):
        client.log_artifact(run_id, str(results.folder / name))
    client.log_text(run_id, "\n".join(results.environment.requirements) + "\n", "requirements.txt")
    client.log_text(run_id, "\n".join(evaluation.features) + "\n", "features.txt")
    for path in results.files.values():
        client.log_artifact(run_id, str(path), "pages")
    for model in evaluation.models:
        _log_model(client, parent, results, model)
    _log_metrics(client, run_id, list(names.headline(evaluation.models[0])))


def _log_model(client: MlflowClient, parent: Run, results: Results, model: ModelResult) -> None:
    from mlflow.entities import LoggedModelOutput  # noqa: PLC0415 - takes seconds
    from mlflow.models import Model  # noqa: PLC0415 - takes seconds

    experiment_id = parent.info.experiment_id
    tags = {**_tags(results), KIND: model.kind}
    params = names.model_params(model)
    run = client.create_run(experiment_id, run_name=model.kind, tags={**tags, _PARENT: parent.info.run_id})
    run_id = run.info.run_id
    _log_params(client, run_id, params)
    client.log_inputs(run_id, datasets=[dataset_input(results.dataset)])
    kept = client.create_logged_model(
        experiment_id, slug(model.kind), source_run_id=run_id, tags=tags, params=params, model_type="classifier"
    )
    client.log_outputs(run_id, [LoggedModelOutput(kept.model_id, 0)])
    about = Model(artifact_path=kept.artifact_location, model_uuid=kept.model_id, run_id=run_id, model_id=kept.model_id)
    with tempfile.TemporaryDirectory(prefix="payloom-model-") as place:
        folder = Path(place) / "model"
        files = results.scorer_folder(model.kind)
        write_model(results.scorer(model.kind), files, folder, about, results.example, results.environment)
        client.log_model_artifacts(kept.model_id, str(folder))
    measured = list(names.model_metrics(model))
    if model.kind == BOOSTING:
        measured += names.ageing_metrics(results.evaluation.ageing)
    _log_metrics(client, run_id, measured, kept.model_id, results)
    client.finalize_logged_model(kept.model_id, "READY")
    client.set_terminated(run_id, "FINISHED")


def _log_params(client: MlflowClient, run_id: str, params: dict[str, str]) -> None:
    from mlflow.entities import Param  # noqa: PLC0415 - takes seconds

    for some in _pieces([Param(name, value) for name, value in params.items()]):
        client.log_batch(run_id, params=some)


def _log_metrics(
    client: MlflowClient, run_id: str, measured: list[Measured], model_id: str = "", results: Results | None = None
) -> None:
    from mlflow.entities import Metric  # noqa: PLC0415 - takes seconds

    now = time.time_ns() // 1_000_000
    told = {"model_id": model_id or None}
    if results is not None:
        told |= {"dataset_name": results.dataset.name, "dataset_digest": short_digest(results.dataset)}
    for some in _pieces([Metric(one.name, one.value, now, one.step, **told) for one in measured]):
        client.log_batch(run_id, metrics=some)


def _pieces(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
