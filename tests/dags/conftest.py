"""Airflow for tests: a home of its own, SQLite, these DAGs, no examples. Airflow's Python runs these tests."""

import importlib.util
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DAGS = ROOT / "dags"
DRIVER = Path(__file__).with_name("drive.py")
HAS_AIRFLOW = importlib.util.find_spec("airflow") is not None
#: Names payloom's executable, which lies in another environment than Airflow.
COMMAND_VARIABLE = "PAYLOOM_TEST_COMMAND"

if HAS_AIRFLOW:
    # Airflow reads these while it is imported.
    HOME = tempfile.TemporaryDirectory(prefix="payloom-airflow-", ignore_cleanup_errors=True)
    for name in [name for name in os.environ if name.startswith(("AIRFLOW", "PAYLOOM_")) and name != COMMAND_VARIABLE]:
        if name not in {"PAYLOOM_FULL", "PAYLOOM_OFFLINE"}:
            del os.environ[name]
    os.environ |= {
        "AIRFLOW_HOME": HOME.name,
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "false",
    }
    sys.path.append(str(DAGS))
    # The S3 server's program lies beside payloom's.
    if COMMAND_VARIABLE in os.environ:
        os.environ["PATH"] += os.pathsep + str(Path(os.environ[COMMAND_VARIABLE]).parent)


@dataclass(frozen=True)
class Airflow:
    """One Airflow installation: its home, with a database that is ready."""

    home: Path
    dags: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Give the environment of a process of this Airflow."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        home = {"AIRFLOW_HOME": str(self.home), "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags)}
        # Backoff of seconds would make tests wait; whether there is a retry is tested, how late is Airflow's business.
        return own | home | {"NO_COLOR": "1"} | more

    def start(self, dag_id: str, logical_dates: Sequence[str], **more: str) -> subprocess.Popen[str]:
        """Start a process that runs a DAG with `dag.test()` for one logical date after the other."""
        return subprocess.Popen(
            [sys.executable, str(DRIVER), str(self.dags), dag_id, *logical_dates],
            env=self.environment(**more),
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def test(self, dag_id: str, logical_dates: Sequence[str], **more: str) -> str:
        """Run a DAG with `dag.test()` for one logical date after the other; give all that was logged."""
        log, _ = self.start(dag_id, logical_dates, **more).communicate(timeout=600)
        return log

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.home / "airflow.db") as database:
            return database.execute(query).fetchall()

    def runs(self) -> dict[str, str]:
        """Give the state of each run by its id."""
        return dict(self._rows("select run_id, state from dag_run"))

    def tasks(self, run_id: str = "") -> dict[str, tuple[str, int]]:
        """Give state and number of tries of each task of a run, or of the only one."""
        found = self._rows("select task_id, state, try_number, run_id from task_instance")
        return {task: (state, tries) for task, state, tries, run in found if run_id in {"", run}}

    def xcoms(self) -> list[tuple[str, str]]:
        """Give task and value, as it is stored, of everything that tasks handed on."""
        return [(task, str(value)) for task, value in self._rows("select task_id, value from xcom")]


@pytest.fixture(scope="session")
def migrated() -> Path:
    """A home whose database has Airflow's tables."""
    environment = os.environ | {"AIRFLOW__CORE__DAGS_FOLDER": str(DAGS)}
    for words in (["db", "migrate"], ["dags", "reserialize"]):
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *words], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return Path(HOME.name)


@pytest.fixture(scope="session")
def new_airflow(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Airflow]:
    """`new_airflow(dags)`: another Airflow, with a database of its own."""

    def make(dags: Path = DAGS) -> Airflow:
        home = tmp_path_factory.mktemp("airflow")
        shutil.copy(migrated / "airflow.db", home)
        return Airflow(home, dags)

    return make


@pytest.fixture(scope="session")
def payloom_command() -> str:
    """payloom's executable."""
    command = os.environ.get(COMMAND_VARIABLE) or shutil.which("payloom")
    if command is None:
        pytest.skip(f"payloom is not on the PATH; {COMMAND_VARIABLE} names it where it is in another environment")
    return command


@pytest.fixture(autouse=True)
def _no_surprises() -> Iterator[None]:
    """Leave the environment as it was."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
