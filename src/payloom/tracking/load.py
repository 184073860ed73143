"""A scorer from a registry, a run or a folder: MLflow fetches its files, payloom reads them; no pickle is opened."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, NoReturn

from payloom.baseline.files import SCORER, read_scorer
from payloom.baseline.models import Scorer
from payloom.errors import ConfigError, CorruptionError, Problem, StorageError
from payloom.tracking.address import shown
from payloom.tracking.model_folder import SCORER_FOLDER
from payloom.tracking.session import session

if TYPE_CHECKING:
    from mlflow import MlflowClient

_REMOTE: Final = re.compile(r"(models|runs):/+[^/].*")
_EXPECTED: Final = "expected models:/NAME@champion, models:/NAME/3, runs:/RUN/NAME, or a folder"
_DESCRIPTION: Final = "MLmodel"
_DESCRIPTION_BYTES_AT_MOST: Final = 4_000_000
_OURS: Final = frozenset(
    {
        _DESCRIPTION, SCORER_FOLDER, "conda.yaml", "constraints.txt", "input_example.json", "model.lgb", "model.skops",
        "python_env.yaml", "registered_model_meta", "requirements.txt", "serving_input_example.json",
    }
)  # fmt: skip
"""What `payloom.tracking.model_folder` writes, and what MLflow adds."""

_LOADERS: Final = frozenset({"mlflow.lightgbm", "mlflow.sklearn"})
_HINT: Final = "nothing of it was run; register a model that payloom trained"


def load_scorer(model: str, tracking_uri: str = "") -> Scorer:
    """Read a model that payloom trained; nothing in its files is run.

    Parameters
    ----------
    model
        ``models:/NAME@ALIAS``, ``models:/NAME/VERSION``, ``runs:/RUN/NAME``, or a folder: a scorer's own, or an MLflow
        model that has one.
    tracking_uri
        Where the registry and the runs are; a folder needs none.

    Raises
    ------
    ConfigError
        If it names no model, or the server's address is none.
    StorageError
        If there is no such model.
    CorruptionError
        If its files are damaged, or hold what could run.
    TransientError
        If the server does not answer.
    """
    if not _REMOTE.fullmatch(model):
        return _of_folder(model)
    if not tracking_uri:
        hint = "pass --tracking-uri, or set MLFLOW_TRACKING_URI"
        raise ConfigError([Problem("model", shown(model)[:120], "needs the address of a tracking server")], hint=hint)
    with session(tracking_uri) as client:
        return fetch_scorer(client, model, tracking_uri)


def fetch_scorer(client: MlflowClient, model: str, tracking_uri: str) -> Scorer:
    """Read a model of an open session; see `load_scorer`."""
    from mlflow.artifacts import download_artifacts, list_artifacts  # noqa: PLC0415 - takes seconds

    place = _place(client, model, tracking_uri)
    names = [PurePosixPath(one.path).name for one in list_artifacts(place, tracking_uri=tracking_uri)]
    _check_names(model, names)
    with tempfile.TemporaryDirectory(prefix="payloom-model-") as folder:
        # Only these are fetched, so that nothing else of the folder ever lies on this machine.
        for name in (_DESCRIPTION, SCORER_FOLDER):
            download_artifacts(
                f"{place.rstrip('/')}/{name}", dst_path=folder, tracking_uri=tracking_uri, registry_uri=tracking_uri
            )
        _check_description(model, Path(folder) / _DESCRIPTION)
        return read_scorer(Path(folder) / SCORER_FOLDER)


def _of_folder(model: str) -> Scorer:
    folder = Path(model.removeprefix("file://"))
    if not folder.is_dir():
        problem = Problem("model", shown(model)[:120], f"names no model and no folder; {_EXPECTED}")
        raise ConfigError([problem])
    if (folder / SCORER).exists():
        return read_scorer(folder)
    _check_names(str(folder), [path.name for path in folder.iterdir()])
    _check_description(str(folder), folder / _DESCRIPTION)
    return read_scorer(folder / SCORER_FOLDER)


def _place(client: MlflowClient, model: str, tracking_uri: str) -> str:
    """Return where the files of a model are, such as ``models:/m-…`` or ``mlflow-artifacts:/…``."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - takes seconds

    try:
        if model.startswith("runs:"):
            return _of_run(client, model)
        name, version = _version(client, model)
        return str(client.get_model_version_download_uri(name, version))
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            text = f"there is no model {shown(model)} at {shown(tracking_uri)}"
            raise StorageError(text, hint="look at the server's page for names, versions and aliases") from error
        raise


def _version(client: MlflowClient, model: str) -> tuple[str, str]:
    told = re.fullmatch(r"models:/+([^/@]+)(?:@([^/@]+)|/([0-9]+))", model)
    if told is None:
        raise ConfigError([Problem("model", shown(model)[:120], _EXPECTED)])
    name, alias, version = told.groups()
    return name, str(client.get_model_version_by_alias(name, alias).version) if alias else version


def _of_run(client: MlflowClient, model: str) -> str:
    run_id, _, name = model.removeprefix("runs:").lstrip("/").partition("/")
    run = client.get_run(run_id)
    for output in run.outputs.model_outputs if run.outputs else []:
        logged = client.get_logged_model(output.model_id)
        if name in {"", logged.name}:
            return str(logged.artifact_location)
    raise StorageError(
        f"run {run_id[:64]} has no model {name[:64]!r}", hint="name a run of one model, not of a training"
    )


def _check_names(model: str, names: list[str]) -> None:
    strangers = sorted(set(names) - _OURS)
    if strangers:
        _refuse(model, f"holds {strangers[0][:60]!r}, which is no part of a model of payloom")
    missing = [name for name in (_DESCRIPTION, SCORER_FOLDER) if name not in names]
    if missing:
        _refuse(model, f"has no {missing[0]}")


def _check_description(model: str, path: Path) -> None:
    """Refuse a description that makes MLflow run something else than its own loaders."""
    import yaml  # noqa: PLC0415 - comes with MLflow

    if path.is_symlink() or not path.is_file() or path.stat().st_size > _DESCRIPTION_BYTES_AT_MOST:
        _refuse(model, f"has no {_DESCRIPTION} that can be read")
    try:
        told: Any = yaml.safe_load(path.read_text("utf-8"))
        flavours: dict[str, dict[str, Any]] = told["flavors"]
        loader = flavours.get("python_function", {}).get("loader_module", "mlflow.sklearn")
        code = [flavour["code"] for flavour in flavours.values() if flavour.get("code")]
        formats = {flavour.get("serialization_format", "skops") for flavour in flavours.values()}
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        _refuse(model, f"has a damaged {_DESCRIPTION}")
    if loader not in _LOADERS or code or formats != {"skops"}:
        _refuse(model, f"wants to run code of its own ({str(loader)[:60]})")


def _refuse(model: str, why: str) -> NoReturn:
    raise CorruptionError(f"the model {shown(model)} {why}", hint=_HINT)
