"""What a task becomes when its command ends in one way or the other, in a run by Airflow itself."""

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("airflow")

from tests.dags.conftest import DAGS, Airflow
from tests.dags.test_process import is_alive, until

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

CASES = Path(__file__).with_name("cases")
SECRET_KEY = "wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKEY"
PASSWORD = "correct-horse-battery"
CONNECTION = {
    "conn_type": "aws",
    "login": "AKIAEXAMPLE",
    "password": SECRET_KEY,
    "extra": {"region_name": "eu-central-1", "endpoint_url": "http://127.0.0.1:9"},
}


class Outcomes:
    """What came of one run of the DAG `outcomes`."""

    def __init__(self, airflow: Airflow, folder: Path) -> None:
        self.airflow, self.folder = airflow, folder
        command = folder / "case"
        command.write_text(
            f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("commands") / "case.py"} "$@"\n'
        )
        command.chmod(0o755)
        (folder / "aws").write_text("[profile another]\nregion = us-west-2\n")
        self.log = airflow.test("outcomes", ["2025-03-02T00:00:00+00:00"], **self.settings(str(command)))
        self.tasks = airflow.tasks()

    def settings(self, command: str) -> dict[str, str]:
        """Settings of every kind, and an environment that is not the command's business."""
        return {
            "PYTHONPATH": str(DAGS),
            "CASES": str(self.folder),
            "PAYLOOM_COMMAND": command,
            "PAYLOOM_BUCKET": "of-the-test",
            "PAYLOOM_MLFLOW_TRACKING_URI": f"http://somebody:{PASSWORD}@127.0.0.1:9",
            "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(CONNECTION),
            "AWS_CONFIG_FILE": str(self.folder / "aws"),
            "AWS_PROFILE": "another",
            "AWS_SESSION_TOKEN": "of-another-key",
        }

    def calls(self, case: str) -> list[dict]:
        """What the command was called with."""
        file = self.folder / f"{case}.calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def xcoms(self, case: str) -> str:
        """What a task handed on."""
        return " ".join(value for task, value in self.airflow.xcoms() if task == case)


@pytest.fixture(scope="module")
def outcomes(new_airflow, tmp_path_factory):
    """One run of every case."""
    return Outcomes(new_airflow(CASES), tmp_path_factory.mktemp("outcomes"))


def test_a_command_that_ends_well_hands_on_references_only(outcomes):
    """Of a large answer the XCom has the few values that were named, cut to a sane length."""
    for case in ("done", "large_answer"):
        assert outcomes.tasks[case][0] == "success"
        handed = outcomes.xcoms(case)
        assert all(text in handed for text in ("s3://b/p", "12", "r1"))
        assert not [word for word in ("rest", "rule") if word in handed]
        assert len(handed) < 1_000
        assert outcomes.calls(case)[0]["arguments"] == ["2025-03-01", "s3://of-the-test", "--json"]
    assert "said on the way" in outcomes.log


@pytest.mark.parametrize(
    ("case", "code"), [("config", 2), ("conflict", 4), ("storage", 5), ("corruption", 7), ("bug", 1)]
)
def test_what_no_retry_helps_fails_at_once_with_payloom_s_own_words(outcomes, case, code):
    """One call, a failed task, and the line with cause and way out."""
    assert outcomes.tasks[case][0] == "failed"
    assert len(outcomes.calls(case)) == 1
    assert f"payloom {case} left with exit code {code}: the error of {case}; fix: the fix of {case}" in outcomes.log


def test_a_closed_gate_fails_at_once_with_the_report_s_address(outcomes):
    """The rules that do not hold are named, as many as fit a line, and where the pages are."""
    assert outcomes.tasks["gate"][0] == "failed"
    assert len(outcomes.calls("gate")) == 1
    rules = ", ".join(f"payments.rule_{number}" for number in range(5))
    assert f"{rules} and 2 more do not hold; the report: s3://b/reports/index.html" in outcomes.log


@pytest.mark.parametrize("case", ["transient", "killed", "terminated"])
def test_what_may_pass_is_tried_again(outcomes, case):
    """Exit code 6, a signal and a shell's word for a signal: the second try does it."""
    assert outcomes.tasks[case] == ("success", 2)
    assert len(outcomes.calls(case)) == 2


def test_what_does_not_pass_is_tried_as_often_as_the_task_says(outcomes):
    """Two retries are three tries."""
    assert outcomes.tasks["transient_always"][0] == "failed"
    assert len(outcomes.calls("transient_always")) == 3


@pytest.mark.parametrize("case", ["no_json", "no_answer"])
def test_a_command_that_is_not_payloom_is_found_out(outcomes, case):
    """Exit code 0 without an answer in JSON is no success."""
    assert outcomes.tasks[case][0] == "failed"
    assert len(outcomes.calls(case)) == 1
    assert f"payloom {case} ended well without an answer in JSON" in outcomes.log


def test_a_command_that_says_nothing_fails_with_its_exit_code(outcomes):
    """There is always a line."""
    assert outcomes.tasks["silent"][0] == "failed"
    assert "payloom silent left with exit code 9: it said nothing" in outcomes.log


def test_reasons_to_skip_are_skips(outcomes):
    """Before the command, and by its answer; the reason is in the log."""
    assert outcomes.tasks["nothing_to_do"][0] == "skipped"
    assert outcomes.tasks["scarce"][0] == "skipped"
    assert "there is nothing to do" in outcomes.log
    assert "too little of everything" in outcomes.log
    assert outcomes.calls("done")[1:] == []


def test_a_flood_of_standard_error_does_not_fill_the_log(outcomes):
    """50,000 lines are 2,000, and the last one."""
    assert outcomes.tasks["flood"][0] == "success"
    assert 2_000 <= outcomes.log.count(" flood ") + outcomes.log.count("\nflood ") < 2_200
    assert "flood 49999" in outcomes.log


def test_the_connection_s_credentials_are_in_the_command_s_environment_and_nowhere_else(outcomes):
    """Keys, region and endpoint arrive, the worker's own AWS settings do not; no log and no XCom has a secret."""
    assert outcomes.tasks["secrets"][0] == "success"
    (call,) = outcomes.calls("secrets")
    environment = call["environment"]
    assert environment["AWS_ACCESS_KEY_ID"] == "AKIAEXAMPLE"
    assert environment["AWS_SECRET_ACCESS_KEY"] == SECRET_KEY
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert PASSWORD in environment["MLFLOW_TRACKING_URI"]
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(environment)
    assert not [name for name in environment if name.startswith("AIRFLOW")]
    assert SECRET_KEY not in " ".join(call["arguments"])
    assert PASSWORD not in " ".join(call["arguments"])
    assert "key ***" in outcomes.log
    handed = str(outcomes.airflow.xcoms())
    for secret in (SECRET_KEY, PASSWORD):
        assert secret not in outcomes.log
        assert secret not in handed
        for file in outcomes.airflow.home.rglob("*.log"):
            assert secret not in file.read_text("utf-8", "replace")


def test_a_task_that_takes_too_long_leaves_nothing_running(outcomes):
    """Airflow's time-out ends the command and the child that ignores SIGTERM."""
    assert outcomes.tasks["too_slow"][0] == "failed"
    pids = [int(pid) for pid in (outcomes.folder / "too_slow.pids").read_text().split()]
    until(lambda: not any(map(is_alive, pids)), 2)


def test_a_command_that_does_not_exist_is_told_in_one_line(new_airflow, tmp_path):
    """The line names the setting, and nothing is tried again."""
    airflow = new_airflow(CASES)
    log = airflow.test(
        "missing_command",
        ["2025-03-02T00:00:00+00:00"],
        PYTHONPATH=str(DAGS),
        PAYLOOM_COMMAND=str(tmp_path / "nowhere"),
        PAYLOOM_AWS_CONN_ID="",
    )
    assert airflow.tasks()["start"][0] == "failed"
    assert log.count("nowhere can't be started: No such file or directory; PAYLOOM_COMMAND") >= 1
    assert "up_for_retry" not in log.lower()


def test_a_run_without_a_data_interval_fails_without_a_retry(new_airflow, tmp_path):
    """Triggered without a logical date, the run names no day: one line, no command."""
    airflow = new_airflow(CASES)
    log = airflow.test("no_interval", ["none"], PYTHONPATH=str(DAGS), CASES=str(tmp_path), PAYLOOM_AWS_CONN_ID="")
    assert airflow.tasks()["start"] == ("failed", 1)
    assert "has no data interval, so it names no day" in log
    assert not list(tmp_path.iterdir())
