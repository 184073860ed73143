"""Every week: pages that show the payments of the last seven days."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG
from payloom_task import DEFAULTS, FIRST_DAY, CronDataIntervalTimetable, PayloomOperator, Run

with DAG(
    dag_id="profile_payments",
    # Sunday's payments are made from Monday 00:00 on; three hours later they are there.
    schedule=CronDataIntervalTimetable("0 3 * * 1", timezone="UTC"),
    start_date=FIRST_DAY,
    # A week that was missed can be made by a backfill.
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    default_args=DEFAULTS,
    tags=["payloom", "weekly"],
    doc_md=__doc__,
):

    def profile_arguments(run: Run) -> list[str]:
        """Return the arguments for the week before the run."""
        first, end = run.week
        return ["profile", run.dataset, "--from", str(first), "--to", str(end), "--out", run.profiles]

    profile = PayloomOperator(
        task_id="profile",
        arguments=profile_arguments,
        keep=["out", "rows", "sample_rows"],
        doc_md="Writes profile.html and payments.html of the week to the bucket.",
    )
