"""The page of features says what the features declare, and its example runs."""

import re

from payloom.features.catalogue import FEATURES
from scripts.write_features_doc import PAGE, main


def test_page_is_up_to_date() -> None:
    """The page is what the script would write."""
    assert main(["--check"]) == 0, "run python scripts/write_features_doc.py"


def test_page_names_every_feature() -> None:
    """Each feature has a line."""
    text = PAGE.read_text("utf-8")
    assert [feature.name for feature in FEATURES if f"| `{feature.name}` |" not in text] == []


def test_a_changed_page_is_noticed(tmp_path) -> None:
    """An edited copy differs, and is mended by writing."""
    copy = tmp_path / "features.md"
    copy.write_text(PAGE.read_text("utf-8").replace("customer", "client", 1), "utf-8")
    assert main(["--check"], copy) == 1
    assert main([], copy) == 0
    assert main(["--check"], copy) == 0


def test_the_example_runs() -> None:
    """The Python of the page gives one row for each payment."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict = {}
    exec(code, names)
    assert names["matrix"].shape == (10_000, len(FEATURES))
