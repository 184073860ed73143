"""kill -9 at every request, before the server gets it and after it has done it; then the same command again."""

import os
import signal
from itertools import count as numbers
from queue import Queue

import pytest

from tests.faults_s3.kinds import NAMES, Kind
from tests.faults_s3.lab import Lab
from tests.faults_s3.watching import WatchingProxy

MOMENTS = ("kill_before", "kill_after")


def killed(kind: Kind, lab: Lab, proxy: WatchingProxy, moment: str, request: int) -> tuple[bool, list[str]]:
    """Kill a run at a request; say whether it came to that, and what does not hold afterwards."""
    place = lab.place()
    proxy.reset()
    pids: Queue[int] = Queue()
    proxy.plan("any", moment, nth=request, callback=lambda: os.kill(pids.get(timeout=10), signal.SIGKILL))
    run = kind.start(place, endpoint=proxy.endpoint)
    pids.put(run.pid)
    code = run.wait()
    happened = bool(proxy.faults)
    problems = [] if code == (-signal.SIGKILL if happened else 0) else [f"exit code {code}: {run.said}"]
    problems += kind.aftermath(place, uploads_may_stay=True)
    place.clear()
    return happened, [f"{kind.name}, {moment} {request}: {problem}" for problem in problems]


@pytest.mark.parametrize(
    ("name", "moment", "stride"),
    [
        pytest.param("publish", "kill_after", 20, id="some-publish"),
        pytest.param("generate", "kill_before", 30, id="some-generate"),
        *(
            pytest.param(name, moment, 1, marks=pytest.mark.integration, id=f"every-{name}-{moment}")
            for name in NAMES
            for moment in MOMENTS
        ),
    ],
)
def test_killed_at_a_request(name, moment, stride, kinds, lab, proxy, figure):
    """Nothing half-visible, and the same command ends in the same tree: no part is lost, none is there twice."""
    tried, found = 0, []
    for request in numbers(stride // 2 + 1, stride):
        happened, problems = killed(kinds[name], lab, proxy, moment, request)
        found.append(problems)
        if not happened:
            break
        tried += 1
    survived = tried - sum(bool(one) for one in found)
    figure(f"{name} to S3, kill -9 at a request{' (short)' if stride > 1 else ''}", tried, survived)
    assert [problem for one in found for problem in one] == []
    # As many as an undisturbed run makes.
    assert tried >= proxy.requests // stride
    assert tried >= (1 if stride > 1 else 40)
