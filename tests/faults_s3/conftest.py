"""The lab, the data sets, and the figures at the end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults_s3.kinds import NAMES, Kind
from tests.faults_s3.lab import Lab, Place, Starter
from tests.faults_s3.sources import LARGE_ROWS, QuickSource
from tests.faults_s3.watching import WatchingProxy

FIGURE = "faults survived"


@pytest.fixture(scope="session")
def lab(s3_server, tmp_path_factory) -> Iterator[Lab]:
    starter = Starter()
    yield Lab(s3_server, starter, tmp_path_factory.mktemp("runs"))
    starter.end()


@pytest.fixture(scope="session")
def made(lab, tmp_path_factory) -> Callable[[QuickSource], Path]:
    """The folder of a source's data set; made once."""
    known: dict[QuickSource, Path] = {}

    def folder(source: QuickSource) -> Path:
        if source not in known:
            out = tmp_path_factory.mktemp("source") / "data"
            run = lab.generate(source, str(out))
            assert run.wait() == 0, run.said
            known[source] = out
        return known[source]

    return folder


@pytest.fixture(scope="session")
def kinds(lab, made) -> dict[str, Kind]:
    """Both ways into a bucket, with a file that takes a multipart upload."""
    source = QuickSource(rows=LARGE_ROWS)
    return {name: Kind.of(name, lab, source, made(source)) for name in NAMES}


@pytest.fixture(scope="session")
def small_kinds(lab, made) -> dict[str, Kind]:
    """Both ways, with small files alone."""
    source = QuickSource()
    return {name: Kind.of(name, lab, source, made(source)) for name in NAMES}


@pytest.fixture
def proxy(lab) -> Iterator[WatchingProxy]:
    """A fault proxy of its own for each test."""
    with WatchingProxy(lab.server.address) as proxy:
        yield proxy


@pytest.fixture
def place(lab) -> Iterator[Place]:
    place = lab.place()
    yield place
    place.clear()


@pytest.fixture
def figure(record_property) -> Callable[[str, int, int], None]:
    """Note how many faults of a kind were tried and how many were survived."""

    def note(kind: str, tried: int, survived: int) -> None:
        record_property(FIGURE, [kind, tried, survived])

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures: also those of processes that ran tests for this one."""
    sums: dict[str, list[int]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()) if getattr(report, "when", "") == "call" else ():
                if name == FIGURE:
                    kind, tried, survived = value
                    both = sums.setdefault(kind, [0, 0])
                    both[0] += tried
                    both[1] += survived
    if sums:
        terminalreporter.section("faults tried, survived")
        for kind, (tried, survived) in sorted(sums.items()):
            terminalreporter.write_line(f"{tried:6,} {survived:6,}  {kind}")
