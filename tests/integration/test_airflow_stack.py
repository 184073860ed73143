"""The DAGs in a whole Airflow: five days over REST, two kills, a poisoned day, and the training that they trigger."""

import hashlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.counts import count
from tests.integration.airflow_stack import (
    DAY_DAG,
    ENDED,
    PAYLOOM,
    TRAIN_DAG,
    Killer,
    Stack,
    missing,
    poisoner,
    stack,
)
from tests.servers.postgres import postgres
from tests.servers.seaweed import SeaweedServer

pytestmark = [pytest.mark.integration, pytest.mark.skipif(bool(missing()), reason=missing())]

#: Across the end of a month, of a quarter, and of half a year.
FIRST = date(2025, 6, 28)
DAYS = [FIRST + timedelta(days=number) for number in range(5)]
POISONED = DAYS[1]
#: Of this day the command that makes it is killed once, and of the first day that is uploaded, the task that does it.
COMMAND_KILLED = DAYS[0]
#: With months before them the training trains; without, it has too little and says so.
HISTORY_DAYS = count(0, 150)
PREFIX = "team/payments"
TABLES = ("payments", "fraud_labels", "customers", "accounts", "cards", "merchants", "devices", "transfers")
RUNS_SECONDS = 1200
TRAINING_SECONDS = 900


@dataclass(frozen=True)
class Week:
    """What has happened."""

    stack: Stack
    s3: SeaweedServer
    bucket: str
    runs: dict[date, dict[str, Any]]
    tasks: dict[date, dict[str, dict[str, Any]]]
    trainings: list[dict[str, Any]]
    killed: list[str]
    logs: str
    objects: dict[str, bytes]


def payloom(*arguments: str, environment: dict[str, str] | None = None) -> None:
    """Run the command line here, without Airflow."""
    done = subprocess.run([PAYLOOM, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def week(s3_server: SeaweedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    """Backfill the days over REST, do harm meanwhile, wait for the training, and look at everything."""
    home = tmp_path_factory.mktemp("airflow")
    bucket = s3_server.bucket()
    if HISTORY_DAYS:
        history = ("--from", str(FIRST - timedelta(days=HISTORY_DAYS)), "--to", str(FIRST))
        place = ("--out", f"s3://{bucket}/{PREFIX}")
        payloom("generate", "--preset", "airflow", *history, *place, environment=s3_server.env())
    settings = {
        "command": str(poisoner(tmp_path_factory.mktemp("poisoner"), POISONED)),
        "bucket": bucket,
        "prefix": PREFIX,
        # The Sunday among the days is the poisoned one.
        "train_weekday": "",
        "mlflow_tracking_uri": f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db",
        # Nothing is caught up: what there is comes from the backfill.
        "first_day": "2034-01-01",
    }
    harm = Killer([(("generate", str(COMMAND_KILLED)), False), (("publish", f"s3://{bucket}/{PREFIX}"), True)])
    with postgres("airflow") as database, stack(home, s3_server, database, **settings) as running:
        api = running.api
        api.wait_for_dags((DAY_DAG, TRAIN_DAG), 120)
        for dag in (DAY_DAG, TRAIN_DAG):
            api.unpause(dag)
        with harm:
            api.backfill(DAY_DAG, DAYS[0], DAYS[-1])
            runs = running.wait_for_runs(DAY_DAG, are_over, RUNS_SECONDS)
        trainings = running.wait_for_runs(TRAIN_DAG, has_ended, TRAINING_SECONDS)
        by_day = {date.fromisoformat(run["data_interval_start"][:10]): run for run in runs}
        found = s3_server.keys_and_etags(bucket)
        client = s3_server.client()
        yield Week(
            stack=running,
            s3=s3_server,
            bucket=bucket,
            runs=by_day,
            tasks={day: api.tasks(DAY_DAG, run["dag_run_id"]) for day, run in by_day.items()},
            trainings=trainings,
            killed=harm.killed,
            logs=running.all_logs(),
            objects={key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in found},
        )


def are_over(runs: list[dict[str, Any]]) -> bool:
    """Whether all runs of the backfill have ended."""
    return len(runs) == len(DAYS) and all(run["state"] in ENDED for run in runs)


def has_ended(runs: list[dict[str, Any]]) -> bool:
    """Whether one run has ended."""
    return any(run["state"] in ENDED for run in runs)


def states(week: Week, day: date) -> dict[str, str]:
    """State of each task of a day."""
    return {name: task["state"] for name, task in week.tasks[day].items()}


def test_each_day_is_the_data_interval_of_its_run(week: Week):
    """Five runs came of one request, one for each day, and all but the poisoned one are green."""
    assert sorted(week.runs) == DAYS
    for day, run in week.runs.items():
        assert run["run_type"] == "backfill"
        assert run["data_interval_end"][:10] == str(day + timedelta(days=1))
        assert run["state"] == ("failed" if day == POISONED else "success")
    for day in set(DAYS) - {POISONED}:
        assert states(week, day) == dict.fromkeys(states(week, day), "success") | {"register_partition": "skipped"}


def test_killed_tasks_are_tried_again(week: Week):
    """SIGKILL to payloom and SIGKILL to Airflow's task: each is tried a second time, and nothing else is."""
    assert len(week.killed) == 2, week.killed
    tries = {(day, name): task["try_number"] for day in DAYS for name, task in week.tasks[day].items()}
    again = {key for key, number in tries.items() if number > 1}
    assert (COMMAND_KILLED, "generate") in again
    assert [name for _, name in again if name != "generate"] == ["upload_to_s3"]
    assert len(again) == 2
    assert {tries[key] for key in again} == {2}


def test_a_poisoned_day_is_not_uploaded(week: Week):
    """The gate fails that day without a retry and names its report, which is there; later days go on."""
    found = states(week, POISONED)
    assert (found["generate"], found["validate"]) == ("success", "failed")
    assert {found[name] for name in ("upload_to_s3", "register_partition", "clear_staging")} == {"upstream_failed"}
    assert week.tasks[POISONED]["validate"]["try_number"] == 1
    log = week.stack.api.log(DAY_DAG, week.runs[POISONED]["dag_run_id"], "validate", 1)
    report = f"s3://{week.bucket}/{PREFIX}/reports/day={POISONED}"
    assert "payments.transaction_id.unique" in log
    assert report in log
    assert any(f"s3://{week.bucket}/{key}".startswith(f"{report}/") and key.endswith(".html") for key in week.objects)
    assert not [key for key in data(week) if "_payloom" in key and str(POISONED) in key]


def data(week: Week) -> dict[str, bytes]:
    """Objects of the data set by their keys below its prefix, without what was staged and reported."""
    below = {key.removeprefix(f"{PREFIX}/"): body for key, body in week.objects.items()}
    return {key: body for key, body in below.items() if key.split("/")[0] not in {"_staging", "reports"}}


def test_the_objects_are_those_of_a_direct_run(week: Week, tmp_path: Path):
    """Every part has the bytes that payloom writes without Airflow, and there is no other object."""
    history = ["--from", str(FIRST - timedelta(days=HISTORY_DAYS)), "--to", str(FIRST)]
    units = [["--day", str(day)] for day in DAYS if day != POISONED] + ([history] if HISTORY_DAYS else [])
    for unit in units:
        payloom("generate", "--preset", "airflow", *unit, "--out", str(tmp_path / "direct"), "--quiet")
    direct = {
        path.relative_to(tmp_path / "direct").as_posix(): path.read_bytes()
        for path in (tmp_path / "direct").rglob("*")
        if path.is_file()
    }
    parts = {key: digest(body) for key, body in direct.items() if key.split("/")[0] in TABLES}
    assert len(parts) > len(DAYS)
    assert {key: digest(body) for key, body in data(week).items() if key.split("/")[0] in TABLES} == parts
    manifests = {key: body for key, body in direct.items() if key.startswith("_payloom/manifests/")}
    assert {key: body for key, body in data(week).items() if key.startswith("_payloom/manifests/")} == manifests


def digest(body: bytes) -> str:
    """A short name for many bytes."""
    return hashlib.sha256(body).hexdigest()


def test_only_what_failed_stays_staged(week: Week):
    """The staging places of good days are empty again; that of the poisoned day is there to be looked at."""
    staged = {key.removeprefix(f"{PREFIX}/_staging/").split("/")[0] for key in week.objects if "/_staging/" in key}
    assert staged == {f"day={POISONED}"}
    assert week.s3.unfinished_uploads(week.bucket) == []


def test_uploads_trigger_the_training(week: Week):
    """The Asset's events start train_baseline; it registers a model, or says that there is too little to learn from."""
    run = next(one for one in week.trainings if one["state"] in ENDED)
    assert run["run_type"] == "asset_triggered"
    assert run["state"] == "success"
    task = week.stack.api.tasks(TRAIN_DAG, run["dag_run_id"])["train"]
    log = week.stack.api.log(TRAIN_DAG, run["dag_run_id"], "train", task["try_number"])
    assert task["state"] == ("success" if HISTORY_DAYS else "skipped"), log[-2000:]
    assert ("logged.promotion.version: 1" if HISTORY_DAYS else "generate a longer time") in log


def test_no_log_has_a_secret(week: Week):
    """Neither the secret key of the connection nor Airflow's password is in anything that was logged."""
    assert "payloom generate" in week.logs or "/payloom generate" in week.logs
    assert week.s3.secret_key not in week.logs
    assert "AWS_SECRET_ACCESS_KEY=" not in week.logs
