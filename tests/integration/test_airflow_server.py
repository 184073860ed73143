"""`make airflow`: the stack of a newcomer is started once, survives a kill, and is stopped with all that it began."""

import json
import os
import re
import signal
import socket
import stat
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from scripts import airflow_parts, airflow_server, mlflow_server, s3_server
from scripts.airflow_api import Api
from scripts.airflow_server import DAY_DAG, Server
from scripts.local_server import free_ports, is_free
from tests.integration.airflow_stack import missing

pytest.importorskip("mlflow")

pytestmark = [pytest.mark.integration, pytest.mark.skipif(bool(missing()), reason=missing())]


@pytest.fixture
def home(tmp_path: Path):
    """A folder whose servers are stopped at the end."""
    home = tmp_path / "with space" / ".airflow"
    mlflow = home.with_name(".mlflow")
    mlflow.mkdir(parents=True, mode=0o700)
    (mlflow / "port").write_text(str(free_ports(["http"])["http"]), "ascii")
    yield home
    airflow_server.main(["stop"], home)
    mlflow_server.main(["stop"], mlflow)
    s3_server.main(["stop"], home.with_name(".s3"))


def test_life_of_a_stack(home: Path, capsys: pytest.CaptureFixture[str]):
    """A port that is taken, a start, another start, a kill -9 of the first process, a start, a stop: one line each."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = airflow_server.main([*arguments], home)
        return code, *capsys.readouterr()

    few = ("--history-days=2", "--week-days=1")
    with socket.create_server(("127.0.0.1", 0)) as other:
        code, out, err = run("start", f"--port={other.getsockname()[1]}")
    assert (code, out) == (1, "")
    assert re.fullmatch(r"error: port \d+ is taken by another program; choose another: .*\n", err)
    port = free_ports(["http"])["http"]
    code, first, err = run("start", f"--port={port}", *few)
    assert (code, err) == (0, "")
    password = json.loads((home / "password.json").read_text("utf-8"))["admin"]
    assert password in first
    assert f"http://127.0.0.1:{port}" in first
    for name in ("password.json", "airflow.cfg", "first-start.json"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    api = Server(home).api(port)
    runs = wait_for_runs(api)
    assert {date.fromisoformat(one["data_interval_start"][:10]) for one in runs} == {yesterday}
    known = {one["dag_id"]: one["is_paused"] for one in api.request("GET", "dags", limit=100)["dags"]}
    assert known == {"generate_payments": False, "profile_payments": True, "train_baseline": False}

    leader = int((home / "pid").read_text("ascii"))
    code, again, _ = run("start")
    assert (code, again.splitlines()[0]) == (0, f"The local Airflow runs already: http://127.0.0.1:{port}")
    assert password not in again
    assert int((home / "pid").read_text("ascii")) == leader

    os.kill(leader, signal.SIGKILL)
    os.waitpid(leader, 0)
    assert run("status")[0] == 1
    assert airflow_parts.session_members(leader), "the parts outlive the process that started them"
    code, third, _ = run("start", *few)
    assert code == 0
    assert "The local Airflow has started" in third
    assert "Publishing" not in third
    assert password not in third
    assert alive(leader) == []

    leader = int((home / "pid").read_text("ascii"))
    assert "has stopped" in run("stop")[1]
    assert alive(leader) == []
    assert run("stop")[1] == "The local Airflow does not run\n"
    assert is_free(port)
    check_secrets(home, password, first + third)


def check_secrets(home: Path, password: str, printed: str) -> None:
    """Find no secret key in anything that was printed or logged, and no password in a log."""
    secret = s3_server.Server(home.with_name(".s3")).keys().secret_key
    logs = "\n".join(file.read_text("utf-8", "replace") for file in home.rglob("*.log"))
    assert secret not in logs + printed
    assert password not in logs


def wait_for_runs(api: Api) -> list:
    """Runs of the daily DAG, as soon as there is one."""
    end = time.monotonic() + 120
    while not (runs := api.runs(DAY_DAG)):
        assert time.monotonic() < end
        time.sleep(1)
    return runs


def alive(leader: int) -> list[int]:
    """Processes of a stack that live."""
    return [pid for pid in airflow_parts.session_members(leader) if airflow_parts.is_alive(pid)]
