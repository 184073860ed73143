"""``payloom scenarios``: a table, one kind as a story, and JSON."""

import json
from pathlib import Path

import pytest

from payloom.cli.main import run
from payloom.fraud.registry import shipped, shipped_planted
from tests.cli.shell import payloom

EVERY = {*shipped(), *shipped_planted()}


def test_the_list_has_a_line_for_each(capfd: pytest.CaptureFixture[str]) -> None:
    """One line a kind, with its share and its payments."""
    assert run(["scenarios", "--rows", "100_000"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines[1:] if line and line.split()[0] in EVERY} == EVERY
    assert sum(line.split()[0] in EVERY for line in lines if line) == len(EVERY)


def test_the_list_as_json_follows_the_config(capfd: pytest.CaptureFixture[str]) -> None:
    """Shares of the fraud sum to 1, and its payments to the frauds of the options."""
    assert run(["scenarios", "--rows", "50_000", "--fraud-rate", "0.01", "--json"]) == 0
    found = [one for one in json.loads(capfd.readouterr().out)["scenarios"] if one["is_fraud"]]
    assert sum(one["share"] for one in found) == pytest.approx(1)
    assert sum(one["expected_payments"] for one in found) == 500


def test_one_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    """Its story, settings with their source, page, and five payments."""
    assert run(["scenarios", "show", "corporate_card"]) == 0
    out = capfd.readouterr().out
    assert "docs/scenarios/corporate_card.md" in out
    assert "mean_size" in out
    assert "[estimate]" in out
    assert out.count(" genuine\n") + out.count(" own\n") == 5
    assert run(["scenarios", "show", "corporate_card", "--json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["rows"]) == 5


def test_a_slip_is_answered() -> None:
    """A name that does not exist ends with 2 and the name that was meant."""
    done = payloom("scenarios", "show", "corporate_crad")
    assert done.returncode == 2
    assert 'did you mean "corporate_card"?' in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("config",), ("scenarios",), ("generate", "--out", "data")])
def test_commands_refuse_the_same_mix(command: tuple[str, ...], tmp_path: Path) -> None:
    """What cannot be made because its package is broken is refused by every command, and nothing is written."""
    metadata = tmp_path / "broken-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[payloom.typologies]\nghost = no_such_module:Ghost\n")
    (tmp_path / "x.toml").write_text("[world]\nrows = 1_000\n[fraud.mix]\nghost = 1.0\n")
    before = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    done = payloom(*command, "--config", "x.toml", before=before, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert 'fraud.mix = "ghost"' in done.stderr
    assert "can be made" in done.stderr
    assert not (tmp_path / "data").exists()
