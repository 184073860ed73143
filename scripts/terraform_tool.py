"""Terraform, run in a copy of deploy/ that leads to a server on this machine, or in deploy/terraform itself.

Output is kept and shown when a command fails; a summary line of a plan or an apply is handed back.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROVIDER = "registry.terraform.io/hashicorp/aws"
#: Only in the copy, so that what is committed is for AWS alone.
OVERRIDE = """\
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
}
"""
SUMMARY = re.compile(r"^(Plan: .*|No changes\..*|(?:Apply|Destroy) complete! .*)$", re.MULTILINE)
#: What would happen to a resource or an output, and to which of its attributes.
CHANGE = re.compile(r"^  # \S|^\s+[~+-] \S")
CHANGES = 2
NO_STATE = "No state file was found"
LAST_LINES = 25


class TerraformError(Exception):
    """Terraform is missing or has failed; the text has what it said."""


@dataclass(frozen=True)
class Terraform:
    """Terraform in one folder.

    Attributes
    ----------
    folder
        The root module.
    environment
        Of its processes.
    plugins
        Folder with providers, for machines without a registry.
    timeout_seconds
        How long a command may take; None for as long as it wants.
    """

    folder: Path
    environment: Mapping[str, str]
    plugins: Path | None = None
    timeout_seconds: float | None = None

    def init(self) -> str:
        """Fetch providers and modules, and check the configuration."""
        plugins = [f"-plugin-dir={self.plugins}"] if self.plugins else []
        self.run("init", "-input=false", *plugins)
        return self.run("validate").strip().splitlines()[0]

    def plan(self, *options: str) -> tuple[list[str], str]:
        """Plan; give what would change, and the summary."""
        done = self._process("plan", "-input=false", "-detailed-exitcode", *options)
        if done.returncode not in {0, CHANGES}:
            raise _failure("plan", done)
        changes = [line.strip() for line in done.stdout.splitlines() if CHANGE.match(line)]
        # Without a line that is known, a plan with changes is none without.
        return changes or ["something"] * (done.returncode == CHANGES), _summary(done.stdout)

    def apply(self, *options: str) -> str:
        """Apply; give the summary."""
        return _summary(self.run("apply", "-input=false", "-auto-approve", *options))

    def destroy(self, *options: str) -> str:
        """Destroy; give the summary."""
        return _summary(self.run("destroy", "-input=false", "-auto-approve", *options))

    def outputs(self) -> dict[str, Any]:
        """Outputs by name."""
        return {name: item["value"] for name, item in json.loads(self.run("output", "-json")).items()}

    def console(self, expression: str) -> Any:
        """Value of an expression, with the variables as they are set; a text, a number or a truth."""
        done = self._process("console", said=expression)
        if done.returncode:
            raise _failure("console", done)
        return json.loads(done.stdout)

    def resources(self) -> list[str]:
        """Addresses in the state; none without a state.

        Raises
        ------
        TerraformError
            If the state cannot be read: that is not the same as none.
        """
        done = self._process("state", "list")
        if done.returncode and NO_STATE not in done.stderr:
            raise _failure("state list", done)
        return done.stdout.split("\n")[:-1] if done.returncode == 0 else []

    def run(self, command: str, *options: str) -> str:
        """Run a command; give what it printed.

        Raises
        ------
        TerraformError
            If it fails, with the end of what it said.
        """
        done = self._process(command, *options)
        if done.returncode:
            raise _failure(command, done)
        return done.stdout

    def _process(self, command: str, *options: str, said: str = "") -> subprocess.CompletedProcess[str]:
        plain = [] if command in {"console", "fmt", "state"} else ["-no-color"]
        words = [program(), command, *plain, *options]
        # A file of settings that does not exist draws a warning only.
        given = {name: value for name, value in self.environment.items() if name != "TF_CLI_CONFIG_FILE"}
        process = subprocess.Popen(
            words,
            cwd=self.folder,
            env={**given, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            out, err = process.communicate(said, self.timeout_seconds)
        except KeyboardInterrupt:
            # Terraform heard it too, and keeps what it has made in its state; without a reader it could not end well.
            out, err = process.communicate()
            err += "\nit was interrupted"
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += f"\nit had not ended after {self.timeout_seconds:g} s"
        return subprocess.CompletedProcess(words, process.returncode, out, err)


def program() -> str:
    """Path of Terraform.

    Raises
    ------
    TerraformError
        If there is none.
    """
    found = shutil.which(os.environ.get("TERRAFORM", "terraform"))
    if not found:
        raise TerraformError("terraform is not on the PATH; install 1.10 or later, or name it in TERRAFORM=/path")
    return found


def plugin_folder(given: Path | None) -> Path | None:
    """The folder that was given, or TF_PLUGIN_DIR; None means the registry."""
    text = os.environ.get("TF_PLUGIN_DIR")
    folder = given or (Path(text) if text else None)
    if folder and not (folder / PROVIDER).is_dir():
        raise TerraformError(f"{folder} has no {PROVIDER}; give the folder that holds registry.terraform.io/")
    return folder.resolve() if folder else None


def copy_for_stand_in(target: Path) -> Path:
    """Copy what Terraform reads to `target`, with the override; give the root module there."""
    leave = shutil.ignore_patterns("__pycache__", ".terraform*", "*.tfstate*", "*.tfvars*", "backend.tf")
    for name in ("deploy/terraform", "deploy/mwaa", "deploy/ray", "dags", "requirements"):
        shutil.copytree(ROOT / name, target / name, ignore=leave)
    folder = target / "deploy/terraform"
    (folder / "stand_in_override.tf").write_text(OVERRIDE, "utf-8")
    return folder


def settings(values: Mapping[str, Any]) -> list[str]:
    """Options that set variables."""
    return [f"-var={name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in values.items()]


def _summary(said: str) -> str:
    found: Sequence[str] = SUMMARY.findall(said)
    return found[-1].strip() if found else ""


def _failure(command: str, done: subprocess.CompletedProcess[str]) -> TerraformError:
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return TerraformError(f"terraform {command} failed:\n" + "\n".join(lines[-LAST_LINES:]))
