"""The folder of results: whole or not there, checked when it is read, and enough by itself."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skops")

from payloom.errors import ConflictError, CorruptionError, StorageError
from payloom.tracking.results_folder import CONTENTS, read_results, write_results
from tests.tracking import made


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory):
    """Give results that no test changes."""
    return made.write(tmp_path_factory.mktemp("results") / "a")


def told(value: object) -> str:
    """Give a text of a value in which NaN equals NaN, and one time zone the other."""
    return re.sub(r"datetime\.timezone\.utc|TzInfo\(\w+\)", "UTC", repr(value))


def test_what_was_written_is_read(kept):
    """Evaluation, data set, config, pages, example and scorers come back as they were."""
    assert told(kept.evaluation) == told(made.evaluation())
    assert math.isnan(kept.evaluation.models[0].metrics.savings_share.value)
    assert type(kept.evaluation.models[0].settings["deterministic"]) is bool
    assert kept.dataset == made.dataset()
    assert (kept.folder / kept.config).read_text("utf-8") == made.CONFIG
    assert kept.files["model-card.html"].read_text("utf-8").startswith("<!doctype html>")
    assert kept.example.equals(made.features(5))
    for kind, scorer in made.scorers().items():
        np.testing.assert_array_equal(kept.scorer(kind).score(made.features()), scorer.score(made.features()))
    assert any(line.startswith("lightgbm==") for line in kept.environment.requirements)


def test_its_json_is_json(kept):
    """Readers that are strict about numbers can read the evaluation, though some numbers were not measured."""

    def refuse(text):
        raise AssertionError(text)

    found = json.loads((kept.folder / "evaluation.json").read_text("utf-8"), parse_constant=refuse)
    assert found["models"][0]["metrics"]["savings_share"]["value"] == "NaN"


def test_results_are_replaced_and_other_things_are_not(tmp_path: Path):
    """Results go over earlier ones; a folder or a file with something else is left alone."""
    first = made.write(tmp_path / "a", ap=0.6)
    second = made.write(tmp_path / "a", ap=0.7)
    assert first.digest != second.digest
    assert second.evaluation.models[0].metrics.ap.value == pytest.approx(0.7)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years", "utf-8")
    (tmp_path / "file").write_text("mine", "utf-8")
    for name in ("mine", "file"):
        with pytest.raises(ConflictError, match="no result of a training"):
            made.write(tmp_path / name)
    assert (tmp_path / "mine" / "thesis.txt").read_text("utf-8") == "years"
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".")} == set()


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path):
    """When a page is missing, earlier results stay, and no half folder is left."""
    first = made.write(tmp_path / "a")
    with pytest.raises(StorageError):
        write_results(
            tmp_path / "a",
            evaluation=made.evaluation(0.7),
            scorers=made.scorers(),
            dataset=made.dataset(),
            example=made.features(5),
            files={"card.html": tmp_path / "missing.html"},
        )
    assert read_results(tmp_path / "a").digest == first.digest
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_damage_is_found(tmp_path: Path):
    """A changed byte or a missing file, in any of the files, is one line and exit code 7."""
    results = made.write(tmp_path / "a")
    paths = [path for path in results.folder.rglob("*") if path.is_file()]
    assert len(paths) > 10
    for path in paths:
        before = path.read_bytes()
        changed = before[:-2] + bytes([before[-2] ^ 1]) + before[-1:]
        if path.name == CONTENTS:
            changed = before.replace(b'"format": 1', b'"format": 2')
        path.write_bytes(changed)
        with pytest.raises(CorruptionError) as caught:
            read_results(results.folder)
        assert caught.value.exit_code == 7
        assert "\n" not in str(caught.value)
        path.unlink()
        with pytest.raises(CorruptionError, match=r"missing|no results"):
            read_results(results.folder)
        path.write_bytes(before)
    assert read_results(results.folder).digest == results.digest


def test_somebodys_file_among_results_is_kept(tmp_path: Path):
    """A training replaces results, and nothing that somebody has put beside them."""
    folder = made.write(tmp_path / "a", 0.6).folder
    (folder / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(ConflictError, match=r"notes\.txt"):
        made.write(folder, 0.7)
    assert (folder / "notes.txt").read_text("utf-8") == "mine"
    (folder / "notes.txt").unlink()
    (folder / "model-card.html").write_text("ours", "utf-8")
    made.write(folder, 0.7)


def test_a_list_that_points_elsewhere_is_refused(tmp_path: Path):
    """No file outside the folder is read, whatever the list says."""
    results = made.write(tmp_path / "a")
    secret = tmp_path / "secret"
    secret.write_text("x", "utf-8")
    contents = json.loads((results.folder / CONTENTS).read_text("utf-8"))
    for name in ("../secret", str(secret)):
        contents["files"] = {name: "0" * 64}
        (results.folder / CONTENTS).write_text(json.dumps(contents), "utf-8")
        with pytest.raises(CorruptionError, match="elsewhere"):
            read_results(results.folder)
