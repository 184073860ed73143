"""Ray takes deploy/ray/cluster.yaml for real: it launches at a stand-in of AWS, and starts by the file's commands."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
TOOLS = Path(os.environ.get("PAYLOOM_TERRAFORM_TOOLS", ROOT / ".venv-athena/bin"))
ALONE = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
CLIENT_SERVER, DASHBOARD = 10001, 8265
SECONDS = 300


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """What ray_machines.py saw, on a head and a worker."""
    if not (TOOLS / "moto_server").is_file():
        pytest.skip("no stand-ins: make .venv-athena, or name their folder in PAYLOOM_TERRAFORM_TOOLS")
    if not all(map(shutil.which, ("unshare", "nsenter", "ip", "ss"))):
        pytest.skip("no unshare, nsenter, ip and ss")
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may make no namespaces")
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "AWS_"))}
    # Ray's sockets have long names of their own; those of a test's folder would be too long.
    with tempfile.TemporaryDirectory(prefix="r") as scratch:
        done = subprocess.run(
            [*ALONE, sys.executable, str(ROOT / "tests/deploy/ray_machines.py"), str(TOOLS), scratch],
            env={**settings, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_ray_launches_the_machines_that_the_file_describes(seen: dict[str, Any]) -> None:
    """The head by `ray up`; a spot worker with rights of its own by the head, because a task waits."""
    shared = {
        "tokens": "required",
        "groups": ["ray"],
        "key": "payloom-ray-eu-central-1",
        "encrypted": True,
        "tags": ["payloom", "ray", "payloom-ray", "payloom-ray"],
    }
    assert seen["machines"] == [
        {"kind": "head", "type": "m7i.large", "spot": False, "profile": "ray-head", **shared},
        {"kind": "worker", "type": "c7i.4xlarge", "spot": True, "profile": "ray-worker", **shared},
    ]


def test_only_who_has_the_token_gets_work_done(seen: dict[str, Any]) -> None:
    """A driver on the head has its task run by the worker; strangers beside it are refused."""
    assert seen["with the token"] == "10.99.0.2"
    assert seen["without a token"] == "refused: AuthenticationError"
    assert seen["without authentication"] == "refused: ConnectionError"
    assert seen["with another token"] == "refused: ConnectionError"


def test_payloom_makes_a_data_set_on_the_cluster(seen: dict[str, Any]) -> None:
    """The command of the page, with fewer rows, from the head, whose worker does the work."""
    assert seen["payloom"].startswith("20,000 payments from 2025-01-01")


def test_the_token_is_in_no_argument_and_no_variable(seen: dict[str, Any]) -> None:
    """Who lists the processes of a machine does not learn it."""
    assert seen["shown"] == []


@pytest.mark.parametrize("machine", ["head", "worker"])
def test_nothing_listens_to_others_but_what_asks_for_the_token(seen: dict[str, Any], machine: str) -> None:
    """GCS, raylets and agents of environments; no dashboard, no client server, no metrics."""
    wanted = {"head": {"gcs_server", "raylet", "ray::RuntimeEnv"}, "worker": {"raylet", "ray::RuntimeEnv"}}
    open_ = [one for one in seen[machine] if not one[0].startswith(("127.", "[::1]", "[::ffff:127."))]
    assert {program for _, _, program in open_} == wanted[machine]
    assert not {port for _, port, _ in open_} & {CLIENT_SERVER, DASHBOARD}


def test_no_port_of_the_head_has_a_page_for_strangers(seen: dict[str, Any]) -> None:
    """What speaks HTTP says 401; the rest speaks gRPC."""
    assert set(seen["pages"].values()) == {401, "gRPC"}
