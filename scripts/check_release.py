"""Build what a release would publish, and try it as a user would. Run by `make release-check`.

    python scripts/check_release.py [--tag v0.1.0] [--out dist]        (or RELEASE_TAG=v0.1.0)

The last commit is built, not the working tree: wheel and source archive, each twice, and the wheel once more from the
source archive. Their contents are compared with what git knows. Then the wheel goes into an empty environment with the
pins of requirements/, and the main commands run in a folder outside of this one. Exit code 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from email.parser import Parser
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
ROWS = "100_000"
#: The files were 1.0 and 2.0 MB when this was written; a data set or a cache that slips in is larger.
SIZE_MAX_BYTES = 5_000_000
PAGES = ("profile.html", "payments.html")
#: A page with nothing in it but its scripts is smaller; a whole one has 300 kB and more.
PAGE_MIN_BYTES = 200_000
#: Shapes of keys: AWS, private keys, GitHub, package indexes.
SECRET = re.compile(
    rb"AKIA[A-Z2-7]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{16}"
    rb"|gh[pousr]_[A-Za-z0-9]{36}|pypi-AgEI[A-Za-z0-9_-]{40}"
)
#: What tests use to see that a key is never shown.
MADE_UP_KEYS = frozenset({b"AKIACANARYOFTHISTEST"})
RELATIVE_LINK = re.compile(r"\]\((?!https?://|#|mailto:)[^)\s]+\)")


class ReleaseError(Exception):
    """What is wrong with the release, in one line."""


def say(message: str) -> None:
    """Tell how far it is."""
    print(message, file=sys.stderr, flush=True)


def run(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str]) -> str:
    """Run a command and give what it printed.

    Raises
    ------
    ReleaseError
        When it failed, with the end of what it said.
    """
    name = " ".join(Path(word).name for word in command[:4])
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=dict(env),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except OSError as error:
        raise ReleaseError(f"`{name}` did not start: {error}") from None
    if done.returncode:
        last = " / ".join(done.stdout.strip().splitlines()[-6:])
        raise ReleaseError(f"`{name} …` ended with {done.returncode}: {last[-900:]}")
    return done.stdout


def clean_environment(**more: str) -> dict[str, str]:
    """Give this process's environment without what would lead Python back to this folder, or change payloom."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PAYLOOM_", "MAKE", "AWS_")) and name not in {"VIRTUAL_ENV", "MFLAGS"}
    }
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | more


def git(*arguments: str) -> str:
    """Ask git about this repository."""
    return run(["git", *arguments], ROOT, os.environ)


def export_commit(target: Path) -> tuple[frozenset[str], str]:
    """Lay the files of the last commit into `target`; give their names and the commit's time in seconds."""
    archive = target.with_suffix(".tar")
    git("archive", "--format=tar", "--output", str(archive), "HEAD")
    with tarfile.open(archive) as files:
        files.extractall(target, filter="data")
    archive.unlink()
    names = git("ls-tree", "-r", "-z", "--name-only", "HEAD").split("\0")
    return frozenset(filter(None, names)), git("log", "-1", "--format=%ct").strip()


def build(source: Path, out: Path, kinds: Sequence[str], epoch: str) -> list[Path]:
    """Build files of these kinds, with the pinned build tools of the environment that runs this."""
    options = [f"--{kind}" for kind in kinds]
    command = [sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", str(out), str(source)]
    run(command, source, clean_environment(SOURCE_DATE_EPOCH=epoch))
    return sorted(out.iterdir())


def sha256(path: Path) -> str:
    """Give the checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build_all(work: Path, source: Path, epoch: str) -> tuple[Path, Path]:
    """Build everything twice and the wheel from the source archive too; give wheel and source archive.

    Raises
    ------
    ReleaseError
        When two builds of the same commit differ in one byte.
    """
    wheel, sdist = build(source, work / "first", ["sdist", "wheel"], epoch)
    again = tuple(build(source, work / "second", ["sdist", "wheel"], epoch))
    unpacked = work / "unpacked"
    with tarfile.open(sdist) as files:
        files.extractall(unpacked, filter="data")
    (from_sdist,) = build(next(unpacked.iterdir()), work / "third", ["wheel"], epoch)
    for one, other, how in (
        (wheel, again[0], "built a second time"),
        (sdist, again[1], "built a second time"),
        (wheel, from_sdist, "built from the source archive"),
    ):
        if one.name != other.name:
            raise ReleaseError(f"{one.name} is called {other.name} when it is {how}")
        if sha256(one) != sha256(other):
            raise ReleaseError(f"{one.name} is another file when it is {how}: the build is not reproducible")
    return wheel, sdist


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Give the files of a wheel, or of a source archive without its outer folder, and their contents."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            for name in wheel.namelist():
                yield name, wheel.read(name)
        return
    with tarfile.open(path) as sdist:
        for entry in sdist:
            file = sdist.extractfile(entry)
            if file is None:
                raise ReleaseError(f"{path.name} has something that is no file: {entry.name}")
            yield entry.name.partition("/")[2], file.read()


def same_names(found: frozenset[str], wanted: frozenset[str], what: str) -> None:
    """Raise a ReleaseError when two sets of names differ."""
    strange, missing = sorted(found - wanted), sorted(wanted - found)
    if strange or missing:
        raise ReleaseError(f"{what}: {len(strange)} too many {strange[:3]}, {len(missing)} missing {missing[:3]}")


def check_contents(wheel: Path, sdist: Path, tracked: frozenset[str], project: Mapping[str, Any]) -> None:
    """Compare what is in the files with what git knows.

    Raises
    ------
    ReleaseError
        When a file is missing, too large, unknown to git, or holds something like a key.
    """
    package = frozenset(name.removeprefix("src/") for name in tracked if name.startswith("src/payloom/"))
    info = f"payloom-{project['version']}.dist-info"
    about = frozenset(
        f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
    )
    for path in (wheel, sdist):
        if path.stat().st_size > SIZE_MAX_BYTES:
            raise ReleaseError(f"{path.name} has {path.stat().st_size:,} bytes, {SIZE_MAX_BYTES:,} are allowed")
    contents = {path: dict(members(path)) for path in (wheel, sdist)}
    same_names(frozenset(contents[wheel]), package | about, wheel.name)
    source = frozenset(contents[sdist]) - {"PKG-INFO"}
    same_names(source & tracked, source, f"{sdist.name}, against git")
    needed = {name for name in tracked if name.startswith("src/")} | {"LICENSE", "README.md", "pyproject.toml"}
    same_names(source & needed, frozenset(needed), sdist.name)
    if "payloom/py.typed" not in package:
        raise ReleaseError("src/payloom/py.typed is gone, so nobody's type checker sees the hints")
    for path, files in contents.items():
        keys = [name for name, data in files.items() if set(SECRET.findall(data)) - MADE_UP_KEYS]
        if keys:
            raise ReleaseError(f"{path.name} holds something like a key: {', '.join(keys)}")
    check_metadata(contents[wheel][f"{info}/METADATA"].decode(), project)


def check_metadata(text: str, project: Mapping[str, Any]) -> None:
    """Compare the wheel's metadata with pyproject.toml.

    Raises
    ------
    ReleaseError
        When they differ, or when links of the page on the package index would lead nowhere although they need not.
    """
    found = Parser().parsestr(text)
    wanted = {
        "Name": [project["name"]],
        "Version": [project["version"]],
        "License-Expression": [project["license"]],
        "Provides-Extra": sorted(project["optional-dependencies"]),
    }
    for key, values in wanted.items():
        if sorted(found.get_all(key, [])) != values:
            raise ReleaseError(f"metadata: {key} is {found.get_all(key)}, pyproject.toml says {values}")
    # Those of extras are spelled out by the build, as payloom[s3] is; the tests of `make lock` hold them.
    required = {Requirement(line) for line in found.get_all("Requires-Dist", []) if "extra ==" not in line}
    if required != set(map(Requirement, project["dependencies"])):
        raise ReleaseError(f"metadata: {sorted(map(str, required))} are not the dependencies of pyproject.toml")
    lost = len(RELATIVE_LINK.findall(str(found.get_payload())))
    if lost and project.get("urls"):
        raise ReleaseError(f"metadata: {lost} links of the description are relative, so they lead nowhere on an index")
    if lost:
        say(f"  note: {lost} links and pictures of the description are relative; on an index they lead nowhere")


def make_environment(work: Path, wheel: Path) -> Path:
    """Install the wheel and the pins of the core, nothing else, into a new environment; give its folder."""
    venv = work / "venv"
    run([sys.executable, "-m", "venv", str(venv)], work, clean_environment())
    install(venv, "--require-hashes", "--only-binary", ":all:", "--requirement", str(ROOT / "requirements/core.txt"))
    install(venv, "--no-deps", "--no-index", str(wheel))
    return venv


def install(venv: Path, *arguments: str) -> None:
    """Install into an environment, and ask whether everything in it fits."""
    pip = [str(venv / "bin" / "python"), "-I", "-m", "pip"]
    run([*pip, "install", "--quiet", *arguments], venv, clean_environment())
    run([*pip, "check"], venv, clean_environment())


def rows_of(folder: Path) -> dict[str, str]:
    """Give the checksum of each file of a data set, and the digests of its world and layout, from its manifest."""
    manifest = json.loads((folder / "_payloom/manifests/full.json").read_text("utf-8"))
    files = {part["key"]: part["sha256"] for part in manifest["parts"]}
    return files | {name: manifest[name] for name in ("world_digest", "layout_digest")}


def try_generate(venv: Path, work: Path, version: str, reference: Path) -> None:
    """Make payments with the installed wheel and with this folder's payloom, and compare.

    Raises
    ------
    ReleaseError
        When a command fails, the version is another one, or one file differs.
    """
    outside = work / "outside"
    outside.mkdir()
    python = [str(venv / "bin/python"), "-I", "-c"]
    where = run([*python, "import payloom; print(payloom.__file__)"], outside, clean_environment()).strip()
    if not Path(where).is_relative_to(venv):
        raise ReleaseError(f"payloom was not imported from the new environment but from {where}")
    payloom = venv / "bin/payloom"
    said = run([payloom, "--version"], outside, clean_environment()).split()[-1]
    if said != version:
        raise ReleaseError(f"payloom --version says {said}, pyproject.toml {version}")
    run([payloom, "generate", "--rows", ROWS, "--out", "data", "--quiet"], outside, clean_environment())
    run([payloom, "verify", "data"], outside, clean_environment())
    run([reference, "generate", "--rows", ROWS, "--out", "reference", "--quiet"], work, clean_environment())
    if rows_of(outside / "data") != rows_of(work / "reference"):
        raise ReleaseError("the installed wheel makes other files than payloom of this folder")
    files = len(rows_of(outside / "data")) - 2
    say(f"  {ROWS.replace('_', ',')} payments, {files} files: each with the checksum that this folder's payloom gives")


def try_profile(venv: Path, work: Path) -> None:
    """Add the pins of the profile extra and write the pages.

    Raises
    ------
    ReleaseError
        When a page is missing.
    """
    # Wheels only, except for what its maker publishes as source alone.
    install(venv, "--require-hashes", "--requirement", str(ROOT / "requirements/profile.txt"))
    outside = work / "outside"
    run([venv / "bin/payloom", "profile", "data", "--out", "profiles"], outside, clean_environment())
    for page in PAGES:
        path = outside / "profiles" / page
        if not path.is_file() or path.stat().st_size < PAGE_MIN_BYTES:
            raise ReleaseError(f"payloom profile wrote no {page}, or next to nothing in it")
        say(f"  {page}: {path.stat().st_size:,} bytes")


def check(tag: str | None, out: Path, reference: Path, work: Path) -> None:
    """Do everything, in order; see the module."""
    source = work / "source"
    source.mkdir()
    tracked, epoch = export_commit(source)
    project = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))["project"]
    version = project["version"]
    if tag is not None and tag != f"v{version}":
        raise ReleaseError(f"the tag is {tag}, the version in pyproject.toml {version}: it has to be v{version}")
    dirty = " (changes that are not committed stay out)" if git("status", "--porcelain").strip() else ""
    say(f"Building payloom {version} from commit {git('rev-parse', '--short=12', 'HEAD').strip()}{dirty}")
    wheel, sdist = build_all(work, source, epoch)
    for path in (wheel, sdist):
        say(f"  {path.name}: {path.stat().st_size:,} bytes, sha256 {sha256(path)}")
    say("Comparing contents and metadata")
    check_contents(wheel, sdist, tracked, project)
    run([sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sdist)], work, clean_environment())
    say("Installing the wheel and the pins of the core into an empty environment")
    venv = make_environment(work, wheel)
    try_generate(venv, work, version, reference)
    say("Adding the pins of the profile extra, and writing the pages")
    try_profile(venv, work)
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("payloom-*"):
        old.unlink()
    for path in (wheel, sdist):
        shutil.copy2(path, out)


def main() -> None:
    """Read the arguments, check, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    # From the environment in the release workflow, so that a tag's name is never part of a shell's line.
    tag = os.environ.get("RELEASE_TAG") or None
    parser.add_argument(
        "--tag", default=tag, help="tag of the release (default: RELEASE_TAG); has to fit pyproject.toml"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where wheel and source archive go")
    parser.add_argument("--reference", type=Path, default=ROOT / ".venv/bin/payloom", help="payloom of this folder")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="payloom-release-") as work:
            check(options.tag, options.out.resolve(), options.reference.absolute(), Path(work))
    except ReleaseError as error:
        sys.exit(f"error: {error}")
    shown = os.path.relpath(options.out.resolve())
    print(f"Good to release: wheel and source archive are in {shown} ({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    main()
