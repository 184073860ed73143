"""The rules of deploy/compose.yaml hold, and each of them finds what it is there for."""

from __future__ import annotations

import subprocess

import pytest

from scripts import check_compose
from scripts.check_compose import FILE, problems
from scripts.compose_env import EXAMPLE

TEXT = FILE.read_text("utf-8")
EXAMPLE_TEXT = EXAMPLE.read_text("utf-8")

KEY = "${POSTGRES_PASSWORD:?run make compose-env}"
POSTGRES = "postgres:17.11-bookworm@sha256:639a"
SEAWEEDFS = "chrislusf/seaweedfs:4.48@sha256:"
BASE = "3.13.15-slim-bookworm@sha256:"
S3_INIT = "s3-init: {condition: service_%s}"
#: What is changed in the file, and a part of what must be said of it.
FAULTS = {
    "a port for everybody": ('"127.0.0.1:${S3_PORT:-8333}:8333"', '"${S3_PORT:-8333}:8333"', "s3 publishes a port"),
    "no memory limit": ("    mem_limit: 3584m\n", "", "airflow-scheduler has no mem_limit"),
    "no CPU limit": ("    cpus: 2.0\n    mem_limit: 3584m", "    mem_limit: 3584m", "airflow-scheduler has no cpus"),
    "too much memory": ("mem_limit: 3584m", "mem_limit: 5g", "what runs all the time may take 9.25 GB"),
    "an endless log": ('    options: {max-size: 10m, max-file: "3"}', "    options: {}", "postgres has a log without"),
    "a tag that moves": (POSTGRES, POSTGRES.replace("sha256", "md5"), "postgres has an image without"),
    "no digest": (SEAWEEDFS, SEAWEEDFS.replace("@", "-"), "s3 has an image"),
    "a base without digest": (BASE, BASE.replace("@", "-"), "s3-volume is built on an image"),
    "an unknown image": ("need it.\n  image: payloom-", "need it.\n  image: x-", "mlflow has an image"),
    "an image of others": ("  pull_policy: never\n", "", "mlflow looks for an image elsewhere"),
    "a secret in the file": (KEY, "postgres", "secret of its own: POSTGRES"),
    "a default for a secret": (KEY, "${POSTGRES_PASSWORD:-x}", "may be missing"),
    "a message without help": (KEY, "${POSTGRES_PASSWORD:?}", "the message is ''"),
    "a name nobody draws": ("${POSTGRES_PASSWORD:?run", "${DATABASE_PASSWORD:?run", "DATABASE_PASSWORD: never drawn"),
    "no health check": ("healthcheck:\n      # It asks the database.\n", "x-not:\n", "mlflow has no health check"),
    "no restart": ('    restart: "no"\n    cpus: 2.0', "    cpus: 2.0", "payloom has no restart policy"),
    "no order": ("mlflow: {condition: service_healthy}", "mlflow: {condition: service_started}", "wait for mlflow"),
    "a need that is not there": ("      mlflow: {condition", "      mlflaw: {condition", "depends on mlflaw"),
    "a wait that never ends": (S3_INIT % "completed_successfully", S3_INIT % "healthy", "does not wait for s3-init"),
    "a root file system": ("  read_only: true\n", "", "can write to its root file system"),
    "capabilities": ("  cap_drop: [ALL]\n", "", "keeps capabilities"),
    "new privileges": ('  security_opt: ["no-new-privileges:true"]\n', "", "can gain privileges"),
    "root": ('user: "1000:1000"', 'user: "0:0"', "s3 runs as root"),
    "whatever user": ('    user: "999:999"\n', "", "postgres runs as root"),
    "the host's network": ("network_mode: none", "network_mode: host", "shares a network"),
    "a folder of the host": ("../dags:/opt/dags:ro,z", "../dags:/opt/dags:z", "can write to the host"),
}  # fmt: skip


def test_the_file_has_no_fault():
    """The file that is delivered keeps every rule."""
    assert problems(TEXT, EXAMPLE_TEXT) == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_told(name):
    """A fault in the file is told, with the service or the name that has it."""
    good, bad, said = FAULTS[name]
    assert good in TEXT
    found = problems(TEXT.replace(good, bad), EXAMPLE_TEXT)
    assert any(said in one for one in found), found


def test_an_example_with_a_secret_is_told():
    """The example of settings has every name, and a value for none that must be drawn."""
    filled = EXAMPLE_TEXT.replace("AIRFLOW_JWT_SECRET=\n", "AIRFLOW_JWT_SECRET=secret\n")
    assert problems(TEXT, filled) == ["AIRFLOW_JWT_SECRET: has a value in .env.example"]
    missing = EXAMPLE_TEXT.replace("AIRFLOW_JWT_SECRET=\n", "")
    assert problems(TEXT, missing) == ["AIRFLOW_JWT_SECRET: is missing in .env.example"]


def test_compose_reads_the_file_with_keys_and_refuses_it_without(tmp_path):
    """Compose itself takes the file; a file with an unknown word, or with a default for a key, is told."""
    tool = check_compose.compose()
    if tool is None:
        pytest.skip("there is no Compose on this machine")
    assert list(check_compose.compose_problems(tool[0], FILE, EXAMPLE_TEXT)) == []
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(TEXT.replace("healthcheck:", "healtcheck:").replace(":?run make compose-env}", ":-x}"), "utf-8")
    refused, lax = check_compose.compose_problems(tool[0], wrong, EXAMPLE_TEXT)
    assert "healtcheck" in refused
    assert "does not ask for the keys" in lax


def test_a_missing_compose_is_an_error_with_the_way_out(monkeypatch, capsys):
    """Without any Compose the check fails and says what to install: the rules alone are not the whole check."""
    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert check_compose.main() == 1
    assert "install docker compose or podman-compose" in capsys.readouterr().err


def test_the_dags_and_scripts_that_are_mounted_are_there():
    """Every file that a service mounts from the repository is in git: a missing one would become an empty folder."""
    mounted = {
        line.split(":")[0].strip(" -") for line in TEXT.splitlines() if line.strip().startswith(("- ../", "- ./"))
    }
    assert len(mounted) == 3
    for one in mounted:
        path = (FILE.parent / one).resolve()
        listed = subprocess.run(
            ["git", "ls-files", str(path)], cwd=FILE.parent, capture_output=True, text=True, check=True
        )
        assert listed.stdout.strip(), one
