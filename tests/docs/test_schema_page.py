"""The page of tables says what the schema declares."""

from pathlib import Path

from payloom.schema import TABLES
from scripts.write_schema_doc import PAGE, main


def test_page_is_up_to_date() -> None:
    assert main(["--check"]) == 0, "run python scripts/write_schema_doc.py"


def test_page_names_every_column() -> None:
    text = PAGE.read_text("utf-8")
    missing = [c.name for table in TABLES.values() for c in table.columns if f"| `{c.name}` |" not in text]
    assert missing == []


def test_a_changed_page_is_noticed(tmp_path: Path) -> None:
    copy = tmp_path / "schema.md"
    copy.write_text(PAGE.read_text("utf-8").replace("int64", "int32", 1), "utf-8")
    assert main(["--check"], copy) == 1
    assert main([], copy) == 0
    assert main(["--check"], copy) == 0
