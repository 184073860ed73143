"""A real S3 server for tests: one for each pytest process, started when a test first asks for it."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts import s3_server as launcher
from scripts.local_server import HOST, ServerError
from scripts.s3_server import REGION, Keys
from tests.servers.proxy import FaultProxy

#: Two tries would do: the system's free ports can be taken before the server opens them.
START_TRIES = 3
#: Where the server puts local sockets, whatever TMPDIR says; killed, it leaves them.
SOCKETS = Path("/tmp")
#: Becomes the server after asking Linux to kill it when its parent dies; argv is the server's command.
DIE_WITH_PARENT = """
import ctypes, os, signal, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() == parent:
    os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True)
class SeaweedServer:
    """Where the server is and how to sign in.

    `endpoint` is its address as a URL, `address` as host and port; `home` holds its data and log.
    """

    ports: dict[str, int]
    keys: Keys
    home: Path
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def endpoint(self) -> str:
        """The address for clients."""
        return f"http://{HOST}:{self.ports['s3.port']}"

    @property
    def address(self) -> tuple[str, int]:
        """The address for a proxy."""
        return HOST, self.ports["s3.port"]

    @property
    def access_key(self) -> str:
        """Who signs."""
        return self.keys.access_key

    @property
    def secret_key(self) -> str:
        """What signs."""
        return self.keys.secret_key

    def client(self, endpoint: str | None = None, **config: Any) -> Any:
        """Give a boto3 client, of a proxy's address if one is given; `config` goes to botocore's `Config`."""
        return launcher.client(endpoint or self.endpoint, self.keys, **config or {"read_timeout": 60})

    def bucket(self) -> str:
        """Create an empty bucket that no other test knows, and give its name."""
        name = f"payloom-test-{os.getpid()}-{next(self._numbers)}"
        self.client().create_bucket(Bucket=name)
        return name

    def env(self, endpoint: str | None = None) -> dict[str, str]:
        """Give the environment of a subprocess that uses this server: this process's, without other AWS settings."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return own | {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            # No settings of the person who runs the tests, and no waiting for a machine role.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }

    def keys_and_etags(self, bucket: str, prefix: str = "") -> dict[str, str]:
        """Every object of a bucket with its ETag."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {entry["Key"]: entry["ETag"] for page in pages for entry in page.get("Contents", [])}

    def unfinished_uploads(self, bucket: str) -> list[str]:
        """Keys of the multipart uploads that were neither completed nor aborted."""
        listing = self.client().list_multipart_uploads(Bucket=bucket)
        return [upload["Key"] for upload in listing.get("Uploads", [])]


@contextlib.contextmanager
def seaweed() -> Iterator[SeaweedServer]:
    """Run a server until the context ends, or this process does."""
    with tempfile.TemporaryDirectory(prefix="payloom-s3-", ignore_cleanup_errors=True) as folder:
        server = _start(Path(folder))
        try:
            yield server
        finally:
            _kill(server)


def _start(home: Path) -> SeaweedServer:
    keys = Keys.draw()
    launcher.write_identity(home, keys)
    (home / "data").mkdir()
    for left in reversed(range(START_TRIES)):
        ports = launcher.free_ports()
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", DIE_WITH_PARENT, str(os.getpid()), *launcher.command(home, ports)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=home,
            )
        server = SeaweedServer(ports, keys, home, process)
        try:
            launcher.wait_until_ready(process, ports, keys, home / "log")
        except BaseException as error:
            _kill(server)
            if left and isinstance(error, ServerError):
                continue
            raise
        return server
    raise AssertionError("unreachable")


def _kill(server: SeaweedServer) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    for port in server.ports.values():
        for left_over in SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
            left_over.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[SeaweedServer]:
    """The S3 server of this pytest process."""
    with seaweed() as server:
        yield server


@pytest.fixture
def s3_proxy(s3_server: SeaweedServer) -> Iterator[FaultProxy]:
    """A fault proxy of its own for each test, in front of `s3_server`."""
    with FaultProxy(s3_server.address) as proxy:
        yield proxy
