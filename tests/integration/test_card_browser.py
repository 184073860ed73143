"""The model card in a real browser: quiet, alone, deaf to hostile names, as wide as a phone.

Needs a Chromium on the PATH (Debian: ``apt-get install chromium``) and is skipped without one.
"""

import re
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest

from payloom.tracking.card import write_card
from tests.integration.browser import CHROMIUM, Seen
from tests.profile.hostile import MARK, NAMES
from tests.tracking import card_values as values

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH; install it to try the card in a browser"),
]


def test_the_card_is_quiet_and_alone(tmp_path: Path) -> None:
    """No line in the console and no request to anywhere, whether everything was measured or nothing."""
    for name, evaluation in (("whole", values.evaluation()), ("empty", values.empty())):
        seen = Seen(write_card(evaluation, values.about(), tmp_path / f"{name}.html"), tmp_path)
        assert seen.console == []
        assert seen.requests == []
        assert 'id="limits"' in seen.dom


@pytest.mark.parametrize("turn", range(3))
def test_hostile_names_run_nothing(tmp_path: Path, turn: int) -> None:
    """What names bring is shown and not run, each at several places: no mark, no dialog, no error, no request."""
    names = cycle((*NAMES[turn::3], *NAMES))
    hostile = values.with_texts(values.evaluation(), names)
    about = replace(values.with_texts(values.about(), names), candidate=hostile.models[0].kind)
    seen = Seen(write_card(hostile, about, tmp_path / "hostile.html"), tmp_path)
    root = seen.dom[: seen.dom.index(">", seen.dom.index("<html")) + 1]
    assert MARK not in root
    assert MARK in seen.dom, "the names have to be there for this test to mean something"
    assert seen.console == []
    assert seen.requests == []


@pytest.mark.parametrize("width", [500, 900, 1_400])
def test_the_card_is_no_wider_than_the_screen(tmp_path: Path, width: int) -> None:
    """The page itself does not scroll sideways: a script that measures it finds its width kept."""
    text = write_card(values.evaluation(), values.about(), tmp_path / "card.html").read_text("utf-8")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy"[^>]*>', text)
    assert policy is not None
    root = "document.documentElement"
    measure = f"<script>{root}.setAttribute('data-wide',{root}.scrollWidth-{root}.clientWidth)</script></body>"
    page = tmp_path / "measured.html"
    page.write_text(text.replace(policy.group(), "").replace("</body>", measure), "utf-8")
    assert 'data-wide="0"' in Seen(page, tmp_path, f"--window-size={width},900").dom
