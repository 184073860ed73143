"""profile_payments and train_baseline run by Airflow with the real payloom, on days in a real bucket."""

import os
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

pytest.importorskip("airflow")

from tests.dags.conftest import Airflow
from tests.dags.test_generate_payments import Place
from tests.servers.seaweed import SeaweedServer

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

#: A Monday of the world below.
MONDAY = date(2025, 6, 30)
#: A manual run of a day before the DAG's first one gets no tasks from Airflow.
EARLY = {"PAYLOOM_FIRST_DAY": "2025-01-01"}
WORLD = """
[world]
rows = 40_000
start = 2025-03-01
end = 2025-09-01
fraud_rate = 0.03
"""


@pytest.fixture(scope="module")
def place(s3_server: SeaweedServer, payloom_command: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A bucket with six months of payments."""
    config = tmp_path_factory.mktemp("world") / "world.toml"
    config.write_text(WORLD)
    place = Place(s3_server, payloom_command, s3_server.bucket())
    done = subprocess.run(
        [payloom_command, "generate", "--config", str(config), "--out", f"s3://{place.bucket}", "--quiet"],
        env=s3_server.env(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return place


def test_the_week_s_pages_are_in_the_bucket(new_airflow: Callable[[], Airflow], place: Place) -> None:
    """A run on a Monday writes both pages of the seven days before it."""
    airflow = new_airflow()
    log = airflow.test("profile_payments", [f"{MONDAY}T03:00:00+00:00"], **place.settings(**EARLY))
    assert airflow.tasks() == {"profile": ("success", 1)}, log[-5_000:]
    assert "--from 2025-06-23 --to 2025-06-30" in log
    pages = place.objects(f"profiles/week={MONDAY}/")
    assert {Path(key).name for key in pages} == {"profile.html", "payments.html"}


def test_a_model_is_registered_after_a_training(
    new_airflow: Callable[[], Airflow], place: Place, tmp_path: Path
) -> None:
    """The run trains on what was there by its Monday, and the XCom names run and version of the registry."""
    airflow = new_airflow()
    tracking = {"PAYLOOM_MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db", "PAYLOOM_TRAIN_DAYS": "120"}
    log = airflow.test("train_baseline", [f"{MONDAY}T00:00:00+00:00"], **place.settings(**EARLY, **tracking))
    assert airflow.tasks() == {"train": ("success", 1)}, log[-5_000:]
    assert "--from 2025-03-02 --to 2025-06-30" in log
    handed = str(airflow.xcoms())
    assert "logged.run_id" in handed
    assert "payloom-baseline" in handed
    python = str(Path(place.command).parent / "python")
    code = (
        "import sys; from mlflow import MlflowClient; "
        "client = MlflowClient(sys.argv[1], sys.argv[1]); "
        "print(client.get_model_version_by_alias('payloom-baseline', 'champion').version)"
    )
    champion = subprocess.run(
        [python, "-c", code, tracking["PAYLOOM_MLFLOW_TRACKING_URI"]],
        env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert champion.strip() == "1"


def test_too_little_data_is_a_skip_with_its_reason(
    new_airflow: Callable[[], Airflow], place: Place, tmp_path: Path
) -> None:
    """Ten days can't teach a model: the task is skipped, the run is no failure, and the log says why."""
    airflow = new_airflow()
    tracking = {"PAYLOOM_MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db", "PAYLOOM_TRAIN_DAYS": "10"}
    log = airflow.test("train_baseline", [f"{MONDAY}T00:00:00+00:00"], **place.settings(**EARLY, **tracking))
    assert airflow.tasks() == {"train": ("skipped", 1)}, log[-5_000:]
    assert set(airflow.runs().values()) == {"success"}
    assert "too little data: " in log


def test_without_a_server_nothing_is_trained(new_airflow: Callable[[], Airflow], place: Place) -> None:
    """Nobody would see the model: a skip that names the setting."""
    airflow = new_airflow()
    log = airflow.test("train_baseline", [f"{MONDAY}T00:00:00+00:00"], **place.settings(**EARLY))
    assert airflow.tasks() == {"train": ("skipped", 1)}, log[-5_000:]
    assert "PAYLOOM_MLFLOW_TRACKING_URI" in log
