"""The check of a release stops files that are not what git knows, and a tag that is not the version."""

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.check_release import ReleaseError, check, check_contents, export_commit, rows_of, sha256

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Built:
    """What the last commit makes, and what it is made of."""

    wheel: Path
    sdist: Path
    tracked: frozenset[str]
    project: Mapping[str, Any]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Built:
    """Build the last commit, as the release does."""
    work = tmp_path_factory.mktemp("release")
    source = work / "source"
    source.mkdir()
    tracked, epoch = export_commit(source)
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(work / "dist")]
    subprocess.run(command, cwd=source, env=os.environ | {"SOURCE_DATE_EPOCH": epoch}, check=True, capture_output=True)
    wheel, sdist = sorted((work / "dist").iterdir())
    project = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))["project"]
    return Built(wheel, sdist, tracked, project)


def rewritten(wheel: Path, folder: Path, changes: Mapping[str, bytes | None]) -> Path:
    """Copy a wheel with files added, replaced, or left out (None)."""
    target = folder / wheel.name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(target, "w") as new:
        files = {name: old.read(name) for name in old.namelist()} | dict(changes)
        for name, data in files.items():
            if data is not None:
                new.writestr(name, data)
    return target


def metadata(built: Built) -> tuple[str, bytes]:
    name = f"payloom-{built.project['version']}.dist-info/METADATA"
    with zipfile.ZipFile(built.wheel) as wheel:
        return name, wheel.read(name)


def test_what_the_commit_makes_is_good(built):
    """Contents and metadata of wheel and source archive pass."""
    check_contents(built.wheel, built.sdist, built.tracked, built.project)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tests/test_some.py": b""}, "1 too many"),
        ({"payloom/__pycache__/cli.pyc": b""}, "1 too many"),
        ({"payloom/.env": b"KEY=1"}, "1 too many"),
        ({"payloom/py.typed": None}, "1 missing"),
        ({"payloom/reference/data/README.md": None}, "1 missing"),
        ({"payloom/__init__.py": b"key = '" + b"AKIA" + b"Q3EGR7XW2MZ5TKLV" + b"'"}, "something like a key"),
        ({"payloom/__init__.py": os.urandom(6_000_000)}, "bytes, 5,000,000 are allowed"),
    ],
    ids=["tests", "cache", "settings", "no type marker", "no data", "a key", "too large"],
)
def test_a_wheel_with_something_else_in_it_is_stopped(built, tmp_path, changes, said):
    """Whatever git does not know as part of the package, or the package lacks."""
    with pytest.raises(ReleaseError, match=said):
        check_contents(rewritten(built.wheel, tmp_path, changes), built.sdist, built.tracked, built.project)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"\nVersion: ", b"\nVersion: 9"), (b"Requires-Dist: numpy", b"Requires-Dist: other"), (b"Apache-2.0", b"MIT")],
)
def test_metadata_that_is_not_that_of_the_project_is_stopped(built, tmp_path, old, new):
    """Version, dependencies and licence are those of pyproject.toml."""
    name, text = metadata(built)
    assert old in text
    wheel = rewritten(built.wheel, tmp_path, {name: text.replace(old, new, 1)})
    with pytest.raises(ReleaseError, match="metadata"):
        check_contents(wheel, built.sdist, built.tracked, built.project)


def test_links_that_lead_nowhere_are_stopped_once_there_is_an_address(built):
    """Without one in pyproject.toml they cannot be absolute, and are only counted."""
    with pytest.raises(ReleaseError, match="relative"):
        check_contents(built.wheel, built.sdist, built.tracked, {**built.project, "urls": {"Source": "there"}})


def test_a_source_archive_with_an_unknown_file_is_stopped(built, tmp_path):
    """A file that lay in the folder and is not in git does not go out."""
    target, strange = tmp_path / built.sdist.name, tmp_path / "notes.txt"
    strange.write_text("mine", "utf-8")
    with tarfile.open(built.sdist) as old, tarfile.open(target, "w:gz") as new:
        for entry in old:
            new.addfile(entry, old.extractfile(entry))
        new.add(strange, f"payloom-{built.project['version']}/src/payloom/notes.txt")
    with pytest.raises(ReleaseError, match=r"notes\.txt"):
        check_contents(built.wheel, target, built.tracked, built.project)


@pytest.mark.parametrize("tag", ["v9.9.9", "0.1.0", "v0.1.0; id"])
def test_a_tag_that_is_not_the_version_is_stopped_before_anything_is_built(tmp_path, tag):
    """The message says what the tag has to be."""
    out = tmp_path / "dist"
    with pytest.raises(ReleaseError, match="it has to be v"):
        check(tag, out, ROOT / ".venv/bin/payloom", tmp_path)
    assert not out.exists()


def test_data_sets_are_compared_by_the_checksums_of_their_files(tmp_path):
    """Another seed gives other checksums; the same config the same."""
    folders = [tmp_path / name for name in ("one", "same", "other")]
    for folder, seed in zip(folders, (7, 7, 8), strict=True):
        command = [sys.executable, "-c", "from payloom.cli.main import main; main()", "generate"]
        options = ["--rows", "2000", "--seed", str(seed), "--out", str(folder), "--quiet"]
        subprocess.run([*command, *options], check=True, capture_output=True)
    one, same, other = map(rows_of, folders)
    assert one == same != other
    part = next(name for name in one if name.startswith("payments/"))
    assert one[part] == sha256(folders[0] / part)
