"""A count by Athena: started, waited for, and read."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from payloom.catalog.failures import one_line, service_faults
from payloom.errors import PayloomError, StorageError, TransientError

MAX_WAIT_SECONDS: Final = 600.0
"""A count reads footers only; what takes longer stands in a queue."""

_NO_OUTPUT: Final = "no output location"
"""How Athena's sentence for that begins."""

_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and where.

    Attributes
    ----------
    sql
        One statement.
    database
        Database of names without one.
    workgroup
        Workgroup that pays.
    output
        Folder of the results with a slash at its end; None leaves it to the workgroup.
    """

    sql: str
    database: str
    workgroup: str
    output: str | None = None


def count_query(database: str, table: str) -> str:
    """Return the statement that counts a table; both names have been checked."""
    return f'SELECT COUNT(*) FROM "{database}"."{table}"'  # noqa: S608 - checked names


def run_query(client: Any, query: Query, max_wait_seconds: float = MAX_WAIT_SECONDS) -> str:
    """Run a query and return its one value.

    Parameters
    ----------
    client
        Of Athena.
    query
        What is asked.
    max_wait_seconds
        How long to wait; then the query is stopped.

    Raises
    ------
    StorageError
        If Athena refuses or fails it, with Athena's reason.
    TransientError
        If Athena can't be reached, says that a retry may help, or takes too long.
    """
    with service_faults(f"run a query in the workgroup {query.workgroup}"):
        started = _start(client, query)
        try:
            status = _ended(client, started, max_wait_seconds)
        except BaseException:
            # Also after Ctrl-C: nobody waits for it any more, and it costs money.
            _stop(client, started)
            raise
        if status["State"] != "SUCCEEDED":
            raise _failure(status)
        rows = client.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"]
    # The first row has the names of the columns.
    return str(rows[1]["Data"][0]["VarCharValue"])


def _start(client: Any, query: Query) -> str:
    """Start a query and return its id."""
    output = {"ResultConfiguration": {"OutputLocation": query.output}} if query.output else {}
    context = {"Database": query.database}
    try:
        answer = client.start_query_execution(
            QueryString=query.sql, QueryExecutionContext=context, WorkGroup=query.workgroup, **output
        )
    except ClientError as error:
        if _NO_OUTPUT not in str(error).lower():
            raise
        message = f"the workgroup {query.workgroup} does not say where results go"
        raise StorageError(message, hint="pass --output s3://bucket/prefix, or set it in the workgroup") from None
    return str(answer["QueryExecutionId"])


def _ended(client: Any, started: str, max_wait_seconds: float) -> dict[str, Any]:
    """Wait until a query has ended, well or not, and return its status."""
    end_s = time.monotonic() + max_wait_seconds
    pause_s = _FIRST_PAUSE_SECONDS
    while True:
        status = client.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
        if status["State"] in {"SUCCEEDED", "FAILED", "CANCELLED"}:
            return dict(status)
        if time.monotonic() >= end_s:
            message = f"Athena had not finished after {max_wait_seconds:g} s; the query was stopped"
            raise TransientError(message, hint="look at the queue of the workgroup, then run the same command again")
        time.sleep(min(pause_s, max(0.0, end_s - time.monotonic())))
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_SECONDS)


def _failure(status: dict[str, Any]) -> PayloomError:
    """Return the error for a query that ended without a result."""
    reason = one_line(status.get("StateChangeReason") or "") or "no reason given"
    word = "cancelled" if status["State"] == "CANCELLED" else "failed"
    kind = TransientError if (status.get("AthenaError") or {}).get("Retryable") else StorageError
    return kind(f"Athena {word} the query: {reason}", hint="payloom register makes the tables; docs/athena.md has more")


def _stop(client: Any, started: str) -> None:
    """Stop a query; one that has ended stays as it is, and a failure here must not hide the first."""
    try:
        client.stop_query_execution(QueryExecutionId=started)
    except Exception:  # noqa: BLE001 - the error that led here is the one to tell
        return
