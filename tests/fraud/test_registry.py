"""Typologies are found where they lie: in this package, and in others by entry point."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from payloom.fraud.registry import shipped, shipped_planted
from tests.cli.shell import payloom

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scenarios" / "your-own.md"
MOST_LINES = 30

USE = """
import polars as pl
from payloom import World
mix = {"gift_cards": 0.5, "card_testing": 0.5}
world = World({"world": {"rows": 4_000, "fraud_rate": "0.05"}, "fraud": {"mix": mix}, "planted": {"mix": {}}})
labels = world.fraud_labels().join(world.payments(), on="transaction_id")
own = labels.filter(pl.col("typology").cast(pl.String) == "gift_cards")
local = pl.col("event_time") + pl.duration(minutes=pl.col("local_offset_min"))
lunch = own.select(local.dt.hour().is_between(10, 15).all()).item()
print(labels.height, own.height, own["terminal_id"].null_count(), lunch)
"""


def code_of_the_page(language: str) -> list[str]:
    """Blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the package of the page, installed as pip would leave it."""
    (code,) = code_of_the_page("python")
    (tmp_path / "gift_cards.py").write_text(code)
    entry = re.search(r'entry-points\."(.+?)"\]\n(\w+) = "(.+?)"', code_of_the_page("toml")[0])
    assert entry
    metadata = tmp_path / "gift_cards-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: gift-cards\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{entry[1]}]\n{entry[2]} = {entry[3]}\n")
    return tmp_path


def beside(installed: Path) -> str:
    """Code that makes the package importable."""
    return f"import sys; sys.path.insert(0, {str(installed)!r})"


@pytest.mark.parametrize(("folder", "found"), [("typologies", shipped), ("planted", shipped_planted)])
def test_every_module_of_a_typology_is_found(folder, found) -> None:
    """A typology is one file: whoever lies beside the others is there, with the name of its file."""
    place = Path(sys.modules["payloom.fraud.registry"].__file__ or "").with_name(folder)
    assert set(found()) == {path.stem for path in place.glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("name", sorted({*shipped(), *shipped_planted()}))
def test_every_kind_has_a_page_and_a_line_in_the_index(name: str) -> None:
    """The page says what happens, what it looks like, its knobs and its sources; the index links it."""
    page = (PAGE.parent / f"{name}.md").read_text("utf-8")
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert headings == ["What happens", "What it looks like in the data", "Knobs", "Sources"]
    assert f"`{name}`" in page
    assert f"[`{name}`]({name}.md)" in (PAGE.parent / "README.md").read_text("utf-8")


def test_the_page_s_typology_is_short() -> None:
    """What the documents show takes at most thirty lines, empty ones included."""
    (code,) = code_of_the_page("python")
    assert len(code.splitlines()) <= MOST_LINES


def test_a_package_adds_a_typology_by_entry_point(installed: Path) -> None:
    """The page's typology has its share of the fraud, its name in the labels, and its habits in the payments."""
    done = subprocess.run(
        [sys.executable, "-c", f"{beside(installed)}\n{USE}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["200", "100", "100", "True"]


def test_scenarios_lists_and_tells_it(installed: Path) -> None:
    """The command line knows it too, and shows its settings and a story."""
    (installed / "world.toml").write_text("[world]\nrows = 10_000\n" + code_of_the_page("toml")[1])
    config = ("--config", str(installed / "world.toml"), "--json")
    done = payloom("scenarios", *config, before=beside(installed))
    assert done.returncode == 0, done.stderr
    listed = {one["name"]: one for one in json.loads(done.stdout)["scenarios"]}
    assert listed["gift_cards"]["share"] == 0.3
    assert listed["gift_cards"]["expected_payments"] == 9
    done = payloom("scenarios", "show", "gift_cards", *config, before=beside(installed))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {setting["name"]: setting["value"] for setting in told["settings"]}["mean_size"] == 6.0
    assert len(told["rows"]) == 5


def test_a_broken_package_harms_nobody(installed: Path) -> None:
    """A plug-in that cannot be imported is left out, and everything else goes on."""
    (installed / "gift_cards.py").write_text("raise RuntimeError('broken')\n")
    done = payloom("scenarios", "--json", before=beside(installed))
    assert done.returncode == 0, done.stderr
    names = {one["name"] for one in json.loads(done.stdout)["scenarios"]}
    assert "gift_cards" not in names
    assert set(shipped()) <= names
