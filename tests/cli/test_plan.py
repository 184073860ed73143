"""``payloom plan``: what a run would make and take, as a table and as JSON."""

import json

import pytest

from payloom.cli.main import run


def test_the_table_goes_up_to_a_hundred_billion(capfd: pytest.CaptureFixture[str], tmp_path, monkeypatch) -> None:
    """The run asked for comes first, then larger ones; nothing is written."""
    monkeypatch.chdir(tmp_path)
    assert run(["plan", "--rows", "50_000"]) == 0
    lines = capfd.readouterr().out.splitlines()
    numbers = [line.split()[0] for line in lines if line.split() and line.split()[0][0].isdigit()]
    assert numbers == ["50,000", *(f"{10**exponent:,}" for exponent in range(7, 12))]
    assert list(tmp_path.iterdir()) == []


def test_the_plan_as_json(capfd: pytest.CaptureFixture[str]) -> None:
    """Counts are exact; a day does not hold ten billion payments, and the plan says so."""
    assert run(["plan", "--rows", "50_000", "--end", "2025-01-02", "--fraud-rate", "0.01", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["rows"], told["fraud_rows"]) == (50_000, 500)
    assert [one["rows"] for one in told["scales"]] == [10**7, 10**8, 10**9]
    assert told["too_many_rows"] == [10**10, 10**11]
