"""A whole Airflow for a test: API server, scheduler and DAG processor on PostgreSQL, writing to a real S3 server."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

from scripts import airflow_parts
from scripts.airflow_api import Api, is_healthy
from scripts.local_server import free_ports, write_private
from scripts.s3_server import REGION
from tests.servers import postgres
from tests.servers.seaweed import DIE_WITH_PARENT, SeaweedServer

ROOT = Path(__file__).resolve().parents[2]
PAYLOOM = Path(sys.executable).with_name("payloom")
DAY_DAG = "generate_payments"
TRAIN_DAG = "train_baseline"
START_SECONDS = 300
#: The stack ends its tasks in an order of its own, so it is asked before it is killed.
END_WITH_PARENT = DIE_WITH_PARENT.replace("SIGKILL", "SIGTERM")
#: A run, a task: over.
ENDED = frozenset({"success", "failed"})

#: payloom, but the payments of one day come out of `generate` with the first one twice. `{payloom}`, `{day}`.
POISONER = textwrap.dedent(
    """
    import io, os, subprocess, sys

    arguments = sys.argv[1:]
    if arguments[0] != "generate" or {day!r} not in arguments:
        os.execv({payloom!r}, [{payloom!r}, *arguments])
    done = subprocess.run([{payloom!r}, *arguments])
    if done.returncode:
        sys.exit(done.returncode)

    import boto3, pyarrow as pa, pyarrow.parquet as pq

    out = arguments[arguments.index("--out") + 1]
    bucket, _, prefix = out.removeprefix("s3://").partition("/")
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix + "/payments/")["Contents"]
    key = min(entry["Key"] for entry in found)
    rows = pq.read_table(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
    spoilt = io.BytesIO()
    pq.write_table(pa.concat_tables([rows.slice(0, 1), rows]), spoilt, write_page_checksum=True)
    s3.put_object(Bucket=bucket, Key=key, Body=spoilt.getvalue())
    """
)


def missing() -> str:
    """Say what this machine lacks for these tests, if anything."""
    if not airflow_parts.airflow_command().exists():
        return (
            "Airflow is not installed: `make airflow` makes .venv-airflow, or PAYLOOM_AIRFLOW_PYTHON names its Python"
        )
    if postgres.programs() is None:
        return "PostgreSQL is not installed (on Debian: apt install postgresql)"
    return "" if Path("/proc/self/stat").exists() else "processes are found in /proc, which this system lacks"


def poisoner(folder: Path, day: date) -> Path:
    """Write a program that is payloom, except that it spoils the payments of a day."""
    script, program = folder / "poisoner.py", folder / "payloom"
    script.write_text(POISONER.format(payloom=str(PAYLOOM), day=str(day)), "utf-8")
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(script))} "$@"\n', "utf-8")
    program.chmod(0o700)
    return program


@dataclass(frozen=True)
class Stack:
    """An Airflow that runs.

    `home` is its folder, `leader` the process whose session has all the others.
    """

    home: Path
    leader: int
    api: Api

    def wait_for_runs(self, dag: str, is_enough: Callable[[list[dict[str, Any]]], bool], timeout_seconds: float) -> Any:
        """Give the runs of a DAG when they are as they should be."""
        end = time.monotonic() + timeout_seconds
        while not is_enough(runs := self.api.runs(dag)):
            assert time.monotonic() < end, [(one["dag_run_id"], one["state"]) for one in runs]
            time.sleep(1)
        return runs

    def all_logs(self) -> str:
        """Give everything that any part or task has written."""
        files = [*self.home.glob("*.log"), *self.home.glob("log"), *(self.home / "logs").rglob("*.log")]
        return "\n".join(file.read_text("utf-8", "replace") for file in files)


@contextlib.contextmanager
def stack(home: Path, s3: SeaweedServer, database: str, **settings: str) -> Iterator[Stack]:
    """Run a stack with the project's DAGs until the context ends; `settings` are `PAYLOOM_<NAME>`."""
    port = free_ports(["http"])["http"]
    password = os.urandom(12).hex()
    write_private(home / "password.json", json.dumps({airflow_parts.USER: password}))
    connection = {
        "conn_type": "aws",
        "login": s3.access_key,
        "password": s3.secret_key,
        "extra": {"region_name": REGION, "endpoint_url": s3.endpoint},
    }
    environment = (
        {name: text for name, text in airflow_parts.cleaned(os.environ).items() if not name.startswith("PAYLOOM_")}
        | airflow_parts.settings(home, ROOT / "dags", port, database.replace("://", "+psycopg2://"))
        | {f"PAYLOOM_{name.upper()}": text for name, text in settings.items()}
        | {"AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection)}
    )
    begin = datetime.now(UTC)
    command = [airflow_parts.__file__, str(airflow_parts.airflow_command()), str(home), str(port)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", END_WITH_PARENT, str(os.getpid()), sys.executable, *command],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + START_SECONDS
        while not is_healthy(port, begin):
            assert process.poll() is None, (home / "log").read_text("utf-8", "replace")[-2000:]
            assert time.monotonic() < end, (home / "log").read_text("utf-8", "replace")[-2000:]
            time.sleep(0.5)
        yield Stack(home, process.pid, Api(port, airflow_parts.USER, password))
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        airflow_parts.send(airflow_parts.session_members(process.pid), signal.SIGKILL)
        process.wait()


@dataclass
class Killer:
    """Kills, once, the command that has all of some words in its command line, or the task that runs it.

    A context; `killed` names the commands that were hit.
    """

    #: Words, and whether Airflow's process is killed instead of the command.
    targets: list[tuple[tuple[str, ...], bool]]
    killed: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        left = list(self.targets)
        while left and not self._over.wait(0.02):
            for pid, words in _commands():
                for target in [one for one in left if set(one[0]) <= set(words)]:
                    # It is to have begun, and not to have ended: a small upload takes a second.
                    time.sleep(0.3)
                    # Gone already: then the next such command is hit.
                    with contextlib.suppress(OSError):
                        os.kill(_parent(pid) if target[1] else pid, signal.SIGKILL)
                        left.remove(target)
                        self.killed.append(" ".join(words))


def _commands() -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield int(entry.parent.name), entry.read_text("utf-8", "replace").split("\0")


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
