"""A scorer as a folder of plain files, none of which can carry code: JSON, and the model in its library's format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any, Final, NoReturn
from zipfile import BadZipFile, ZipFile

import lightgbm as lgb
import numpy as np
import skops.io
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from payloom.baseline.calibration import Calibration
from payloom.baseline.models import BOOSTING, ISOLATION, KINDS, LOGISTIC, Scorer
from payloom.errors import CorruptionError
from payloom.features.matrix import Encoding
from payloom.version import __version__

SCORER: Final = "scorer.json"
BOOSTER: Final = "model.txt"
PIPELINE: Final = "model.skops"

FORMAT: Final = 1
"""Version of the files; another one is refused."""

SCORER_BYTES_AT_MOST: Final = 16_000_000
MODEL_BYTES_AT_MOST: Final = 256_000_000
UNPACKED_BYTES_AT_MOST: Final = 256_000_000

TRUSTED: Final = ("numpy.dtype", "sklearn.tree._tree.Tree")
"""Types that a model may hold besides those of scikit-learn and NumPy that skops trusts by itself.

A tree is numbers that index memory; `_sound` looks at them before they are used.
"""

ESTIMATORS: Final = {LOGISTIC: LogisticRegression, ISOLATION: IsolationForest}
"""What stands at the end of each pipeline."""

NO_CHILD: Final = -1
"""Of a leaf, in scikit-learn's trees."""

_HINT: Final = "train the model again, or fetch its files again"


def write_scorer(scorer: Scorer, folder: Path) -> None:
    """Write a scorer: `SCORER`, and `BOOSTER` or `PIPELINE`.

    Parameters
    ----------
    folder
        Made if it isn't there; files of these names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if scorer.kind == BOOSTING:
        model, other = folder / BOOSTER, folder / PIPELINE
        model.write_text(scorer.estimator.model_to_string(), encoding="utf-8", newline="\n")
    else:
        model, other = folder / PIPELINE, folder / BOOSTER
        skops.io.dump(scorer.estimator, model)
    other.unlink(missing_ok=True)
    described = {
        "format": FORMAT,
        "payloom_version": __version__,
        "kind": scorer.kind,
        "model": {"file": model.name, "bytes": model.stat().st_size, "sha256": _digest(model)},
        "encoding": {"columns": list(scorer.encoding.columns), "codes": _lists(scorer.encoding.codes)},
        "calibration": {"raw": list(scorer.calibration.raw), "log_odds": list(scorer.calibration.log_odds)},
        "settings": dict(scorer.settings),
        "thresholds": dict(scorer.thresholds),
    }
    text = json.dumps(described, indent=1, allow_nan=False, ensure_ascii=False)
    (folder / SCORER).write_text(text + "\n", encoding="utf-8", newline="\n")


def read_scorer(folder: Path) -> Scorer:
    """Read a scorer that `write_scorer` wrote; nothing in the files is run.

    Raises
    ------
    CorruptionError
        If a file is missing, damaged or not one of a scorer, or holds a type that no model of payloom has.
    """
    described = _described(folder)
    try:
        kind, model = described["kind"], described["model"]
        if kind not in KINDS:
            _refuse(folder / SCORER, f"knows no model of kind {str(kind)[:40]!r}")
        name = BOOSTER if kind == BOOSTING else PIPELINE
        encoding = _encoding(described["encoding"])
        calibration = _calibration(described["calibration"])
        settings, thresholds = _settings(described["settings"]), _thresholds(described["thresholds"])
        _check_files(folder, name, model)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        _refuse(folder / SCORER, f"is not as it was written: {type(error).__name__} at {str(error)[:60]}", error)
    read = _booster if kind == BOOSTING else _pipeline
    estimator: Any = read(folder / name, len(encoding.columns))
    if kind != BOOSTING and type(estimator.steps[-1][1]) is not ESTIMATORS[kind]:
        _refuse(folder / name, f"is no {kind}")
    if kind == ISOLATION and not all(_sound(tree.tree_) for tree in estimator.steps[-1][1].estimators_):
        _refuse(folder / name, "holds a tree that leads nowhere")
    return Scorer(
        kind=kind,
        encoding=encoding,
        estimator=estimator,
        calibration=calibration,
        settings=settings,
        thresholds=thresholds,
    )


def _refuse(path: Path, why: str, cause: Exception | None = None) -> NoReturn:
    line = " ".join(f"{path} {why}".split())
    raise CorruptionError(line, hint=_HINT) from cause


def _described(folder: Path) -> dict[str, Any]:
    path = folder / SCORER
    if not path.is_file() or path.is_symlink():
        _refuse(path, "is missing")
    if path.stat().st_size > SCORER_BYTES_AT_MOST:
        _refuse(path, f"is larger than {SCORER_BYTES_AT_MOST:,} bytes")
    try:
        found = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        _refuse(path, f"is no JSON: {str(error)[:80]}", error)
    if not isinstance(found, dict):
        _refuse(path, "is no description of a model")
    if found.get("format") != FORMAT:
        _refuse(path, f"has format {str(found.get('format'))[:20]}; this version of payloom reads {FORMAT}")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _encoding(given: Mapping[str, Any]) -> Encoding:
    columns, codes = _texts(given["columns"]), {name: _texts(values) for name, values in given["codes"].items()}
    if not columns or len(set(columns)) < len(columns) or not set(codes) <= set(columns):
        raise ValueError("columns")
    if any(len(set(values)) < len(values) for values in codes.values()):
        raise ValueError("codes")
    return Encoding(columns, codes)


def _calibration(given: Mapping[str, Any]) -> Calibration:
    raw, log_odds = _numbers(given["raw"]), _numbers(given["log_odds"])
    rising = all(a < b for knots in (raw, log_odds) for a, b in pairwise(knots))
    if len(raw) != len(log_odds) or len(raw) < 2 or not rising:
        raise ValueError("calibration")
    return Calibration(raw, log_odds)


def _settings(given: Mapping[str, Any]) -> dict[str, float | int | str | bool]:
    if not all(isinstance(value, float | int | str) for value in given.values()):
        raise ValueError("settings")
    return dict(given)


def _thresholds(given: Mapping[str, Any]) -> dict[str, float]:
    return dict(zip(given.keys(), _numbers(list(given.values())), strict=True))


def _texts(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(value, str) for value in given):
        raise ValueError("a list of texts")
    return tuple(given)


def _numbers(given: Any) -> tuple[float, ...]:
    if not isinstance(given, list) or not all(type(value) in {int, float} and isfinite(value) for value in given):
        raise ValueError("a list of numbers")
    return tuple(map(float, given))


def _lists(codes: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: list(values) for name, values in codes.items()}


def _check_files(folder: Path, name: str, model: Mapping[str, Any]) -> None:
    """Refuse what is not there, not the same bytes, or nothing of a scorer."""
    strangers = sorted(path.name for path in folder.iterdir() if path.name not in {SCORER, name})
    if strangers:
        _refuse(folder, f"holds what is no part of a model: {strangers[0][:60]!r}")
    path = folder / name
    if not path.is_file() or path.is_symlink():
        _refuse(path, "is missing")
    size = path.stat().st_size
    given = {"file": name, "bytes": size, "sha256": _digest(path) if size <= MODEL_BYTES_AT_MOST else ""}
    if dict(model) != given:
        _refuse(path, f"is not the file that {SCORER} was written with")


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _booster(path: Path, columns: int) -> lgb.Booster:
    content = path.read_bytes()
    if not content.startswith(b"tree\n") or b"\nend of trees\n" not in content:
        _refuse(path, "is no model of LightGBM")
    try:
        booster = lgb.Booster(model_str=content.decode("utf-8"))
    except (lgb.basic.LightGBMError, ValueError) as error:
        _refuse(path, f"can't be read: {str(error)[:80]}", error)
    if booster.num_feature() != columns:
        _refuse(path, f"takes {booster.num_feature()} features, {SCORER} names {columns}")
    return booster


def _pipeline(path: Path, columns: int) -> Pipeline:
    try:
        with ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED_BYTES_AT_MOST:
                _refuse(path, f"unpacks to more than {UNPACKED_BYTES_AT_MOST:,} bytes")
        strangers = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED))
        if strangers:
            _refuse(path, f"holds a type that no model of payloom has: {strangers[0][:80]}")
        model = skops.io.load(path, trusted=list(TRUSTED))
    except CorruptionError:
        raise
    except BadZipFile as error:
        _refuse(path, "is no file of skops", error)
    except Exception as error:  # noqa: BLE001 - a damaged file can raise anything there
        _refuse(path, f"can't be read: {type(error).__name__}", error)
    if type(model) is not Pipeline or model.n_features_in_ != columns:
        _refuse(path, f"is no model of the {columns} features that {SCORER} names")
    return model


def _sound(tree: Any) -> bool:
    """Whether every branch of a tree leads to a later node, and asks for a feature that there is."""
    if not 0 < tree.node_count <= tree.capacity:
        return False
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    inner = np.flatnonzero(left != NO_CHILD)
    later = all((side[inner] > inner).all() and (side[inner] < tree.node_count).all() for side in (left, right))
    return later and bool((feature[inner] >= 0).all() and (feature[inner] < tree.n_features).all())
