"""Servers that answer like AWS on this machine: ministack, whose Athena runs queries, and moto for a second opinion.

Both keep everything in memory or in the given folder, listen on 127.0.0.1 alone, and end with the context that started
them. `environment` gives what points a client at one of them, and at nothing of the person who runs it.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.local_server import HOST, free_ports, signal_group

Kind = Literal["ministack", "moto"]

REGION = "eu-central-1"
START_SECONDS = 60
#: Each service is loaded when it is first asked for, and what is not in this list never.
SERVICES = "s3,glue,athena,sts,iam,sns,sqs,kms,scheduler,budgets,ec2,mwaa,logs,events"
#: Both take any keys.
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
#: Becomes the server after asking Linux to kill it when its parent dies; argv is the parent and the command.
DIE_WITH_PARENT = """
import ctypes, os, signal, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() == parent:
    os.execv(sys.argv[2], sys.argv[2:])
"""


class StandInError(Exception):
    """The stand-in cannot be started; the text says why and what to do."""


@dataclass(frozen=True)
class StandIn:
    """A server that answers like AWS."""

    kind: Kind
    port: int
    proxy_port: int
    log: Path

    @property
    def endpoint(self) -> str:
        """Its address, behind a proxy that says that the client spoke TLS: policies ask for that."""
        return f"http://{HOST}:{self.proxy_port}"

    @property
    def plain_endpoint(self) -> str:
        """Its address for who speaks plain HTTP."""
        return f"http://{HOST}:{self.port}"

    def settings(self) -> dict[str, str]:
        """Variables that lead Terraform, boto3 and payloom to it."""
        return {
            **KEYS,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            # MWAA puts `api.` before the name of its server, which no address of this machine has.
            "HTTP_PROXY": self.endpoint,
            "HTTPS_PROXY": self.endpoint,
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }

    def environment(self) -> dict[str, str]:
        """Give a whole environment with these settings; those of AWS of this shell are left out."""
        ours = ("AWS_", "TF_")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(ours) and not name.lower().endswith("_proxy")
        }
        return {**kept, **self.settings()}

    def client(
        self, service: str, key: str = KEYS["AWS_ACCESS_KEY_ID"], secret: str = KEYS["AWS_SECRET_ACCESS_KEY"]
    ) -> Any:
        """A boto3 client of one of its services, of the account itself or of somebody in it."""
        import boto3  # noqa: PLC0415 - an extra, needed for questions only
        import botocore.config  # noqa: PLC0415

        config = botocore.config.Config(
            s3={"addressing_style": "path"}, connect_timeout=2, read_timeout=60, proxies={}, inject_host_prefix=False
        )
        return boto3.session.Session().client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            config=config,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )


@contextlib.contextmanager
def stand_in(kind: Kind, tools: Path, home: Path) -> Iterator[StandIn]:
    """Run a stand-in until the context ends or this process dies.

    Parameters
    ----------
    kind
        Which one.
    tools
        Folder with its program.
    home
        Empty folder for what it writes.
    """
    home.mkdir(parents=True)
    port = free_ports([kind])[kind]
    with http.server.ThreadingHTTPServer((HOST, 0), type("Forward", (_Forward,), {"port": port})) as proxy:
        server = StandIn(kind, port, proxy.server_port, home / "log")
        process = _start(server, tools, home)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            _wait(server, process)
            _refuse_strangers(process)
            yield server
        finally:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
            proxy.shutdown()


class _Forward(http.server.BaseHTTPRequestHandler):
    """A proxy that hands every request to the stand-in, whatever its host; it opens no tunnel to anywhere."""

    port: int
    protocol_version = "HTTP/1.1"

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(self.path)
        target = urllib.parse.urlunsplit(("", "", url.path or "/", url.query, ""))
        connection = http.client.HTTPConnection(HOST, self.port, timeout=START_SECONDS)
        try:
            connection.request(self.command, target, body, {**self.headers, "X-Forwarded-Proto": "https"})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        # An answer to HEAD tells the length of what it does not bring.
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _forward  # noqa: N815 - names of the base class

    def log_message(self, *arguments: object) -> None:
        """Say nothing of each request."""


def _start(server: StandIn, tools: Path, home: Path) -> subprocess.Popen[bytes]:
    program = tools / ("ministack" if server.kind == "ministack" else "moto_server")
    if not program.is_file():
        raise StandInError(f"{program} is missing; run make .venv-athena/.stamp-athena, or name another --tools")
    command = [str(program)] if server.kind == "ministack" else [str(program), "-H", HOST, "-p", str(server.port)]
    settings: Mapping[str, str] = {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(server.port),
        "SERVICES": SERVICES,
        # It would listen to every machine.
        "IOT_MTLS_ENABLED": "0",
        "ATHENA_ENGINE": "duckdb",
        # It asks policies of roles and buckets; the keys of KEYS are the account's own.
        "AUTH": "true",
        "S3_DATA_DIR": str(home / "s3"),
        "TMPDIR": str(home),
        "HOME": str(home),
    }
    (home / "s3").mkdir()
    with server.log.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-c", DIE_WITH_PARENT, str(os.getpid()), *command],
            cwd=home,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait(server: StandIn, process: subprocess.Popen[bytes]) -> None:
    end_s = time.monotonic() + START_SECONDS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(server.plain_endpoint, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > end_s:
                said = server.log.read_text("utf-8", "replace").strip().splitlines()[-1:] or ["it wrote nothing"]
                raise StandInError(f"{server.kind} did not start: {said[0]}") from error
            time.sleep(0.2)


def _refuse_strangers(process: subprocess.Popen[bytes]) -> None:
    """Raise if the server listens anywhere but on loopback; Linux tells that in /proc."""
    sockets = set()
    for entry in Path(f"/proc/{process.pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            sockets.add(entry.readlink().name.removeprefix("socket:[").removesuffix("]"))
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/{process.pid}/net/{table}")
        rows = [line.split() for line in path.read_text("ascii").splitlines()[1:]] if path.exists() else []
        for row in rows:
            address = row[1].partition(":")[0]
            if row[3] == "0A" and row[9] in sockets and not _is_loopback(address):
                raise StandInError("the stand-in listens to other machines; it was ended")


def _is_loopback(address: str) -> bool:
    """Whether an address of /proc/net/tcp is loopback; its bytes are in the machine's order, four at a time."""
    raw = b"".join(bytes.fromhex(address[start : start + 8])[::-1] for start in range(0, len(address), 8))
    text = socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
    return text == "::1" or text.startswith(("127.", "::ffff:127."))
