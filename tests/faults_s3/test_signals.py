"""SIGINT and SIGTERM while S3 hangs, answers late, or answers: out in time, nothing left behind where S3 answers."""

import os
import signal
import time

import pytest

from tests.faults_s3.kinds import NAMES
from tests.faults_s3.lab import Run, broken_promises
from tests.faults_s3.sources import QuickSource

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
LONG_SECONDS = 60.0
MULTIPART = ("multipart_start", "multipart_part", "multipart_complete")
SHORT = (signal.SIGINT, "multipart_part")
EVERY = [(signal_number, stage) for signal_number in CODES for stage in (*MULTIPART, "put", "create", "list", "get")]
UPLOADING = [
    pytest.param(number, stage, marks=() if (number, stage) == SHORT else pytest.mark.integration)
    for number in CODES
    for stage in MULTIPART
]


def wait_for_fault(proxy, seconds: float = 20.0) -> None:
    """Return when a request has met its fault."""
    deadline = time.monotonic() + seconds
    while not proxy.faults:
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.005)


def ends_in_time(run: Run, code: int, seconds: float = 5.0) -> list[str]:
    """Say what is wrong with the end of a run that was signalled just now."""
    started = time.monotonic()
    run.wait(12)
    problems = [] if run.code == code else [f"exit code {run.code}: {run.said}"]
    if time.monotonic() - started > seconds:
        problems.append(f"it took {time.monotonic() - started:.1f} s")
    if "Traceback" in run.said:
        problems.append(run.said)
    return problems


@pytest.mark.integration
@pytest.mark.parametrize(("number", "stage"), EVERY)
@pytest.mark.parametrize("name", NAMES)
def test_a_signal_while_s3_hangs(name, number, stage, kinds, place, proxy, figure):
    """130 or 143 within 5 seconds though nobody answers; the same command finishes later."""
    kind = kinds[name]
    proxy.plan(stage, "hang", always=True)
    run = kind.start(place, endpoint=proxy.endpoint, timeout=LONG_SECONDS)
    wait_for_fault(proxy)
    os.kill(run.pid, number)
    problems = ends_in_time(run, CODES[number])
    proxy.reset()
    problems += kind.aftermath(place, uploads_may_stay=True)
    figure(f"{name} to S3, a signal while S3 hangs", 1, not problems)
    assert problems == []


@pytest.mark.parametrize(("number", "stage"), UPLOADING)
@pytest.mark.parametrize(
    ("name", "workers"),
    [
        ("publish", 1),
        pytest.param("generate", 1, marks=pytest.mark.integration),
        pytest.param("generate", 2, marks=pytest.mark.integration),
    ],
)
def test_a_signal_while_s3_answers(name, workers, number, stage, kinds, lab, place, proxy, figure):
    """When S3 answers again, the upload is aborted before the run ends: no unfinished upload stays."""
    kind = kinds[name]
    settings = {"workers": workers} if name == "generate" else {}
    # Slow for some seconds: the signal comes in the middle of an upload that goes on.
    proxy.plan(stage, "slow", always=True, delay_seconds=0.03)
    run = kind.start(place, endpoint=proxy.endpoint, timeout=LONG_SECONDS, **settings)
    wait_for_fault(proxy)
    time.sleep(0.1)
    os.kill(run.pid, number)
    problems = ends_in_time(run, CODES[number])
    if len(run.said.splitlines()) != 2 or number.name not in run.said:
        problems.append(f"it said {run.said}")
    proxy.reset()
    problems += kind.aftermath(place)
    figure(f"{name} to S3, a signal while S3 answers", 1, not problems)
    assert problems == []


@pytest.mark.integration
@pytest.mark.parametrize("workers", [1, 2])
def test_the_terminal_signals_the_whole_group(workers, kinds, lab, place, proxy):
    """Ctrl-C reaches workers too; they leave the decision to the run, which has them abort their uploads."""
    source = QuickSource(rows=kinds["generate"].source.rows, months=2)
    proxy.plan("multipart_part", "slow", always=True, delay_seconds=0.03)
    run = lab.generate(source, place.url, workers=workers, endpoint=proxy.endpoint, timeout=LONG_SECONDS)
    wait_for_fault(proxy)
    os.killpg(run.pid, signal.SIGINT)
    assert ends_in_time(run, 130) == []
    assert len(run.said.splitlines()) == 2
    assert place.unfinished() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.integration)])
@pytest.mark.parametrize("name", ["publish", pytest.param("generate", marks=pytest.mark.integration)])
def test_a_second_signal_kills(name, number, kinds, place, proxy):
    """Whoever does not want to wait for the abort of an upload sends the signal again."""
    kind = kinds[name]
    proxy.plan("multipart_part", "hang", always=True)
    run = kind.start(place, endpoint=proxy.endpoint, timeout=LONG_SECONDS)
    wait_for_fault(proxy)
    os.kill(run.pid, number)
    time.sleep(0.3)
    again = time.monotonic()
    os.kill(run.pid, number)
    assert run.wait(10) in {-number, CODES[number]}
    assert time.monotonic() - again < 1
    proxy.reset()
    assert broken_promises(place.tree(), kind.whole) == []
    assert list(kind.aftermath(place, uploads_may_stay=True)) == []
