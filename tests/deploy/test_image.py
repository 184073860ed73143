"""The images: what can be held to without an engine. `make test-image` holds them to the rest."""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy/docker/Dockerfile").read_text("utf-8")
ALLOWED = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]


def copied() -> list[str]:
    """Files and folders that the Dockerfile takes from the context."""
    flat = DOCKERFILE.replace("\\\n", " ")
    lines = [line.split()[1:-1] for line in flat.splitlines() if line.startswith("COPY ") and "--from" not in line]
    return [name for line in lines for name in line]


def test_what_is_copied_exists_and_is_let_into_the_context() -> None:
    """Every file that the Dockerfile copies is there, and .dockerignore lets it in."""
    names = copied()
    assert len(names) > 5
    assert [name for name in names if not (ROOT / name).exists()] == []
    assert [name for name in names if not any(fnmatch.fnmatch(name, pattern) for pattern in ALLOWED)] == []


def test_bases_are_pinned_by_digest() -> None:
    """Each stage begins with a base that is named and pinned, with another stage, or with nothing."""
    bases = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", DOCKERFILE, re.MULTILINE))
    assert all(re.fullmatch(r"docker\.io/library/python:[\w.-]+@sha256:[0-9a-f]{64}", base) for base in bases.values())
    used = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    assert used == {f"${{{name}}}" for name in bases} | {"scratch"}


def test_everything_is_installed_by_hash_from_wheels() -> None:
    """An installation from outside asks for hashes and wheels, and its pins have hashes."""
    flat = DOCKERFILE.replace("\\\n", " ")
    outside = [line for line in flat.splitlines() if "pip" in line and "install" in line and "-r requirements" in line]
    assert len(outside) == 3
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in outside)
    for name in set(re.findall(r"requirements/(\w+)\.txt", DOCKERFILE)):
        text = (ROOT / f"requirements/{name}.txt").read_text("utf-8")
        assert len(re.findall(r"^[a-z]", text, re.MULTILINE)) <= text.count("--hash=sha256:")


def test_it_does_not_run_as_root() -> None:
    """Both targets name a numeric user that is not root, and the last stage is slim."""
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"] * 2
    assert re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, re.MULTILINE)[-1] == "slim"


@pytest.mark.integration
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize(("name", "resolves"), [("s3", True), ("realism", False)])
def test_alpine_has_wheels_for_the_slim_image_only(name: str, resolves: bool, machine: str, tmp_path: Path) -> None:
    """Every pin of core and s3 has a wheel for musl; those of the models do not, hence two bases."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "install", "--dry-run", "--system-certs", "--target", str(tmp_path),
               "--python-platform", f"{machine}-unknown-linux-musl", "--python-version", "3.13", "--no-deps",
               "--only-binary", ":all:", "--require-hashes", "-r", str(ROOT / f"requirements/{name}.txt")]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode == 0) == resolves, done.stderr
    assert resolves or "no usable wheels" in done.stderr
