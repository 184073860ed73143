"""Speak to an Airflow server over its REST interface: a token, and requests that carry it. Standard library only."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from scripts.local_server import HOST, ServerError

#: A server that parses, schedules and answers on two busy CPUs was seen to need 8 seconds.
ANSWER_SECONDS = 60
#: Parts that the server's own health page tells of, and their heartbeats.
HEARTBEATS = {"scheduler": "latest_scheduler_heartbeat", "dag_processor": "latest_dag_processor_heartbeat"}


class ApiError(ServerError):
    """The server refused; `status` is its answer, 0 when there was none."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def health(port: int) -> dict[str, Any] | None:
    """Give what the server says of its parts, None while it does not answer."""
    try:
        return _exchange(port, "GET", "/api/v2/monitor/health", timeout_seconds=5)
    except ApiError:
        return None


def is_healthy(port: int, since: datetime) -> bool:
    """Whether database, scheduler and DAG processor are well, with heartbeats later than `since`."""
    told = health(port)
    if told is None or told["metadatabase"]["status"] != "healthy":
        return False
    for part, heartbeat in HEARTBEATS.items():
        said = told.get(part) or {}
        if said.get("status") != "healthy" or datetime.fromisoformat(said[heartbeat]) < since:
            return False
    return True


class Api:
    """A user's session with a server on this machine."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._port = port
        self._login = {"username": user, "password": password}
        self._token = ""

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> Any:
        """Send a request below ``/api/v2``; give the answer.

        Raises
        ------
        ApiError
            When the server refuses or does not answer.
        """
        target = f"/api/v2/{path}" + (f"?{urlencode(query)}" if query else "")
        if not self._token:
            self._sign_in()
        try:
            return _exchange(self._port, method, target, body, self._token)
        except ApiError as error:
            if error.status != http.client.UNAUTHORIZED:
                raise
        self._sign_in()
        return _exchange(self._port, method, target, body, self._token)

    def _sign_in(self) -> None:
        self._token = _exchange(self._port, "POST", "/auth/token", self._login)["access_token"]

    def import_errors(self) -> dict[str, str]:
        """Give the files that cannot be parsed, each with the last line of what is wrong."""
        found = self.request("GET", "importErrors")["import_errors"]
        return {one["filename"]: one["stack_trace"].strip().splitlines()[-1] for one in found}

    def wait_for_dags(self, dags: tuple[str, ...], timeout_seconds: float) -> None:
        """Return when the server knows these DAGs.

        Raises
        ------
        ServerError
            When a file cannot be parsed, or it takes too long.
        """
        end = time.monotonic() + timeout_seconds
        while True:
            known = {one["dag_id"] for one in self.request("GET", "dags", limit=100)["dags"]}
            missing = [dag for dag in dags if dag not in known]
            if not missing:
                return
            for file, error in self.import_errors().items():
                raise ServerError(f"{file} cannot be parsed: {error}")
            if time.monotonic() > end:
                raise ServerError(f"Airflow does not find {', '.join(missing)} after {timeout_seconds:.0f} s")
            time.sleep(0.5)

    def unpause(self, dag: str) -> None:
        """Let a DAG run."""
        self.request("PATCH", f"dags/{dag}", {"is_paused": False})

    def backfill(self, dag: str, first: date, last: date, max_active_runs: int = 2) -> int:
        """Make runs for the days `first` to `last`, both included; give the number of the backfill."""
        days = {"from_date": f"{first}T00:00:00Z", "to_date": f"{last}T00:00:00Z"}
        body = {"dag_id": dag, **days, "max_active_runs": max_active_runs}
        return int(self.request("POST", "backfills", body)["id"])

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """Give the newest hundred runs of a DAG, the oldest first."""
        found = self.request("GET", f"dags/{dag}/dagRuns", limit=100, order_by="-run_after")["dag_runs"]
        return list(reversed(found))

    def tasks(self, dag: str, run: str) -> dict[str, dict[str, Any]]:
        """Give the task instances of a run by the name of the task."""
        path = f"dags/{dag}/dagRuns/{quote(run)}/taskInstances"
        return {one["task_id"]: one for one in self.request("GET", path)["task_instances"]}

    def log(self, dag: str, run: str, task: str, attempt: int) -> str:
        """Give the log of one attempt, a line for each event."""
        path = f"dags/{dag}/dagRuns/{quote(run)}/taskInstances/{task}/logs/{attempt}"
        content = self.request("GET", path, full_content="true")["content"]
        return "\n".join(one if isinstance(one, str) else str(one.get("event")) for one in content)


def _exchange(
    port: int,
    method: str,
    target: str,
    body: Mapping[str, Any] | None = None,
    token: str = "",
    timeout_seconds: float = ANSWER_SECONDS,
) -> Any:
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    # No proxy of the user: the server is on this machine.
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout_seconds)
    try:
        connection.request(method, target, None if body is None else json.dumps(body), headers)
        reply = connection.getresponse()
        text = reply.read().decode("utf-8", "replace")
        if reply.status >= http.client.BAD_REQUEST:
            raise ApiError(reply.status, f"Airflow answers {reply.status} to {method} {target}: {text[:300]}")
        return json.loads(text) if text else None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ApiError(0, f"Airflow does not answer {method} {target}: {error}") from error
    finally:
        connection.close()
