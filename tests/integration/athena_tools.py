"""The environment of Spark and of the stand-in for Glue and Athena, and how tests talk to both."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import botocore.exceptions
import pytest

from tests.servers.seaweed import DIE_WITH_PARENT

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-athena" / "bin" / "python"
SPARK = Path(__file__).with_name("athena_spark.py")
HOST = "127.0.0.1"
REGION = "eu-central-1"
SPARK_SECONDS = 300
START_SECONDS = 60
#: An empty AWS_PROFILE is a profile without a name.
NO_PROFILE = "import os; os.environ.pop('AWS_PROFILE', None)"


def environment() -> Path:
    """Make .venv-athena unless it is there, and give its Python; without a network it may be missing."""
    with (ROOT / "requirements" / "athena.txt").open() as pins:
        # Two tests at the same time must not both install.
        fcntl.flock(pins, fcntl.LOCK_EX)
        command = ["make", ".venv-athena/.stamp-athena"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode and os.environ.get("PAYLOOM_OFFLINE") == "1":
        pytest.skip("PAYLOOM_OFFLINE=1: packages cannot be installed")
    assert done.returncode == 0, (done.stdout + done.stderr).strip()[-500:]
    return PYTHON


def in_spark(statements: Sequence[str], home: Path) -> list[dict[str, Any]]:
    """Run statements one after the other in one Spark session with Hive; each gives `rows` or `error`.

    Everything that Spark, Hive and Derby write goes below `home`.
    """
    python = environment()
    assert shutil.which("java"), "Spark needs a Java runtime (on Debian: apt install openjdk-17-jre-headless)"
    (home / "statements.json").write_text(json.dumps(list(statements)), "utf-8")
    process = subprocess.Popen(
        [str(python), str(SPARK), str(home)],
        cwd=home,
        env={**os.environ, "SPARK_LOCAL_IP": HOST, "TMPDIR": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=SPARK_SECONDS)
    finally:
        # The Java process too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, said[-2000:]
    answers: list[dict[str, Any]] = json.loads((home / "answers.json").read_text("utf-8"))
    return answers


@dataclass(frozen=True)
class StandIn:
    """A server that has S3, Glue and an Athena that runs its queries."""

    port: int

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    def client(self, service: str) -> Any:
        """A boto3 client of one of its services."""
        config = botocore.config.Config(s3={"addressing_style": "path"}, connect_timeout=2, read_timeout=60)
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.session.Session().client(
            service, endpoint_url=self.endpoint, region_name=REGION, config=config, **keys
        )

    def env(self) -> dict[str, str]:
        """Environment in which the command line finds it, and nothing of the person who runs the tests."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_SESSION_TOKEN": "",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }

    def put_folder(self, folder: Path, bucket: str, prefix: str) -> None:
        """Copy a data set into a bucket."""
        speaker = self.client("s3")
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".lock":
                speaker.upload_file(str(path), bucket, f"{prefix}/{path.relative_to(folder).as_posix()}")


@contextlib.contextmanager
def stand_in(home: Path) -> Iterator[StandIn]:
    """Run the stand-in, on loopback alone, until the context ends or this process does."""
    program = environment().with_name("ministack")
    (home / "s3").mkdir()
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        server = StandIn(probe.getsockname()[1])
    settings: Mapping[str, str] = {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(server.port),
        "SERVICES": "s3,glue,athena,sts",
        "ATHENA_ENGINE": "duckdb",
        "S3_DATA_DIR": str(home / "s3"),
        "TMPDIR": str(home),
        "HOME": str(home),
    }
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", DIE_WITH_PARENT, str(os.getpid()), str(program)],
            cwd=home,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_ready(server, process, home / "log")
        _refuse_strangers(server)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(server: StandIn, process: subprocess.Popen[bytes], log: Path) -> None:
    end_s = time.monotonic() + START_SECONDS
    while True:
        try:
            server.client("s3").list_buckets()
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            assert process.poll() is None, log.read_text("utf-8", errors="replace")[-2000:]
            assert time.monotonic() < end_s, log.read_text("utf-8", errors="replace")[-2000:]
            time.sleep(0.2)
        else:
            return


def _refuse_strangers(server: StandIn) -> None:
    """Fail if the server answers on another address of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: this only asks which address would be used. RFC 5737 keeps this one for documents.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return
        address = probe.getsockname()[0]
    with socket.socket() as stranger:
        stranger.settimeout(2)
        assert address.startswith("127.") or stranger.connect_ex((address, server.port)) != 0, "not on loopback alone"
