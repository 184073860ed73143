"""The environment of Spark and of the stand-in for Glue and Athena, and how tests talk to both."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from scripts import aws_stand_in
from scripts.aws_stand_in import StandIn
from scripts.local_server import HOST

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-athena" / "bin" / "python"
SPARK = Path(__file__).with_name("athena_spark.py")
SPARK_SECONDS = 300
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


@contextlib.contextmanager
def stand_in(home: Path) -> Iterator[StandIn]:
    """Run ministack in a new folder, until the context ends or this process does."""
    with aws_stand_in.stand_in("ministack", environment().parent, home) as server:
        yield server


def settings(server: StandIn) -> dict[str, str]:
    """Variables in which the command line finds a stand-in, and nothing of the person who runs the tests."""
    return {**server.settings(), "AWS_SESSION_TOKEN": ""}


def put_folder(server: StandIn, folder: Path, bucket: str, prefix: str) -> None:
    """Copy a data set into a bucket."""
    speaker = server.client("s3")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".lock":
            speaker.upload_file(str(path), bucket, f"{prefix}/{path.relative_to(folder).as_posix()}")
