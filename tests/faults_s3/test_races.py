"""Two runs at once into the same place: one tree, and whoever can't have what it wants is told."""

import time
from pathlib import Path

import pytest

from tests.faults_s3.kinds import Kind
from tests.faults_s3.lab import Lab, Place, Run, broken_promises, kept
from tests.faults_s3.sources import QuickSource

LEAD_SECONDS = 0.03
TIMEOUT_SECONDS = 5.0
OTHER = QuickSource(seed=1)
DAY = "2025-01-05"
BETWEEN_SECONDS = (0.0, 0.0, 0.01, 0.03, 0.06)


def both(number: int, *starts: tuple[Lab, Path | QuickSource, Place]) -> list[Run]:
    """Start two runs at a common moment, some races with the second a little later, and wait for both."""
    first_at = time.monotonic() + LEAD_SECONDS
    moments = (first_at, first_at + BETWEEN_SECONDS[number % len(BETWEEN_SECONDS)])
    if number % 2:
        moments = moments[::-1]
    runs = []
    for (lab, what, place), start_at in zip(starts, moments, strict=True):
        if isinstance(what, Path):
            runs.append(lab.publish(what, place, timeout=TIMEOUT_SECONDS, start_at=start_at))
        else:
            runs.append(lab.generate(what, place.url, timeout=TIMEOUT_SECONDS, start_at=start_at))
    for run in runs:
        run.wait()
    return runs


def told(runs: list[Run]) -> str:
    """What two runs ended with, for a failure."""
    return f"{[run.code for run in runs]} {[run.said for run in runs]}"


def same_config(lab: Lab, kind: Kind, number: int) -> list[str]:
    """Both succeed; `number` decides who starts first."""
    place = lab.place()
    what = kind.folder if kind.name == "publish" else kind.source
    runs = both(number, (lab, what, place), (lab, what, place))
    problems = [] if [run.code for run in runs] == [0, 0] else [told(runs)]
    if kept(place.tree()) != kind.whole or place.unfinished():
        problems.append("another tree, or an unfinished upload")
    place.clear()
    return problems


def other_config(lab: Lab, kinds: tuple[Kind, Kind], number: int) -> list[str]:
    """One succeeds, the other is told: exit code 4."""
    place = lab.place()
    runs = both(number, *((lab, kind.folder if kind.name == "publish" else kind.source, place) for kind in kinds))
    codes = [run.wait() for run in runs]
    problems = [] if sorted(codes) == [0, 4] else [told(runs)]
    problems += [problem for run in runs for problem in run.bad_manners()]
    if 0 in codes and kept(place.tree()) != kinds[codes.index(0)].whole:
        problems.append("the tree is not that of the run that succeeded")
    place.clear()
    return problems


def overlapping(lab: Lab, kinds: tuple[Kind, Kind], number: int) -> list[str]:
    """Never both: a day, and the whole period of the same data set, would hold the day twice."""
    place = lab.place()
    runs = both(number, *((lab, kind.folder if kind.name == "publish" else kind.source, place) for kind in kinds))
    codes = [run.wait() for run in runs]
    problems = [] if sorted(codes) in ([0, 4], [4, 4]) else [told(runs)]
    problems += [problem for run in runs for problem in run.bad_manners()]
    if 0 in codes:
        found = kept(place.tree())
        problems += broken_promises(found, kinds[codes.index(0)].whole)
        if found != kinds[codes.index(0)].whole:
            problems.append("the tree is not that of the run that succeeded")
    elif any(key.startswith("_payloom/manifests/") for key in place.listing()):
        problems.append("both were refused, and there is a manifest")
    place.clear()
    return problems


@pytest.fixture(scope="module")
def rivals(lab, made) -> dict[str, tuple[Kind, Kind]]:
    """Pairs by what stands against what."""
    full, day = QuickSource(), QuickSource(day=DAY)
    return {
        name: (Kind.of(name, lab, full, made(full)), Kind.of(name, lab, OTHER, made(OTHER)))
        for name in ("publish", "generate")
    } | {
        f"{name}, a day": (Kind.of(name, lab, full, made(full)), Kind.of(name, lab, day, made(day)))
        for name in ("publish", "generate")
    }


ROUNDS = [
    pytest.param(2, id="some"),
    pytest.param(60, marks=pytest.mark.integration, id="many"),
]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_the_same_config_twice(rounds, lab, rivals, figure):
    """Two runs that bring the same both succeed, and leave one tree."""
    found = [same_config(lab, rivals[("publish", "generate")[number % 2]][0], number // 2) for number in range(rounds)]
    figure("two runs at once, the same config: both succeed, one tree", rounds, sum(not one for one in found))
    assert [problem for one in found for problem in one] == []


@pytest.mark.parametrize("rounds", ROUNDS)
def test_different_configs(rounds, lab, rivals, figure):
    """Of two data sets one gets the place, and the other run says so."""
    found = [other_config(lab, rivals[("publish", "generate")[number % 2]], number // 2) for number in range(rounds)]
    figure("two runs at once, different configs: one succeeds, one is told", rounds, sum(not one for one in found))
    assert [problem for one in found for problem in one] == []


@pytest.mark.parametrize(
    "rounds", [pytest.param(3, id="some"), pytest.param(120, marks=pytest.mark.integration, id="many")]
)
def test_overlapping_units(rounds, lab, rivals, figure):
    """A day and the full run of one data set: at most one succeeds, the other is told."""
    names = ("publish, a day", "generate, a day")
    found = [overlapping(lab, rivals[names[number % 2]], number // 2) for number in range(rounds)]
    figure("two runs at once, a day and the full run: never both", rounds, sum(not one for one in found))
    assert [problem for one in found for problem in one] == []
