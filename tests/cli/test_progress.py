"""Progress for people and programs."""

import json
from pathlib import Path

import pytest

from payloom.cli import progress
from payloom.cli.main import run
from payloom.cli.progress import ROWS, Lines, Pace, Records, progress_for


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [100.0]
    monkeypatch.setattr("payloom.cli.progress.time.monotonic", lambda: now[0])
    return now


def test_a_stream_of_records_for_programs(tmp_path: Path, monkeypatch, capfd: pytest.CaptureFixture[str]):
    """Every line of standard error is an object; the last one says that all is done; the summary is not among them."""
    monkeypatch.chdir(tmp_path)
    assert run(["generate", "--rows", "3000", "--progress", "json", "--json"]) == 0
    out, err = capfd.readouterr()
    records = [json.loads(line) for line in err.splitlines()]
    assert all(record["event"] == "progress" and record["unit"] == "rows" for record in records)
    assert records[-1]["done"] == records[-1]["total"] == 3000
    assert records[-1]["seconds_left"] == 0
    assert json.loads(out)["rows"] == 3000


def test_what_an_earlier_run_did_says_nothing_of_speed(clock):
    """600 of 1000 were there, 100 were made in ten seconds: 300 take thirty more."""
    pace = Pace()
    clock[0] += 10
    assert pace.per_second(700, 600) == pytest.approx(10)
    assert pace.seconds_left(700, 1000, 600) == pytest.approx(30)
    assert pace.seconds_left(600, 1000, 600) is None


def test_records_come_once_a_second_and_the_last_is_never_lost(clock, capfd: pytest.CaptureFixture[str]):
    """Three updates within a second are two lines: the first, and at the end the last."""
    with Records(ROWS) as shown:
        for done in (1, 2, 3):
            clock[0] += 0.2
            shown.update(done, 3)
    assert [json.loads(line)["done"] for line in capfd.readouterr().err.splitlines()] == [1, 3]


def test_lines_say_how_long_it_still_takes(clock, capfd: pytest.CaptureFixture[str]):
    """Share, rate and time left."""
    with Lines(ROWS) as shown:
        clock[0] += 10
        shown.update(2_500, 10_000)
    assert capfd.readouterr().err == "2,500 of 10,000 rows (25%), 250 rows/s, 30.0 s left\n"


def test_forms_of_progress():
    """Quiet wins; a form that is named needs no terminal."""
    assert isinstance(progress_for(ROWS, quiet=True, form="json"), progress.Silence)
    assert isinstance(progress_for(ROWS, quiet=False, form="none"), progress.Silence)
    assert isinstance(progress_for(ROWS, quiet=False, form="bar"), progress.Bar)
    assert isinstance(progress_for(ROWS, quiet=False, form="lines"), progress.Lines)
