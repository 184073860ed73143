"""A scorer goes to files and comes back the same; what was damaged or planted is refused, and nothing of it runs."""

from __future__ import annotations

import io
import json
import os
import pickle
import warnings
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from payloom.baseline.models import BOOSTING, ISOLATION, KINDS, LOGISTIC
from payloom.errors import CorruptionError
from tests.baseline.invented import invented_rows, invented_training

pytest.importorskip("skops")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import skops.io

from payloom.baseline.files import read_scorer, write_scorer


def written(kind: str, folder: Path) -> Path:
    write_scorer(invented_training().scorers[kind], folder)
    return folder


def change(folder: Path, edit: Callable[[dict], object]) -> None:
    """Edit the description."""
    path = folder / "scorer.json"
    described = json.loads(path.read_text())
    edit(described)
    path.write_text(json.dumps(described))


def plant(folder: Path, name: str, content: bytes) -> None:
    """Put in a model file with its true digest, as somebody would who may write both files."""
    (folder / name).write_bytes(content)
    digest = {"file": name, "bytes": len(content), "sha256": sha256(content).hexdigest()}
    change(folder, lambda described: described.update(model=digest))


def refused(folder: Path, match: str) -> None:
    with pytest.raises(CorruptionError, match=match) as caught:
        read_scorer(folder)
    assert caught.value.exit_code == 7
    assert "\n" not in str(caught.value)
    assert caught.value.hint


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.write_text, (self.path, "ran"))


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_the_same_after_files(kind, tmp_path) -> None:
    """Every score, calibration, threshold and setting comes back bit by bit."""
    scorer, rows = invented_training().scorers[kind], invented_rows()
    found = read_scorer(written(kind, tmp_path))
    features = rows.features[rows.test]
    np.testing.assert_array_equal(found.score(features), scorer.score(features))
    assert (found.kind, found.encoding, found.calibration) == (scorer.kind, scorer.encoding, scorer.calibration)
    assert found.thresholds == scorer.thresholds
    assert found.settings == scorer.settings
    model = "model.txt" if kind == BOOSTING else "model.skops"
    assert sorted(path.name for path in tmp_path.iterdir()) == [model, "scorer.json"]


def test_a_folder_can_be_written_again_with_another_kind(tmp_path) -> None:
    """No file of the model before stays behind."""
    written(LOGISTIC, tmp_path)
    assert read_scorer(written(BOOSTING, tmp_path)).kind == BOOSTING
    assert read_scorer(written(ISOLATION, tmp_path)).kind == ISOLATION


def test_the_bomb_would_go_off(tmp_path) -> None:
    """The planted pickle is a live one: unpickling it writes its file."""
    pickle.loads(pickle.dumps(Bomb(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["model.skops", "model.txt"])
def test_a_planted_pickle_does_not_run(name, tmp_path) -> None:
    """A pickle under the model's name is refused, with its true digest too."""
    folder, canary = written(BOOSTING if name == "model.txt" else LOGISTIC, tmp_path / "model"), tmp_path / "ran"
    plant(folder, name, pickle.dumps(Bomb(canary)))
    refused(folder, name)
    assert not canary.exists()


def test_a_pickle_in_the_zip_does_not_run(tmp_path) -> None:
    """Arrays of skops that are pickles inside are not unpickled."""
    folder, canary = written(LOGISTIC, tmp_path / "model"), tmp_path / "ran"
    array = io.BytesIO()
    np.save(array, np.array([Bomb(canary)], dtype=object), allow_pickle=True)
    packed = io.BytesIO()
    with ZipFile(folder / "model.skops") as given, ZipFile(packed, "w") as other:
        for part in given.namelist():
            other.writestr(part, array.getvalue() if part.endswith(".npy") else given.read(part))
    plant(folder, "model.skops", packed.getvalue())
    refused(folder, "can't be read")
    assert not canary.exists()


@pytest.mark.parametrize("planted", ["bomb", "function"])
def test_a_skops_file_with_another_type_is_refused(planted, tmp_path) -> None:
    """A type or a function that no model has is named, and not called."""
    folder, canary = written(LOGISTIC, tmp_path / "model"), tmp_path / "ran"
    model = Bomb(canary) if planted == "bomb" else make_pipeline(FunctionTransformer(os.system), LogisticRegression())
    plant(folder, "model.skops", skops.io.dumps(model))
    refused(folder, r"holds a type that no model of payloom has: (pathlib|posix\.system)")
    assert not canary.exists()


def test_a_model_of_another_kind_is_refused(tmp_path) -> None:
    """Types that are trusted, but not those of this kind: not used."""
    folder = written(LOGISTIC, tmp_path / "logistic")
    plant(folder, "model.skops", (written(ISOLATION, tmp_path / "forest") / "model.skops").read_bytes())
    refused(folder, "is no logistic regression")
    plant(folder, "model.skops", skops.io.dumps([1, 2, 3]))
    refused(folder, "is no model of the")


def test_a_forest_whose_branches_lead_nowhere_is_refused(tmp_path) -> None:
    """Trees index memory: a branch to a node that is not there, or back to its own, is found before it is walked."""
    folder, scorer = written(ISOLATION, tmp_path), invented_training().scorers[ISOLATION]
    model = skops.io.loads(skops.io.dumps(scorer.estimator), trusted=["numpy.dtype", "sklearn.tree._tree.Tree"])
    tree = model[-1].estimators_[3].tree_
    state = tree.__getstate__()
    for field, value in (("left_child", 10**6), ("right_child", 0), ("feature", 500)):
        broken = {**state, "nodes": state["nodes"].copy()}
        broken["nodes"][field][0] = value
        tree.__setstate__(broken)
        plant(folder, "model.skops", skops.io.dumps(model))
        refused(folder, "leads nowhere")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("told", [False, True], ids=["other digest", "true digest"])
def test_a_model_that_is_cut_in_half_is_refused(kind, told, tmp_path) -> None:
    """Half a file is none, whether or not the description was changed to fit."""
    folder = written(kind, tmp_path)
    name = "model.txt" if kind == BOOSTING else "model.skops"
    half = (folder / name).read_bytes()
    half = half[: len(half) // 2]
    if told:
        plant(folder, name, half)
    else:
        (folder / name).write_bytes(half)
    refused(folder, name)


def test_every_flipped_byte_of_a_model_is_noticed(tmp_path) -> None:
    """One bit anywhere in the model file is enough."""
    folder = written(BOOSTING, tmp_path)
    whole = (folder / "model.txt").read_bytes()
    for place in range(0, len(whole), len(whole) // 20):
        (folder / "model.txt").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        refused(folder, "is not the file that scorer.json was written with")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        "[]",
        "null",
        '{"format": 2}',
        '{"format": 1}',
        '{"format": 1, "kind": ["gradient boosting"]}',
        '{"format": 1, "kind": "oracle", "model": {}}',
        '{"format": 1, "calibration": {"raw": [NaN, 1]}}',
    ],
    ids=lambda text: text[:24],
)
def test_a_description_that_is_none_is_refused(text, tmp_path) -> None:
    """Nothing, half, too deep, another format, no kind, NaN: one line each."""
    folder = written(BOOSTING, tmp_path)
    (folder / "scorer.json").write_text(text)
    refused(folder, "scorer.json")


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d["calibration"].update(raw=[1.0, 1.0]),
        lambda d: d["calibration"].update(log_odds=[2.0, 1.0]),
        lambda d: d["calibration"].update(raw=[1.0]),
        lambda d: d["calibration"].update(raw=["1", "2"]),
        lambda d: d["calibration"].update(raw=[10**400, 10**401]),
        lambda d: d["encoding"].update(columns=[]),
        lambda d: d["encoding"].update(columns=["amount_usd", "amount_usd"]),
        lambda d: d["encoding"]["columns"].pop(),
        lambda d: d["encoding"].update(codes={"nowhere": ["a"]}),
        lambda d: d.update(settings={"a": [1]}),
        lambda d: d.update(thresholds={"cost": None}),
        lambda d: d.update(encoding=None),
        lambda d: d.update(model="model.txt"),
        lambda d: d["model"].update(file="../model.txt"),
        lambda d: d.pop("calibration"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(edit, tmp_path) -> None:
    """Knots that don't rise, numbers that are none, columns that the model doesn't have, paths that lead out."""
    folder = written(BOOSTING, tmp_path)
    change(folder, edit)
    refused(folder, r"scorer\.json|model\.txt")


def test_a_description_with_many_bytes_is_not_read(tmp_path, monkeypatch) -> None:
    """What is larger than any description stays on disk."""
    folder = written(BOOSTING, tmp_path)
    monkeypatch.setattr("payloom.baseline.files.SCORER_BYTES_AT_MOST", 1_000)
    refused(folder, "is larger than 1,000 bytes")


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch) -> None:
    """The sizes in the archive count, not those on disk."""
    folder = written(ISOLATION, tmp_path)
    monkeypatch.setattr("payloom.baseline.files.UNPACKED_BYTES_AT_MOST", 100_000)
    refused(folder, "unpacks to more than 100,000 bytes")


def test_strangers_and_links_are_refused(tmp_path) -> None:
    """A folder holds its two files and nothing else; neither is a link."""
    folder = written(BOOSTING, tmp_path / "model")
    (folder / "model.pkl").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    refused(folder, "holds what is no part of a model: 'model.pkl'")
    (folder / "model.pkl").unlink()
    (folder / "model.txt").rename(tmp_path / "model.txt")
    refused(folder, "model.txt is missing")
    (folder / "model.txt").symlink_to(tmp_path / "model.txt")
    refused(folder, "model.txt is missing")
    assert not (tmp_path / "ran").exists()


def test_a_folder_that_is_not_there_is_refused(tmp_path) -> None:
    """The missing file is named."""
    refused(tmp_path / "nowhere", "scorer.json is missing")
