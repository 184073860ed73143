"""When the last day of a week was uploaded: train the baseline models, register the best, let it challenge."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG
from payloom_task import (
    DEFAULTS,
    FIRST_DAY,
    PAYMENTS,
    PayloomOperator,
    Run,
)

with DAG(
    dag_id="train_baseline",
    # Not by the clock: the day has to be there.
    schedule=[PAYMENTS],
    start_date=FIRST_DAY,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=12),
    default_args=DEFAULTS | {"execution_timeout": timedelta(hours=3)},
    tags=["payloom", "weekly"],
    doc_md=__doc__,
):

    def train_arguments(run: Run) -> list[str]:
        """Return the arguments for the days up to the newest one."""
        first, end = run.training_days
        days = ["--from", str(first), "--to", str(end)]
        return ["train", run.dataset, *days, "--register", run.settings.model_name]

    def not_now(run: Run) -> str:
        """Return why nothing is trained: it is no day for it, or nobody would see it."""
        weekday = run.settings.train_weekday
        if weekday and run.uploaded and all(day.isoweekday() != int(weekday) for day in run.uploaded):
            days = ", ".join(map(str, run.uploaded))
            return f"{days} is not the day of the week that is trained after: PAYLOOM_TRAIN_WEEKDAY={weekday}"
        is_named = run.settings.mlflow_tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
        return "" if is_named else "no MLflow server is named: PAYLOOM_MLFLOW_TRACKING_URI"

    def too_little(answer: dict[str, Any]) -> str:
        """Return what there is too little of, if that is why nothing was trained."""
        return f"too little data: {answer.get('error')}" if answer.get("kind") == "too_little_data" else ""

    train = PayloomOperator(
        task_id="train",
        arguments=train_arguments,
        keep=[
            "logged.run_id",
            "logged.page",
            "logged.promotion.name",
            "logged.promotion.version",
            "logged.promotion.champion",
        ],
        skip=not_now,
        skip_answer=too_little,
        doc_md="Trains on what was known by then; the best model is registered and becomes champion if it is better.",
    )
