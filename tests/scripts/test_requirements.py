"""The pins are complete, consistent, and say nothing of where packages come from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?P<marker>( ;.*)?) \\$")


def pins(path: Path) -> set[tuple[str, str, str]]:
    found = map(PIN.match, path.read_text("utf-8").splitlines())
    return {(match["name"], match["version"], match["marker"]) for match in found if match}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_line_is_a_pin_or_a_hash(path):
    """Each package has one version per environment, and at least one sha256; no option, no URL."""
    hashes = 0
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("    --hash=sha256:"):
            hashes += 1
        elif not line.startswith("#"):
            assert PIN.match(line), line
    assert hashes >= len(pins(path)) > 0


@pytest.mark.parametrize("file", ["core", "realism", "s3", "iceberg", "quality", "profile", "server"])
def test_what_users_install_is_part_of_dev_at_the_same_versions(file):
    """What is tested is what a user runs."""
    part = {(name, version) for name, version, _ in pins(ROOT / f"requirements/{file}.txt")}
    dev = {(name, version) for name, version, _ in pins(ROOT / "requirements/dev.txt")}
    assert part <= dev


@pytest.mark.parametrize(
    ("file", "extra"),
    [
        ("core", None),
        ("dev", "dev"),
        ("realism", "realism"),
        ("s3", "s3"),
        ("iceberg", "iceberg"),
        ("quality", "quality"),
        ("profile", "profile"),
    ],
)
def test_every_declared_dependency_is_pinned(file, extra):
    """A dependency added to pyproject.toml alone would not be installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = project["optional-dependencies"][extra] if extra else project["dependencies"]
    names = {re.split(r"[<>=\[ ]", requirement)[0] for requirement in declared}
    assert names - {"payloom"} <= {name for name, _, _ in pins(ROOT / f"requirements/{file}.txt")}
