"""Every day: make the day's payments, judge them, publish them, make them known to Athena."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, chain
from payloom_task import (
    DEFAULTS,
    FIRST_DAY,
    PAYMENTS,
    ClearStagingOperator,
    CronDataIntervalTimetable,
    PayloomOperator,
    Run,
)

with DAG(
    dag_id="generate_payments",
    # The day of the world is the data interval, so a run starts after its day is over; @daily would name the next day.
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=FIRST_DAY,
    catchup=True,
    max_active_runs=2,
    dagrun_timeout=timedelta(hours=6),
    default_args=DEFAULTS,
    tags=["payloom", "daily"],
    doc_md=__doc__,
):

    def without_glue(run: Run) -> str:
        """Return why nothing is registered."""
        return "" if run.settings.glue_database else "no database in Glue is named: PAYLOOM_GLUE_DATABASE"

    generate = PayloomOperator(
        task_id="generate",
        # The staging place is this run's own: what an earlier config left there may go.
        arguments=lambda run: [
            "generate", *run.world, "--day", str(run.day), "--out", run.staging, "--overwrite",
        ],
        keep=["out", "unit", "rows", "fraud_rows", "world_digest"],
        doc_md="Makes the payments of the run's day, in a staging place that is the run's own.",
    )  # fmt: skip
    validate = PayloomOperator(
        task_id="validate",
        arguments=lambda run: ["validate", run.staging, "--docs", run.reports],
        keep=["passed", "rows", "docs"],
        doc_md="The quality gate. A day that does not pass is not uploaded; the log has the address of the report.",
    )
    upload_to_s3 = PayloomOperator(
        task_id="upload_to_s3",
        arguments=lambda run: ["publish", run.staging, run.dataset],
        keep=["target", "rows", "sent_parts", "sent_bytes", "kept_parts"],
        outlets=[PAYMENTS],
        doc_md="Publishes the day: its files, then its manifest. Other days may go on at the same time.",
    )
    register_partition = PayloomOperator(
        task_id="register_partition",
        arguments=lambda run: ["register", "--location", run.dataset, "--database", run.settings.glue_database],
        keep=["database", "region"],
        skip=without_glue,
        doc_md="Brings the Glue Data Catalog up to date; skipped where no database is named.",
    )
    clear_staging = ClearStagingOperator(
        task_id="clear_staging",
        # After a skip too, but not after a failure: a day that did not pass stays to be looked at.
        trigger_rule="none_failed_min_one_success",
        execution_timeout=timedelta(minutes=10),
        doc_md="Removes what was staged for this run.",
    )
    chain(generate, validate, upload_to_s3, register_partition, clear_staging)
    upload_to_s3 >> clear_staging
