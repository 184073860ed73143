"""The same rows on every machine: any hash seed, time zone, locale, clock, CPU feature, Python and NumPy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.cell.digest_run import digests
from tests.cell.golden_worlds import GOLDEN
from tests.counts import FULL

ROOT = Path(__file__).resolve().parents[2]
SOURCES = f"{ROOT}{os.pathsep}{ROOT / 'src'}"
GOLDEN_FILE = ROOT / "tests" / "golden" / "digests.json"
SMALL: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({"world": {"rows": 4_000, "end": "2025-04-01", "fraud_rate": "0.05"}}, None, None)
]
WORLDS = list(GOLDEN.values()) if FULL else SMALL


def cpu_features() -> list[str]:
    """Features that this NumPy chooses code by and this machine has; the rest cannot be turned off."""
    numpy_core = import_module("numpy._core._multiarray_umath")
    present = numpy_core.__cpu_features__
    return [name for name in numpy_core.__cpu_dispatch__ if present.get(name)]


def printed_digests(python: str, clock: str = "clock", env: dict[str, str] | None = None) -> list[dict[str, str]]:
    """What another process, in other surroundings, computes."""
    surroundings = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": SOURCES, **(env or {})}
    command = [python, "-m", "tests.cell.digest_run", clock, json.dumps(WORLDS)]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def here() -> list[dict[str, str]]:
    return digests(WORLDS)


SURROUNDINGS = {
    "other seed, zone and locale, clock in 1999": (
        "frozen",
        {"PYTHONHASHSEED": "4242", "TZ": "Asia/Kolkata", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    ),
    "no CPU features": ("clock", {"NPY_DISABLE_CPU_FEATURES": " ".join(cpu_features()), "PYTHONHASHSEED": "0"}),
}
if FULL:
    SURROUNDINGS |= {
        "hash seed 0": ("clock", {"PYTHONHASHSEED": "0"}),
        "hash seed 1": ("clock", {"PYTHONHASHSEED": "1"}),
        "C locale": ("clock", {"LC_ALL": "C"}),
        "Pacific": ("clock", {"TZ": "Pacific/Kiritimati"}),
        "optimised Python": ("clock", {"PYTHONOPTIMIZE": "2"}),
        **{f"without {name}": ("clock", {"NPY_DISABLE_CPU_FEATURES": name}) for name in cpu_features()},
    }


@pytest.mark.parametrize(("clock", "env"), SURROUNDINGS.values(), ids=list(SURROUNDINGS))
def test_surroundings_do_not_matter(here, clock, env) -> None:
    """A process with another hash seed, time zone, locale, clock or CPU makes the same rows."""
    assert printed_digests(sys.executable, clock, env) == here


def test_features_were_really_turned_off() -> None:
    """NumPy has no optional feature left after the variable of the test above."""
    code = (
        "from numpy._core import _multiarray_umath as c;"
        "print([f for f in c.__cpu_dispatch__ if c.__cpu_features__.get(f)])"
    )
    env = {"NPY_DISABLE_CPU_FEATURES": " ".join(cpu_features()), "PATH": os.environ.get("PATH", "")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_digests_hold(name) -> None:
    """Rows are those that were committed (see tests/golden/README.md for how to change them)."""
    golden = json.loads(GOLDEN_FILE.read_text("utf-8"))
    assert digests([GOLDEN[name]])[0] == golden[name]


def test_golden_file_has_the_worlds_that_are_tested() -> None:
    """No digest is left over, and none is missing."""
    assert list(json.loads(GOLDEN_FILE.read_text("utf-8"))) == list(GOLDEN)


def usable_python(version: str) -> str:
    """A Python of that version which can make environments, or a skip that says what is missing."""
    found = shutil.which(f"python{version}")
    if found is None:
        pytest.skip(f"python{version} is not on the PATH")
    probe = subprocess.run([found, "-c", "import ensurepip, venv"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"python{version} is on the PATH but does not run: {probe.stderr.strip().splitlines()[:1]}")
    return found


@pytest.mark.integration
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_other_pythons_make_the_golden_rows(tmp_path, version) -> None:
    """With the pinned packages, whose NumPy differs between Pythons, every supported Python makes the golden rows."""
    python = usable_python(version)
    venv = tmp_path / "venv"
    setup = [python, str(ROOT / "scripts" / "setup_env.py"), "core", "--venv", str(venv)]
    done = subprocess.run(setup, capture_output=True, text=True, check=False)
    if done.returncode and os.environ.get("PAYLOOM_OFFLINE") == "1":
        pytest.skip("PAYLOOM_OFFLINE=1: packages cannot be installed")
    assert done.returncode == 0, (done.stdout + done.stderr).strip()[-300:]
    env = {"PYTHONPATH": SOURCES, "PATH": os.environ.get("PATH", "")}
    command = [str(venv / "bin" / "python"), "-m", "tests.cell.digest_run", "clock", json.dumps(list(GOLDEN.values()))]
    made = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert dict(zip(GOLDEN, json.loads(made.stdout), strict=True)) == json.loads(GOLDEN_FILE.read_text("utf-8"))
