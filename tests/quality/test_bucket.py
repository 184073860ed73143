"""The gate beside the data: a day that waits in a bucket, and Data Docs that go there."""

from __future__ import annotations

import json
from datetime import date, timedelta
from urllib.parse import unquote

import pytest

from payloom import World
from payloom.cli.main import run
from payloom.config import make_config
from payloom.errors import ConflictError
from payloom.pipeline.validate import GateOptions, validate
from payloom.storage.address import open_store
from tests.counts import count
from tests.servers.seaweed import SeaweedServer

DAYS = (
    "2025-12-25", "2028-02-29", "2031-11-28", "2026-03-29", "2027-10-31",
    "2025-01-01", "2026-03-08", "2026-11-01", "2029-12-24", "2034-12-31",
    "2029-01-31", "2030-02-01", "2025-07-04", "2032-02-29", "2033-05-17",
    "2027-11-26", "2030-12-26", "2031-06-15", "2032-08-08", "2034-04-09",
)  # fmt: skip
"""Christmas, leap days, Black Fridays, clock changes in Europe and America, ends of months, and others."""


@pytest.fixture
def root(s3_server: SeaweedServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of an empty bucket."""
    for name, value in s3_server.env().items():
        monkeypatch.setenv(name, value)
    return f"s3://{s3_server.bucket()}"


def staged(root: str, day: str, **world: object) -> str:
    """Make a day of the preset for schedulers where it waits."""
    address = f"{root}/_staging/day={day}"
    config = make_config({"world": world} if world else None, preset="airflow")
    World(config).generate(address, start=day, end=date.fromisoformat(day) + timedelta(days=1), workers=1)
    return address


def judged(address: str, docs: str, capfd: pytest.CaptureFixture[str], code: int = 0) -> dict[str, object]:
    """Judge a day as a task of a scheduler does."""
    assert run(["validate", address, "--docs", docs, "--json"]) == code
    answer: dict[str, object] = json.loads(capfd.readouterr().out)
    return answer


@pytest.mark.integration
def test_pages_of_a_staged_day_go_to_the_bucket(root: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The answer names the first page; all that it leads to is there; judged again, the same objects are replaced."""
    address, docs = staged(root, "2028-02-29", rows=365_200), f"{root}/reports/day=2028-02-29/"
    answer = judged(address, docs, capfd)
    assert (answer["passed"], answer["docs"]) == (True, f"{root}/reports/day=2028-02-29/index.html")
    store = open_store(docs)
    before = {entry.key for entry in store.list("")}
    index = (store.read("index.html") or b"").decode()
    links = [unquote(text.partition('"')[0]) for text in index.split('href="')[1:]]
    assert len(links) == 4
    assert set(links) | {"index.html"} == before
    assert judged(address, docs, capfd)["passed"]
    assert {entry.key for entry in store.list("")} == before


def test_a_poisoned_day_has_its_report_there(root: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A day that does not pass ends with 3, and its pages are in the bucket all the same."""
    address = staged(root, "2025-03-14", rows=365_200)
    store = open_store(address)
    part = next(entry.key for entry in store.list("payments"))
    store.put(part, b"PAR1" + bytes(1_000) + b"PAR1")
    answer = judged(address, f"{root}/reports/day=2025-03-14", capfd, code=3)
    assert answer["passed"] is False
    assert b"rules fail" in (open_store(f"{root}/reports/day=2025-03-14").read("index.html") or b"")


def test_pages_have_no_place_between_the_data(root: str) -> None:
    """Pages in a table's folder would be read as data: refused before anything is judged."""
    address = staged(root, "2025-03-14", rows=36_520)
    with pytest.raises(ConflictError, match="lies inside of the data set"):
        validate(address, GateOptions(docs=f"{address}/payments/docs"))
    assert not [entry.key for entry in open_store(address).list("payments") if "docs" in entry.key]


@pytest.mark.integration
@pytest.mark.parametrize("day", DAYS[: count(5, 20)])
def test_no_false_alarm_of_a_single_day(day: str, root: str) -> None:
    """A day of the preset for schedulers, alone in its place, passes whichever day it is."""
    report = validate(staged(root, day))
    assert [(result.rule.name, result.found, result.expected) for result in report.failed] == []
    assert 4_000 < report.rows < 20_000
