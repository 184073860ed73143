"""A DAG for test_operator.py: a task for each way in which a command may end; `case.py` is the command."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from airflow.sdk import DAG
from payloom_task import CronDataIntervalTimetable, PayloomOperator, Run

CASES = [
    "done", "large_answer", "config", "gate", "conflict", "storage", "corruption", "bug", "transient",
    "transient_always", "killed", "terminated", "no_json", "no_answer", "silent", "scarce", "flood", "secrets",
]  # fmt: skip


def of_case(case: str, run: Run) -> list[str]:
    """The arguments of a case."""
    return [case, str(run.day), run.dataset]


def scarce(answer: dict[str, Any]) -> str:
    """The reason to skip that this answer has."""
    return str(answer.get("error", "")) if "too little" in str(answer.get("error", "")) else ""


with DAG(
    dag_id="outcomes",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(0)},
):
    for case in CASES:
        PayloomOperator(
            task_id=case,
            arguments=partial(of_case, case),
            keep=["location", "rows", "deep.run_id", "table", "text", "none"],
            skip_answer=scarce,
        )
    PayloomOperator(task_id="nothing_to_do", arguments=lambda run: ["done"], skip=lambda run: "there is nothing to do")
    PayloomOperator(
        task_id="too_slow", arguments=lambda run: ["too_slow"], execution_timeout=timedelta(seconds=3), retries=0
    )

with DAG(dag_id="missing_command", schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC)):
    PayloomOperator(task_id="start", arguments=lambda run: ["generate"], retries=2, retry_delay=timedelta(0))

with DAG(
    dag_id="no_interval",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
):
    PayloomOperator(task_id="start", arguments=lambda run: ["done", str(run.day)], retries=2, retry_delay=timedelta(0))
