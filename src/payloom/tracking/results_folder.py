"""What a training leaves on disk: everything that a tracking server is told, before it is told, and enough by itself.

The folder has `evaluation.json`, `dataset.json`, `environment.json`, the config of the world, `example.parquet` (some
rows of features), `scorers/` with one folder per model, and `files/` with pages and plots. `contents.json` lists them
with their digests; it is the last file that is written, and its own digest names the results.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any, Final, TypeVar

import polars as pl
from pydantic import ConfigDict, TypeAdapter, ValidationError

from payloom.baseline.files import read_scorer, write_scorer
from payloom.baseline.models import Scorer
from payloom.baseline.results import Evaluation
from payloom.errors import ConflictError, CorruptionError
from payloom.storage.digests import file_sha256
from payloom.storage.failures import storage_faults
from payloom.version import __version__

CONTENTS: Final = "contents.json"
FORMAT: Final = 1
"""Version of the folder; another one is refused."""

_EVALUATION: Final = "evaluation.json"
_DATASET: Final = "dataset.json"
_ENVIRONMENT: Final = "environment.json"
_EXAMPLE: Final = "example.parquet"
_FILES: Final = "files"
_BESIDE: Final = (".lock", "model-card.html")
"""What logging and the last card add."""
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")
_REQUIREMENTS: Final = ("lightgbm", "numpy", "polars", "scikit-learn", "scipy", "skops")
_HINT: Final = "train again; the results are written anew"

# What could not be measured is NaN, and JSON has no such number. In a tuple, as a dataclass takes no settings.
_AS_JSON: Final = TypeAdapter(tuple[Evaluation], config=ConfigDict(ser_json_inf_nan="strings"))


@dataclass(frozen=True, kw_only=True)
class DatasetFacts:
    """The data set that models learned from; none of its rows.

    Attributes
    ----------
    name
        What people call it.
    digest
        Digest of its manifests, in hex.
    source
        Where it is: a folder or the address of an object store.
    rows
        Number of payments.
    columns
        Type of each column, by name.
    """

    name: str
    digest: str
    source: str
    rows: int
    columns: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the models were trained with.

    Attributes
    ----------
    python
        Version of Python.
    requirements
        Packages with their versions, as pip writes them.
    """

    python: str
    requirements: tuple[str, ...]

    @classmethod
    def here(cls) -> Environment:
        """Return the environment of this process."""
        found = [f"{name}=={metadata.version(name)}" for name in _REQUIREMENTS]
        return cls(python=platform.python_version(), requirements=(f"payloom=={__version__}", *found))


_Facts = TypeVar("_Facts", DatasetFacts, Environment)


@dataclass(frozen=True, kw_only=True)
class Results:
    """A folder of results that was read and found whole.

    Attributes
    ----------
    folder
        Where it is.
    digest
        Names the results: the sha256, in hex, of the list of their files.
    evaluation, dataset, environment
        What was found out, on what, with what.
    feature_sets
        Names of the groups of features.
    config
        Name of the file with the config of the world; empty if there is none.
    kinds
        Kinds of the models whose scorers are there.
    example
        Some rows of features.
    files
        Pages and plots, by name.
    """

    folder: Path
    digest: str
    evaluation: Evaluation
    dataset: DatasetFacts
    environment: Environment
    feature_sets: tuple[str, ...]
    config: str
    kinds: tuple[str, ...]
    example: pl.DataFrame
    files: Mapping[str, Path]

    def scorer_folder(self, kind: str) -> Path:
        """Return the folder of a model's scorer."""
        return self.folder / "scorers" / slug(kind)

    def scorer(self, kind: str) -> Scorer:
        """Read a model's scorer.

        Raises
        ------
        CorruptionError
            If its files are damaged.
        """
        return read_scorer(self.scorer_folder(kind))


def slug(kind: str) -> str:
    """Return the kind of a model as a name for folders and runs."""
    return re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")


def evaluation_json(evaluation: Evaluation) -> str:
    """Return an evaluation as JSON; a number that could not be measured is the text NaN."""
    return (
        _AS_JSON.dump_json((evaluation,), indent=1).decode("utf-8").removeprefix("[").removesuffix("]").strip() + "\n"
    )


def evaluation_of(text: str) -> Evaluation:
    """Read the JSON of an evaluation.

    Raises
    ------
    ValueError
        If it is none.
    """
    return _AS_JSON.validate_json(f"[{text}]")[0]


def write_results(
    folder: Path,
    *,
    evaluation: Evaluation,
    scorers: Mapping[str, Scorer],
    dataset: DatasetFacts,
    example: pl.DataFrame,
    config: str = "",
    config_name: str = "config.toml",
    feature_sets: Sequence[str] = (),
    files: Mapping[str, Path] | None = None,
) -> Results:
    """Write what a training found out; the folder is there as a whole or not at all.

    Parameters
    ----------
    folder
        Where to; earlier results there are replaced.
    evaluation, scorers
        What was found out, and the models by kind.
    dataset
        What they learned from.
    example
        A few rows of features, to show what the models take.
    config, config_name
        The config of the world as text, and the name of its file.
    feature_sets
        Names of the groups of features.
    files
        Pages and plots to keep beside it: name, and file to copy.

    Raises
    ------
    ConflictError
        If something else is there.
    StorageError, TransientError
        If it can't be written.
    """
    folder = folder.absolute()
    _refuse_others(folder)
    with storage_faults(f"write results to {folder}"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=folder.parent, prefix=f".{folder.name}.", ignore_cleanup_errors=True
        ) as at:
            made = Path(at) / "new"
            made.mkdir()
            (made / _EVALUATION).write_text(evaluation_json(evaluation), "utf-8")
            _write_json(made / _DATASET, dataset)
            _write_json(made / _ENVIRONMENT, Environment.here())
            example.write_parquet(made / _EXAMPLE)
            if config:
                (made / _checked(config_name)).write_text(config, "utf-8")
            for kind, scorer in scorers.items():
                write_scorer(scorer, made / "scorers" / slug(kind))
            for name, source in (files or {}).items():
                target = made / _FILES / _checked(name)
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(source, target)
            about = {
                "config": config_name if config else "",
                "feature_sets": list(feature_sets),
                "kinds": list(scorers),
            }
            _write_contents(made, about)
            if folder.exists():
                folder.replace(Path(at) / "old")
            made.replace(folder)
    return read_results(folder)


def _refuse_others(folder: Path) -> None:
    """Refuse to replace a folder that holds more than earlier results: somebody's files would be lost."""
    if not folder.exists():
        return
    ours = {CONTENTS, *_BESIDE}
    try:
        ours |= set(json.loads((folder / CONTENTS).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        ours = set()
    found = [folder] if not folder.is_dir() else (path for path in folder.rglob("*") if not path.is_dir())
    other = next((path for path in found if path.relative_to(folder).as_posix() not in ours), None)
    if other is not None:
        text = f"{folder} holds {other.name}, which is no result of a training"
        raise ConflictError(text, hint="choose another folder, or move it away")


def read_results(folder: Path) -> Results:
    """Read a folder of results and check each of its files against its digest.

    Raises
    ------
    CorruptionError
        If a file is missing or damaged, or there are no results at all.
    """
    folder = folder.absolute()
    try:
        listed = (folder / CONTENTS).read_bytes()
        contents = json.loads(listed)
        if contents["format"] != FORMAT:
            raise _damaged(folder, f"format {contents['format']!r}; this version of payloom reads {FORMAT}")
        for name, sha in contents["files"].items():
            _check(folder, name, sha)
        about = contents["about"]
        return Results(
            folder=folder,
            digest=sha256(listed).hexdigest(),
            evaluation=evaluation_of((folder / _EVALUATION).read_text("utf-8")),
            dataset=_read_json(folder / _DATASET, DatasetFacts),
            environment=_read_json(folder / _ENVIRONMENT, Environment),
            feature_sets=tuple(map(str, about["feature_sets"])),
            config=str(about["config"]),
            kinds=tuple(map(str, about["kinds"])),
            example=pl.read_parquet(folder / _EXAMPLE),
            files={
                name.partition("/")[2]: folder / name for name in contents["files"] if name.startswith(f"{_FILES}/")
            },
        )
    except FileNotFoundError as error:
        name = Path(str(error.filename)).name
        raise CorruptionError(f"{folder} holds no results: {name} is missing", hint=_HINT) from None
    except OSError as error:
        raise _damaged(folder, error.strerror or "it can't be read") from error
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError, pl.exceptions.PolarsError) as error:
        raise _damaged(folder, f"{type(error).__name__}") from error


def _write_contents(folder: Path, about: Mapping[str, Any]) -> None:
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            files[path.relative_to(folder).as_posix()] = file_sha256(file)
    text = json.dumps({"format": FORMAT, "payloom_version": __version__, "about": about, "files": files}, indent=1)
    (folder / CONTENTS).write_text(text + "\n", "utf-8")


def _check(folder: Path, name: str, sha: str) -> None:
    path = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts or path.is_symlink():
        raise _damaged(folder, "a file that lies elsewhere")
    with path.open("rb") as file:
        if file_sha256(file) != sha:
            raise _damaged(folder, f"{name} is not the file that was written")


def _write_json(path: Path, value: DatasetFacts | Environment) -> None:
    path.write_bytes(TypeAdapter(type(value)).dump_json(value, indent=1) + b"\n")


def _read_json(path: Path, kind: type[_Facts]) -> _Facts:
    return TypeAdapter(kind).validate_json(path.read_bytes())


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a file of results")
    return name


def _damaged(folder: Path, why: str) -> CorruptionError:
    return CorruptionError(f"the results in {folder} are damaged: {why}", hint=_HINT)
