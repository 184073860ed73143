"""Run Airflow's parts as one: its database is made, then API server, scheduler and DAG processor run until one ends.

    python scripts/airflow_parts.py AIRFLOW HOME PORT

`AIRFLOW` is the command of that name, `HOME` the folder of everything that Airflow writes. Settings come in the
environment (see `settings`). SIGTERM ends it: tasks that run have some seconds to finish. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
#: Airflow's own environment; PAYLOOM_AIRFLOW_PYTHON names the Python of another one.
PYTHON = ROOT / ".venv-airflow" / "bin" / "python"
USER = "admin"
#: What tasks have to finish when the stack is stopped, then what they have to tidy up.
FINISH_SECONDS = 5.0
TIDY_SECONDS = 4.0
#: A scheduler that was killed leaves tasks as running; these find them within about a minute, not five.
FIND_LOST_TASKS = {
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "10",
}
#: Nothing is sent to anybody, and nothing is shown that this machine does not have.
QUIET = {
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "SCARF_ANALYTICS": "false",
    "DO_NOT_TRACK": "1",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
}


def airflow_command() -> Path:
    """Give where the command of Airflow is, or would be."""
    # The link is not followed: it is the environment's Python that has the command beside it.
    return Path(os.environ.get("PAYLOOM_AIRFLOW_PYTHON") or PYTHON).absolute().with_name("airflow")


def settings(home: Path, dags: Path, port: int, database: str) -> dict[str, str]:
    """Give what Airflow reads from the environment, for everything in `home` and on loopback alone.

    `database` is an address of SQLAlchemy.
    """
    address = f"http://{HOST}:{port}"
    return {
        **QUIET,
        **FIND_LOST_TASKS,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "password.json"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "PYTHONUNBUFFERED": "1",
        "PWD": str(home),
    }


def cleaned(environment: Mapping[str, str]) -> dict[str, str]:
    """Give an environment without the settings that would change what is served, or whose keys are used."""
    foreign = ("AIRFLOW_", "_AIRFLOW_", "AWS_", "MLFLOW_", "PYTHON", "VIRTUAL_ENV")
    kept = {name: value for name, value in environment.items() if not name.startswith(foreign)}
    # Tasks speak to servers of this machine, whatever proxy the user has.
    direct = ",".join(filter(None, [kept.get("NO_PROXY") or kept.get("no_proxy"), HOST]))
    return kept | {"NO_PROXY": direct, "no_proxy": direct}


def session_members(session: int) -> list[int]:
    """Processes of a session, where the system tells them in /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name stands in brackets and may hold anything; state, parent, group and session follow it.
            if int(entry.read_text("utf-8", "replace").rpartition(")")[2].split()[3]) == session:
                found.append(int(entry.parent.name))
    return found


class Parts:
    """The processes of the stack, all in this process's session."""

    def __init__(self, airflow: str, home: Path, port: int) -> None:
        self._commands = {
            "api-server": [airflow, "api-server", "--host", HOST, "--port", str(port)],
            # It would serve logs to every machine; the API server reads the files.
            "scheduler": [airflow, "scheduler", "--skip-serve-logs"],
            "dag-processor": [airflow, "dag-processor"],
        }
        self._airflow = airflow
        self._home = home
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._over = threading.Event()

    def run(self) -> int:
        """Run the parts until one ends or a signal comes; give the exit code."""
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        migrated = subprocess.run([self._airflow, "db", "migrate"], check=False, stdin=subprocess.DEVNULL)
        if migrated.returncode or self._over.is_set():
            print(f"ERROR: the database could not be made (exit code {migrated.returncode})", flush=True)
            return 1
        for name, command in self._commands.items():
            with (self._home / f"{name}.log").open("wb") as log:
                self._running[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        ended = None
        while not self._over.wait(0.2) and ended is None:
            ended = next((name for name, one in self._running.items() if one.poll() is not None), None)
        if ended is not None:
            print(f"ERROR: {ended} ended with {self._running[ended].returncode}; see {ended}.log", flush=True)
        self._stop()
        return 0 if ended is None else 1

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._over.set()

    def _stop(self) -> None:
        """End the scheduler, then tasks that do not finish, then the rest; kill what is left."""
        scheduler = self._running["scheduler"]
        scheduler.terminate()
        if not _ends_within(scheduler, FINISH_SECONDS):
            parts = {os.getpid(), *(one.pid for one in self._running.values())}
            send([pid for pid in session_members(os.getpid()) if pid not in parts], signal.SIGTERM)
            _ends_within(scheduler, TIDY_SECONDS)
        for one in self._running.values():
            one.terminate()
        for one in self._running.values():
            _ends_within(one, 2.0)
        kill([pid for pid in session_members(os.getpid()) if pid != os.getpid()])


def _ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def send(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to processes; one that has ended is fine."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def is_alive(pid: int) -> bool:
    """Whether a process runs; a dead one may wait for a parent that does not ask, but holds nothing any more."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    return text.rpartition(")")[2].split()[:1] not in (["Z"], ["X"])


def kill(pids: list[int], timeout_seconds: float = 5.0) -> None:
    """Kill processes and return when they have ended, so that their ports are free."""
    send(pids, signal.SIGKILL)
    end = time.monotonic() + timeout_seconds
    while any(map(is_alive, pids)) and time.monotonic() < end:
        time.sleep(0.05)


def main(arguments: list[str]) -> int:
    """Run the parts that the arguments name; give the exit code."""
    airflow, home, port = arguments
    return Parts(airflow, Path(home), int(port)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
