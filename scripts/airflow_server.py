"""Start, stop or ask about a local Airflow with the DAGs of this folder. Run by `make airflow`.

    python scripts/airflow_server.py start|stop|status [--port 8080] [--history-days 180] [--week-days 7]

Airflow runs in an environment of its own, `.venv-airflow`; its tasks run payloom's command from this one. The local S3
and MLflow servers are started if need be. Everything lies in `.airflow/`. It listens on 127.0.0.1 only, and it goes on
when the shell is closed. The first start also publishes some months of payments at once, for the training, and lets the
DAGs run, which make the last finished days.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts import airflow_parts, local_server, mlflow_server, s3_server
from scripts.airflow_api import Api, is_healthy
from scripts.airflow_parts import USER
from scripts.local_server import (
    HOST,
    ROOT,
    LocalServer,
    ServerError,
    is_free,
    last_words,
    shown,
    write_private,
)

HOME = ROOT / ".airflow"
DAGS = ROOT / "dags"
PORT = 8080
#: 45 seconds were measured on two idle CPUs, with a new database.
START_SECONDS = 300
#: A file is parsed within seconds; a busy machine may take longer.
PARSING_SECONDS = 120.0
DAY_DAG = "generate_payments"
DAG_NAMES = (DAY_DAG, "profile_payments", "train_baseline")
#: At once, a week's profile would find no day of the week: the user starts the first one.
UNPAUSED = (DAY_DAG, "train_baseline")
PRESET = "airflow"
#: In the environment of everything that the stack starts, and of nothing else.
MARK = "PAYLOOM_STACK"
#: Beside what `make upload` brings to the same bucket, which is another world.
PREFIX = "airflow"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the command line asks for.

    Attributes
    ----------
    port
        Where to listen; None means as before.
    history_days
        Days that are published at once before the first day that Airflow makes.
    week_days
        Finished days that Airflow makes after the first start.
    """

    port: int | None = None
    history_days: int = 180
    week_days: int = 7


class Server(LocalServer):
    """The stack of one folder."""

    title = "the local Airflow"
    target = "make airflow"

    def __init__(self, home: Path, wishes: Wishes | None = None, *, dags: Path = DAGS) -> None:
        super().__init__(home)
        self._wishes = wishes or Wishes()
        self._dags = dags
        self._port_file = home / "port"
        self._password_file = home / "password.json"
        self._begun_file = home / "first-start.json"
        self._s3 = s3_server.Server(home.with_name(".s3"))
        self._mlflow = mlflow_server.Server(home.with_name(".mlflow"))
        self._airflow = airflow_parts.airflow_command()
        self._payloom = Path(sys.executable).with_name("payloom")
        self._news: list[str] = []

    @property
    def mark(self) -> str:
        """The script that runs the parts, with this folder."""
        return f"airflow_parts.py {self._airflow} {self.home.resolve()} "

    @property
    def port(self) -> int:
        """The port it listens on, or did."""
        try:
            return int(self._port_file.read_text("ascii"))
        except (OSError, ValueError):
            return PORT

    @property
    def endpoint(self) -> str:
        """Where browsers go."""
        return f"http://{HOST}:{self.port}"

    @property
    def bucket(self) -> str:
        """The bucket the DAGs write to."""
        return os.environ.get("PAYLOOM_BUCKET") or s3_server.BUCKET

    @property
    def target_url(self) -> str:
        """Where the data set of the DAGs lies."""
        prefix = os.environ.get("PAYLOOM_PREFIX", PREFIX).strip("/")
        return f"s3://{self.bucket}/{prefix}"

    def start(self) -> str:
        """Start the stack and what it needs, unless it runs; give the line that says which."""
        if self.pid is not None:
            return self._check_running()
        for needed, fix in ((self._airflow, "make airflow"), (self._payloom, "make setup-all")):
            if not os.access(needed, os.X_OK):
                raise ServerError(f"{shown(needed)} is not there; `{fix}` installs it")
        self.end_left_over()
        port = self.port if self._wishes.port is None else self._wishes.port
        if not is_free(port):
            raise ServerError(
                f"port {port} is taken by another program; choose another: make airflow ARGS=--port={port + 1}"
            )
        for server in (self._s3, self._mlflow):
            with server.locked():
                self._tell(server.start())
        self._draw_password()
        self._port_file.write_text(f"{port}\n", "ascii")
        self._prepare()
        self._launch(port)
        self._unpause()
        return f"The local Airflow has started: {self.endpoint}"

    def _check_running(self) -> str:
        if not is_healthy(self.port, datetime.now(UTC) - timedelta(minutes=2)):
            raise ServerError(
                f"the local Airflow (process {self.pid}) is not well (see {shown(self.home)}/*.log); "
                "`make airflow-stop`, then again"
            )
        if self._wishes.port not in {None, self.port}:
            raise ServerError(f"the local Airflow runs on port {self.port}; `make airflow-stop`, then again")
        self._unpause()
        return f"The local Airflow runs already: {self.endpoint}"

    def _tell(self, line: str) -> None:
        print(line, flush=True)

    def _draw_password(self) -> None:
        """Draw the password at the first start, before Airflow would draw one and write it to its log."""
        if self._password_file.exists():
            return
        password = os.urandom(12).hex()
        write_private(self._password_file, json.dumps({USER: password}) + "\n")
        self._news.append(f"  The password, shown this once, is {password}")

    def environment(self, port: int) -> dict[str, str]:
        """Give the environment of Airflow: its own settings, those of the DAGs, and the connection to the S3 server."""
        home = self.home.resolve()
        keys = self._s3.keys()
        connection = {
            "conn_type": "aws",
            "login": keys.access_key,
            "password": keys.secret_key,
            "extra": {"region_name": s3_server.REGION, "endpoint_url": self._s3.endpoint},
        }
        defaults = {
            "PAYLOOM_COMMAND": str(self._payloom),
            "PAYLOOM_BUCKET": s3_server.BUCKET,
            "PAYLOOM_PREFIX": PREFIX,
            "PAYLOOM_PRESET": PRESET,
            "PAYLOOM_FIRST_DAY": self._begun()["first_day"],
            "PAYLOOM_MLFLOW_TRACKING_URI": self._mlflow.endpoint,
        }
        return (
            defaults
            | airflow_parts.cleaned(os.environ)
            | airflow_parts.settings(home, self._dags.resolve(), port, f"sqlite:///{home / 'airflow.db'}")
            | {"AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection), MARK: str(home)}
        )

    def _launch(self, port: int) -> None:
        self._tell("Starting Airflow, which takes about a minute ...")
        begin = datetime.now(UTC)
        script = str(Path(airflow_parts.__file__).resolve())
        self.launch(
            [sys.executable, script, str(self._airflow), str(self.home.resolve()), str(port)],
            lambda process: self._wait(process, port, begin),
            self.environment(port),
        )

    def _wait(self, process: subprocess.Popen[bytes], port: int, begin: datetime) -> None:
        end = time.monotonic() + START_SECONDS
        while process.poll() is None:
            if is_healthy(port, begin):
                return self.api(port).wait_for_dags(DAG_NAMES, PARSING_SECONDS)
            if time.monotonic() > end:
                raise ServerError(f"the local Airflow is not well after {START_SECONDS} s: {self._words()}")
            time.sleep(0.2)
        raise ServerError(f"the local Airflow ended at once (exit code {process.returncode}): {self._words()}")

    def _words(self) -> str:
        return last_words(self.log, lambda line: "Error" in line or "ERROR" in line)

    def api(self, port: int) -> Api:
        """Give a session of the server's user."""
        return Api(port, USER, json.loads(self._password_file.read_text("utf-8"))[USER])

    def _begun(self) -> dict[str, str]:
        """Say what the first start has fixed, and what it has done; later ones change nothing of that."""
        try:
            found = json.loads(self._begun_file.read_text("utf-8"))
            return {"first_day": str(date.fromisoformat(found["first_day"])), "unpaused": str(found["unpaused"])}
        except (OSError, ValueError, KeyError, TypeError):
            first = datetime.now(UTC).date() - timedelta(days=self._wishes.week_days)
            return {"first_day": str(first), "unpaused": ""}

    def _prepare(self) -> None:
        """Fix the first day that Airflow makes, and publish the months before it."""
        begun = self._begun()
        write_private(self._begun_file, json.dumps(begun) + "\n")
        if not begun["unpaused"] and self._wishes.history_days:
            first_day = date.fromisoformat(begun["first_day"])
            self._publish_history(first_day - timedelta(days=self._wishes.history_days), first_day)

    def _unpause(self) -> None:
        """At the first start let the DAGs run; who pauses one later finds it paused."""
        begun = self._begun()
        if begun["unpaused"]:
            return
        api = self.api(self.port)
        for dag in UNPAUSED:
            api.unpause(dag)
        write_private(self._begun_file, json.dumps(begun | {"unpaused": "yes"}) + "\n")
        self._news.append(f"  {DAY_DAG} now makes every finished day from {begun['first_day']} on")

    def _publish_history(self, first: date, last: date) -> None:
        """Publish the days from `first` up to, without, `last` as one unit: daily runs would give the same rows."""
        keys = self._s3.keys()
        s3 = s3_server.client(self._s3.endpoint, keys, read_timeout=60)
        prefix = self.target_url.removeprefix(f"s3://{self.bucket}/")
        there = s3.list_objects_v2(Bucket=self.bucket, Prefix=f"{prefix}/_payloom/manifests/", MaxKeys=1)
        if there.get("KeyCount"):
            self._tell(f"{self.target_url} has a data set already: no history is published")
            return
        self._tell(f"Publishing the payments of {first} to {last - timedelta(days=1)} to {self.target_url} ...")
        environment = airflow_parts.cleaned(os.environ) | {
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_REGION": s3_server.REGION,
            "AWS_ENDPOINT_URL": self._s3.endpoint,
        }
        preset = os.environ.get("PAYLOOM_PRESET") or PRESET
        world = ["--config", config] if (config := os.environ.get("PAYLOOM_CONFIG")) else ["--preset", preset]
        command = [
            str(self._payloom), "generate", *world, "--from", str(first), "--to", str(last),
            "--out", self.target_url, "--quiet",
        ]  # fmt: skip
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise ServerError(
                f"the history could not be published: {done.stderr.strip() or done.returncode} "
                f"({shlex.join(command[1:])})"
            )

    def end_left_over(self) -> bool:
        """End what outlived a stack that was killed: tasks and their commands are groups of their own."""
        found = self._strays()
        left = super().end_left_over()
        airflow_parts.kill(found)
        return left or bool(found)

    def _strays(self) -> list[int]:
        """Processes that work for this stack, told by their environment, where the system shows it."""
        word = f"\0{MARK}={self.home.resolve()}\0".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                text = b"\0" + entry.read_bytes()
            except OSError:
                continue
            if word in text and int(entry.parent.name) != os.getpid():
                found.append(int(entry.parent.name))
        return found

    def advice(self) -> str:
        """Say what can be done with the server."""
        lines = [
            f"  {self.endpoint}   is its page: user {USER}, password in {shown(self._password_file)}",
            *self._news,
            f"  Click Dags, then {DAY_DAG}: every column of squares is a day. A green one is in {self.target_url}/",
            f"  {self._s3.pages}/   shows what is in the bucket",
            f"  {self._mlflow.endpoint}   shows the models when train_baseline has run",
            "  make airflow-stop   stops it; runs and logs stay in " + shown(self.home),
        ]
        return "\n".join(lines)


def days(text: str) -> int:
    """Read a number of days."""
    number = int(text)
    if not 0 <= number <= 1000:
        raise ValueError
    return number


def main(arguments: list[str], home: Path = HOME, dags: Path = DAGS) -> int:
    """Do what the command line says; give the exit code."""
    parser = local_server.parser((__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--port", type=mlflow_server.port_number, help=f"where to listen (else the last one, at first {PORT})"
    )
    parser.add_argument(
        "--history-days", type=days, default=180, help="first start: days published at once (default: 180, 0: none)"
    )
    parser.add_argument(
        "--week-days", type=days, default=7, help="first start: finished days that Airflow makes (default: 7)"
    )
    options = parser.parse_args(arguments)
    wishes = Wishes(port=options.port, history_days=options.history_days, week_days=options.week_days)
    return local_server.run(Server(home, wishes, dags=dags), options.action)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
