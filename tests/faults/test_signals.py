"""SIGINT and SIGTERM: out within 5 seconds, nothing half-visible, nobody left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from payloom.pipeline.generate import generate
from tests.counts import count
from tests.engine.fake_source import FakeSource
from tests.faults.trees import broken_promises, tree

ROOT = Path(__file__).resolve().parents[2]
SOURCE: dict[str, Any] = {"rows": 2000, "months": 3}


def start(out: Path, *, workers: int, **source: object) -> subprocess.Popen:
    arguments = [str(out), json.dumps(SOURCE | source), json.dumps({"workers": workers})]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.runner", *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(condition, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    if sys.platform != "linux":
        return []
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.fixture
def whole(tmp_path):
    generate(FakeSource(**SOURCE), tmp_path / "whole")
    return tree(tmp_path / "whole")


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_in_good_order(workers, number, code, tmp_path, whole):
    """130 or 143 within 5 seconds, one line, no staging left, no orphan; the next run finishes."""
    out = tmp_path / "out"
    process = start(out, workers=workers, seconds=0.3)
    wait_for(lambda: list(out.glob("customers/*.parquet")))
    helpers = children(process.pid)
    started = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=10)
    assert process.returncode == code
    assert time.monotonic() - started < 5
    assert said.count("\n") == 1
    assert number.name in said
    assert not (out / "_payloom/staging").exists()
    assert not any(map(alive, helpers))
    assert broken_promises(out, whole) == []
    summary = generate(FakeSource(**SOURCE), out)
    assert summary.kept_parts >= 1
    assert tree(out) == whole


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
@pytest.mark.parametrize("wait_ms", range(0, 150, count(50, 10)))
def test_ctrl_c_while_workers_start_is_one_line(wait_ms, tmp_path):
    """The terminal's signal goes to the whole group; no worker answers it with a traceback of its imports."""
    process = start(tmp_path / "out", workers=2, seconds=0.3)
    wait_for(lambda: children(process.pid))
    time.sleep(wait_ms / 1000)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert said.count("\n") == 1, said


def test_the_second_signal_kills(tmp_path, whole):
    """A run that can't stop (its kernel sleeps) dies of the second signal at once."""
    out = tmp_path / "out"
    process = start(out, workers=1, seconds=30, asleep=str(tmp_path / "asleep"))
    wait_for((tmp_path / "asleep").exists)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=2)
    assert process.returncode == 128 + signal.SIGTERM
    assert broken_promises(out, whole) == []


def test_a_kernel_that_hangs_does_not_keep_the_run(tmp_path, whole):
    """One signal is enough even if the source never comes back."""
    process = start(tmp_path / "out", workers=1, seconds=60, asleep=str(tmp_path / "asleep"))
    wait_for((tmp_path / "asleep").exists)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130
    assert time.monotonic() - started < 5
    assert broken_promises(tmp_path / "out", whole) == []


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_workers_die_with_their_run(tmp_path, whole):
    """kill -9 of the run leaves no worker that goes on writing."""
    out = tmp_path / "out"
    process = start(out, workers=2, seconds=0.3)
    wait_for(lambda: list(out.glob("customers/*.parquet")))
    helpers = children(process.pid)
    assert len(helpers) == 2
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    wait_for(lambda: not any(map(alive, helpers)), seconds=5)
    assert broken_promises(out, whole) == []
    generate(FakeSource(**SOURCE), out)
    assert tree(out) == whole
