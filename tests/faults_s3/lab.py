"""Runs of the product against a bucket, and what lies in the bucket after them."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.trees import Tree, data_and_manifests
from tests.faults_s3.sources import QuickSource
from tests.servers.seaweed import SeaweedServer

ROOT = Path(__file__).resolve().parents[2]
PART_BYTES = 5 << 20
TIMEOUT_SECONDS = 1.0
#: What a run that takes long says now and then where no bar can be drawn.
PROGRESS = re.compile(r"[\d.,]+ \w+ of [\d.,]+ \w+ \(\d+%\)")


class Starter:
    """The process that forks the runs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults_s3.starter"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            self.end()
            raise AssertionError("the starter ended at once")

    def ask(self, order: dict[str, Any]) -> Any:
        """Send an order and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        """End the process."""
        self._process.communicate(timeout=10)


@dataclass
class Run:
    """A process of the product."""

    starter: Starter
    pid: int
    stdout: Path
    stderr: Path
    started_at: float
    code: int | None = None
    seconds: float = 0.0

    def wait(self, seconds: float = 60.0) -> int:
        """Return the exit code, or minus the signal that killed it; a process that does not end is a failure."""
        if self.code is None:
            self.code = self.starter.ask({"wait": self.pid, "seconds": seconds})
            self.seconds = time.monotonic() - self.started_at
        if self.code is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.starter.ask({"wait": self.pid, "seconds": 10})
            raise AssertionError(f"still running after {seconds} s; said: {self.said}")
        return self.code

    @property
    def said(self) -> str:
        """What it wrote to stderr."""
        return self.stderr.read_text()

    @property
    def printed(self) -> str:
        """What it wrote to stdout."""
        return self.stdout.read_text()

    def bad_manners(self) -> list[str]:
        """More than a line with the cause and one with the way out, or a traceback."""
        lines = [line for line in self.said.splitlines() if not PROGRESS.match(line)]
        if self.code == 0:
            return [f"exit code 0, and it said {lines}"] if lines else []
        words = [line.partition(":")[0] for line in lines]
        return [] if words == ["error", "fix"] else [f"exit code {self.code}, and it said {lines}"]


@dataclass
class Place:
    """A prefix of the bucket, for one case."""

    lab: Lab
    prefix: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"s3://{self.lab.bucket}/{self.prefix}"

    def listing(self) -> list[str]:
        """Every key, without the prefix."""
        pages = self.lab.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.lab.bucket, Prefix=f"{self.prefix}/"
        )
        return [entry["Key"][len(self.prefix) + 1 :] for page in pages for entry in page.get("Contents", ())]

    def read(self, key: str) -> bytes:
        """The bytes of an object."""
        answer = self.lab.client.get_object(Bucket=self.lab.bucket, Key=f"{self.prefix}/{key}")
        return bytes(answer["Body"].read())

    def write(self, key: str, data: bytes) -> None:
        """Write an object as a stranger would."""
        self.lab.client.put_object(Bucket=self.lab.bucket, Key=f"{self.prefix}/{key}", Body=data)

    def delete(self, key: str) -> None:
        """Delete an object as a stranger would."""
        self.lab.client.delete_object(Bucket=self.lab.bucket, Key=f"{self.prefix}/{key}")

    def tree(self) -> Tree:
        """sha256 of every object by its key, of bytes that are read."""
        return {key: hashlib.sha256(self.read(key)).hexdigest() for key in self.listing()}

    def unfinished(self) -> list[str]:
        """Multipart uploads that were neither completed nor aborted."""
        listing = self.lab.client.list_multipart_uploads(Bucket=self.lab.bucket, Prefix=f"{self.prefix}/")
        return [upload["Key"] for upload in listing.get("Uploads", ())]

    def clear(self) -> None:
        """Remove every object."""
        for key in self.listing():
            self.delete(key)


@dataclass
class Lab:
    """A server, a bucket and processes that use them."""

    server: SeaweedServer
    starter: Starter
    folder: Path
    bucket: str = field(init=False)
    client: Any = field(init=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.bucket, self.client = self.server.bucket(), self.server.client()

    def place(self) -> Place:
        """A prefix that no other case knows."""
        return Place(self, f"case-{next(self._numbers)}")

    def command(
        self,
        *arguments: str,
        endpoint: str | None = None,
        env: dict[str, str | None] | None = None,
        start_at: float = 0.0,
    ) -> Run:
        """Start `payloom` with these arguments."""
        return self._start({"arguments": list(arguments)}, endpoint, env, start_at)

    def publish(self, source: Path, place: Place, *more: str, timeout: float = TIMEOUT_SECONDS, **settings: Any) -> Run:
        """Start `payloom publish` with parts of 5 MiB."""
        arguments = ["publish", str(source), place.url, "--timeout", str(timeout), "--part-size", "5MiB", *more]
        return self.command(*arguments, **settings)

    def generate(
        self,
        source: QuickSource,
        out: str,
        *,
        timeout: float = TIMEOUT_SECONDS,
        workers: int = 1,
        overwrite: bool = False,
        endpoint: str | None = None,
        env: dict[str, str | None] | None = None,
        start_at: float = 0.0,
    ) -> Run:
        """Start what `payloom generate` does, with a source of these tests."""
        order = {
            "source": {name: value for name, value in vars(source).items() if name != "failure"},
            "out": out,
            "options": {"workers": workers, "overwrite": overwrite},
            "store": {"timeout_seconds": timeout, "part_size_bytes": PART_BYTES},
        }
        return self._start(order, endpoint, env, start_at)

    def _start(
        self, order: dict[str, Any], endpoint: str | None, env: dict[str, str | None] | None, start_at: float
    ) -> Run:
        number = next(self._numbers)
        wanted = self.server.env(endpoint) | {"NO_COLOR": "1"} | (env or {})
        stdout, stderr = self.folder / f"{number}.out", self.folder / f"{number}.err"
        whole = {
            **order,
            "stdout": str(stdout),
            "stderr": str(stderr),
            "env": {name: value for name, value in wanted.items() if value is not None},
            "start_at": start_at,
        }
        return Run(self.starter, self.starter.ask(whole), stdout, stderr, time.monotonic())


def broken_promises(found: Tree, whole: Tree) -> list[str]:
    """What is visible and differs from the undisturbed run's; a manifest promises every part."""
    visible = data_and_manifests(found)
    wrong = [key for key, digest in visible.items() if whole.get(key) != digest]
    if any(key.startswith("_payloom/manifests/") for key in visible):
        wrong += [f"{key} is missing" for key in data_and_manifests(whole) if key not in visible]
    return wrong


def kept(found: Tree) -> Tree:
    """A tree without claims, which a run that died leaves until `payloom clean`."""
    return {key: digest for key, digest in found.items() if not key.startswith("_payloom/claims/")}
