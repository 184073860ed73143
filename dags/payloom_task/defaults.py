"""What holds for every task, and what several DAGs name."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from airflow.sdk import Asset

PAYMENTS: Final = Asset("payloom_payments")
"""Told of each day that was uploaded; `extra` of its events has the day."""

FIRST_DAY: Final = datetime.fromisoformat(os.environ.get("PAYLOOM_FIRST_DAY", "2026-01-01")).replace(tzinfo=UTC)
"""Where catching up begins: the first day made without a backfill. It bounds what a new installation makes at once."""

log = logging.getLogger(__name__)


def tell_failure(context: Any) -> None:
    """Log one line about a task that has failed for good: the hook for a mail, a chat or a pager."""
    task, run = context["task_instance"], context["dag_run"]
    error = " ".join(str(context.get("exception") or "no reason was given").split())
    log.error("FAILED %s.%s of %s: %s", task.dag_id, task.task_id, run.run_id, error)


DEFAULTS: Final[dict[str, Any]] = {
    "owner": "payloom",
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=15),
    "execution_timeout": timedelta(minutes=30),
    "on_failure_callback": tell_failure,
}
"""Defaults of every task. Only what may pass is retried: the exit code of payloom decides."""
