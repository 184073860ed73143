"""Start, stop or ask about an MLflow server on this machine: runs and the model registry. Run by `make mlflow`.

    python scripts/mlflow_server.py start|stop|status [--port 5000]

Everything lies in `.mlflow/`: the SQLite database, the artifacts, the log. The server listens on 127.0.0.1 only, knows
no users, and goes on when the shell is closed.
"""

from __future__ import annotations

import http.client
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts import local_server
from scripts.local_server import (
    HOST,
    ROOT,
    LocalServer,
    ServerError,
    is_free,
    last_words,
    shown,
    sourced,
    write_private,
)

HOME = ROOT / ".mlflow"
PORT = 5000
#: 10 seconds were measured on two idle CPUs.
START_SECONDS = 120
#: Neither a word to its makers nor processes for work that nobody asks for.
SETTINGS = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def command(home: Path, port: int) -> list[str]:
    """Give the command that serves `home`."""
    return [
        sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1",
        "--backend-store-uri", database(home), "--artifacts-destination", str(home / "artifacts"),
    ]  # fmt: skip


def database(home: Path) -> str:
    """Give the address of the database in `home`."""
    return f"sqlite:///{home.resolve() / 'mlflow.db'}"


def environment(home: Path) -> dict[str, str]:
    """Give the environment of the server: the user's, without settings of MLflow that would change what is served."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "_MLFLOW_"))}
    return kept | SETTINGS | {"PYTHONUNBUFFERED": "1", "PWD": str(home)}


def answers(port: int) -> bool:
    """Whether an MLflow server answers here."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/health")
        reply = connection.getresponse()
        return reply.status == http.client.OK and reply.read() == b"OK"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the server answers.

    Raises
    ------
    ServerError
        When it ended, or took longer than two minutes; with the last line of its log.
    """
    end = time.monotonic() + START_SECONDS
    while process.poll() is None:
        if answers(port):
            return
        if time.monotonic() > end:
            raise ServerError(f"the MLflow server does not answer after {START_SECONDS} s: {words(log)}")
        time.sleep(0.1)
    raise ServerError(f"the MLflow server ended at once (exit code {process.returncode}): {words(log)}")


def words(log: Path) -> str:
    """Give the line of the log that says most, and where to read the rest."""
    return last_words(log, lambda line: "Error" in line or "ERROR" in line)


class Server(LocalServer):
    """The server of one folder."""

    title = "the MLflow server"
    target = "make mlflow"

    def __init__(self, home: Path, port: int | None = None) -> None:
        super().__init__(home)
        self._port_file = home / "port"
        self._wanted = port

    @property
    def mark(self) -> str:
        """The address of the database."""
        return database(self.home)

    @property
    def port(self) -> int:
        """The port it listens on, or did."""
        try:
            return int(self._port_file.read_text("ascii"))
        except (OSError, ValueError):
            return PORT

    @property
    def endpoint(self) -> str:
        """Where clients and browsers go."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> str:
        """Start the server unless it runs; give the line that says which."""
        if self.pid is not None:
            if not answers(self.port):
                raise ServerError(
                    f"the MLflow server (process {self.pid}) does not answer; `make mlflow-stop`, then again"
                )
            if self._wanted not in {None, self.port}:
                raise ServerError(f"the MLflow server runs on port {self.port}; `make mlflow-stop`, then again")
            return f"The MLflow server runs already: {self.endpoint}"
        if importlib.util.find_spec("mlflow") is None:
            raise ServerError("the MLflow server (package mlflow) is not installed; `make mlflow` installs it")
        self.end_left_over()
        port = self.port if self._wanted is None else self._wanted
        if not is_free(port):
            raise ServerError(
                f"port {port} is taken by another program; choose another: make mlflow ARGS=--port={port + 1}"
            )
        (self.home / "artifacts").mkdir(exist_ok=True)
        self._port_file.write_text(f"{port}\n", "ascii")
        self.launch(
            command(self.home.resolve(), port),
            lambda process: wait_until_ready(process, port, self.log),
            environment(self.home.resolve()),
        )
        lines = [f"export MLFLOW_TRACKING_URI={self.endpoint}", "export MLFLOW_DISABLE_TELEMETRY=true", ""]
        write_private(self.home / "env", "\n".join(lines))
        return f"The MLflow server has started: {self.endpoint}"

    def advice(self) -> str:
        """Say what can be done with the server."""
        return (
            f"  {self.endpoint}   is its page\n"
            f"  . {sourced(self.home / 'env')}   gives this shell its address: MLFLOW_TRACKING_URI\n"
            "  make mlflow-stop   stops it; runs and models stay in "
            f"{shown(self.home)}"
        )


def port_number(text: str) -> int:
    """Read a port that a user may listen on."""
    port = int(text)
    if not 1024 <= port <= 65535:
        raise ValueError
    return port


def main(arguments: list[str], home: Path = HOME) -> int:
    """Do what the command line says; give the exit code."""
    parser = local_server.parser((__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=port_number, help=f"where to listen (else the last one, at first {PORT})")
    options = parser.parse_args(arguments)
    return local_server.run(Server(home, options.port), options.action)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
