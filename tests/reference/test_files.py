"""The files of the data folder: documented, clean, loaded without heavy imports, and errors that help."""

import csv
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from payloom.errors import CorruptionError
from payloom.reference import tables
from payloom.reference.tables import DATA_FOLDER, read_table

ROOT = Path(__file__).parents[2]
README = (DATA_FOLDER / "README.md").read_text(encoding="utf-8")
TABLES = sorted(DATA_FOLDER.glob("*.csv"))


def test_readme_lists_every_file() -> None:
    listed = set(re.findall(r"^\| `([\w.]+)` \|", README, re.MULTILINE))
    assert listed == {path.name for path in DATA_FOLDER.iterdir()} - {"README.md"}


def test_readme_names_the_pinned_version_of_every_source() -> None:
    pins = dict(re.findall(r"^([\w-]+)==([^\s\\]+)", (ROOT / "requirements/reference.txt").read_text(), re.MULTILINE))
    sources = (ROOT / "requirements/reference.in").read_text().split("\n")
    for name in (line for line in sources if line and not line.startswith("#")):
        assert f"`{name}` {pins[name]}" in README


def test_readme_credits_geonames() -> None:
    assert "CC BY 4.0" in README
    assert "GeoNames" in README


def test_offsets_were_built_from_the_pinned_tzdata() -> None:
    """The tests compare with the development environment's tzdata: the two pins must move together."""
    assert f"`tzdata` {metadata.version('tzdata')}" in README


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_tables_are_rectangular_clean_and_lf_only(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    rows = list(csv.reader(text.splitlines()))
    assert len({len(row) for row in rows}) == 1
    assert all(cell == cell.strip() and cell.isprintable() for row in rows for cell in row)
    assert all(cell[:1] not in "=+@" or cell == "" for row in rows for cell in row)
    assert "\r" not in text
    assert text.endswith("\n")


def test_code_lists_load_without_numpy() -> None:
    """Start-up of the command line: NumPy alone would cost a tenth of a second."""
    program = (
        "import sys; from payloom.reference import load_trades, load_countries, load_currencies, load_cities;"
        "load_trades(); load_countries(); load_currencies(); load_cities(); print('numpy' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "False"


def test_tables_load_alike_in_any_locale() -> None:
    program = "from payloom.reference import load_cities; print(ascii(load_cities()))"
    outputs = {
        subprocess.run(
            [sys.executable, "-X", "utf8=0", "-c", program], check=True, capture_output=True, env={"LC_ALL": locale}
        ).stdout
        for locale in ("C", "C.UTF-8", "tr_TR.ISO-8859-9")
    }
    assert len(outputs) == 1


def test_a_missing_table_is_called_corrupt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tables, "DATA_FOLDER", tmp_path)
    with pytest.raises(CorruptionError, match="no such file"):
        read_table("cities.csv", ("a",))


def test_a_table_with_other_columns_is_called_corrupt() -> None:
    with pytest.raises(CorruptionError, match="columns"):
        read_table("cities.csv", ("a", "b"))
