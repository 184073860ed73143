"""The page of facts has every fact that is shipped."""

from pathlib import Path

import pytest

from payloom.realism.facts import load_facts
from scripts.write_realism_doc import PAGE, main


def test_page_has_every_fact() -> None:
    assert main(["--check"]) == 0, "run python scripts/write_realism_doc.py data"


def test_a_lagging_page_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A fact whose words changed is named."""
    fact = load_facts()[0]
    copy = tmp_path / "realism.md"
    copy.write_text(PAGE.read_text("utf-8").replace(fact.statement, ""), "utf-8")
    assert main(["--check"], copy) == 1
    assert fact.id in capsys.readouterr().out


def test_a_page_without_its_marks_is_refused(tmp_path: Path) -> None:
    """Tables are never written over somebody's text."""
    copy = tmp_path / "realism.md"
    copy.write_text("# Mine\n", "utf-8")
    (tmp_path / "theirs.csv").write_text("event_time,is_fraud\n2025-01-01 10:00:00,0\n", "utf-8")
    with pytest.raises(SystemExit, match="no place"):
        main([str(tmp_path / "theirs.csv"), "--tables"], copy)
    assert copy.read_text("utf-8") == "# Mine\n"
