"""The picture of the realism report is small, the same each time, and drawn whatever is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from payloom.realism.results import Structure
from scripts.draw_realism_picture import MAX_BYTES, draw
from tests.realism.page_report import difficulty, leak, report


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"difficulty": None},
        {"difficulty": None, "plots": (), "facts": (), "leaks": (), "structure": Structure(())},
        {"difficulty": replace(difficulty(), typologies=(), ageing=(), roc={})},
        {"leaks": (leak("$\\broken{$ <b>", 0.95, probe="\x00$"),)},
    ],
    ids=["whole", "without models", "empty", "models without parts", "hostile names"],
)
def test_the_picture_is_drawn_whatever_is_missing(tmp_path, changes: dict):
    """Each part can be absent, names are never formulas, and the file fits into a repository."""
    path = tmp_path / "report.png"
    draw(report(**changes), path)
    with Image.open(path) as picture:
        assert picture.size == (1320, 924)
    assert path.stat().st_size <= MAX_BYTES


def test_the_same_report_gives_the_same_picture(tmp_path):
    """No date or version is in the file."""
    for name in ("first.png", "second.png"):
        draw(report(), tmp_path / name)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
