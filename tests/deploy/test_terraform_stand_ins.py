"""Terraform's whole life on servers that answer like AWS, and the startup script of the one-day Airflow."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.terraform_tool import PROVIDER

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


def tools() -> Path:
    """Folder of the stand-ins, or a reason to skip."""
    folder = Path(os.environ.get("PAYLOOM_TERRAFORM_TOOLS", ROOT / ".venv-athena/bin"))
    if not shutil.which(os.environ.get("TERRAFORM", "terraform")):
        pytest.skip("terraform is not on the PATH")
    if not (folder / "ministack").is_file():
        pytest.skip("no stand-ins: make .venv-athena, or name their folder in PAYLOOM_TERRAFORM_TOOLS")
    plugins = os.environ.get("TF_PLUGIN_DIR")
    if plugins and not (Path(plugins) / PROVIDER).is_dir():
        pytest.skip("TF_PLUGIN_DIR has no provider of AWS")
    return folder


@pytest.mark.parametrize("server", ["ministack", "moto"])
def test_everything_is_made_used_and_destroyed(server: str) -> None:
    """Plan, apply, an empty second plan, data counted by Athena's API, Airflow on and off, destroy, nothing left."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/check_terraform.py"), f"--tools={tools()}", f"--only={server}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "No changes. Your infrastructure matches the configuration." in done.stdout
    assert "left on the server: nothing" in done.stdout
    if server == "ministack":
        assert "SELECT COUNT(*) FROM payments: 20000, in s3://fraud-dl-raw-athena/payloom/" in done.stdout
        assert "SELEKT COUNT(*) FROM payments: FAILED" in done.stdout
