"""The pages of ``payloom profile`` in a real browser: quiet, alone, and deaf to hostile texts.

Needs a Chromium on the PATH (Debian: ``apt-get install chromium``) and is skipped without one.
"""

import re
from pathlib import Path

import pytest

from payloom import World
from payloom.profile.column_page import column_page
from payloom.profile.compare_page import compare_page
from payloom.profile.payments_page import payments_page
from payloom.profile.subject import open_subject
from payloom.storage.address import StoreOptions
from tests.integration.browser import CHROMIUM, Seen
from tests.profile.hostile import MARK, NAMES, write_hostile

CONFIG = {"world": {"rows": 20_000, "start": "2025-11-20", "end": "2026-02-10", "fraud_rate": "0.02"}}
PAGES = ("profile", "payments", "compare")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH; install it to try the pages in a browser"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the pages of a good data set and of a hostile one."""
    place = tmp_path_factory.mktemp("browser")
    World(CONFIG).generate(place / "good", workers=1)
    write_hostile(place / "hostile")
    for name in ("good", "hostile"):
        with open_subject(str(place / name), StoreOptions(), sample_rows=5_000) as subject:
            (place / f"{name}-profile.html").write_text(column_page(subject), "utf-8")
            (place / f"{name}-payments.html").write_text(payments_page(subject), "utf-8")
            (place / f"{name}-compare.html").write_text(compare_page(subject, subject), "utf-8")
    return place


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_quiet_and_alone(folder: Path, tmp_path: Path, page: str) -> None:
    """No line in the console and no request to anywhere."""
    seen = Seen(folder / f"good-{page}.html", tmp_path)
    assert seen.console == []
    assert seen.requests == []
    assert len(seen.dom) > 10_000


@pytest.mark.parametrize("page", PAGES)
def test_hostile_texts_run_nothing(folder: Path, tmp_path: Path, page: str) -> None:
    """What the data brings is shown and not run: no mark, no dialog, no error, no request."""
    seen = Seen(folder / f"hostile-{page}.html", tmp_path)
    root = seen.dom[: seen.dom.index(">", seen.dom.index("<html")) + 1]
    assert MARK not in root
    assert MARK in seen.dom, "the texts have to be there for this test to mean something"
    assert seen.console == []
    assert seen.requests == []


def test_this_test_would_notice(tmp_path: Path) -> None:
    """A page that does what ours must not is caught: the mark, the console and the request are seen."""
    page = tmp_path / "bad.html"
    load = "<img src='http://payloom.invalid/x.png'><script>console.error('heard')</script>"
    page.write_text(f"<!doctype html><html><body>{NAMES[0].replace('alert(1)', '')}{load}</body></html>", "utf-8")
    seen = Seen(page, tmp_path)
    assert MARK in seen.dom[: seen.dom.index(">", seen.dom.index("<html")) + 1]
    assert any("heard" in line for line in seen.console)
    assert seen.requests == ["http://payloom.invalid/x.png"]


def test_no_picture_is_wider_than_a_phone(folder: Path, tmp_path: Path) -> None:
    """On a narrow screen the page itself does not scroll sideways: a script that measures it finds its width kept."""
    text = (folder / "good-payments.html").read_text("utf-8")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy"[^>]*>', text)
    assert policy is not None
    root = "document.documentElement"
    measure = f"<script>{root}.setAttribute('data-wide',{root}.scrollWidth-{root}.clientWidth)</script></body>"
    page = tmp_path / "measured.html"
    page.write_text(text.replace(policy.group(), "").replace("</body>", measure), "utf-8")
    seen = Seen(page, tmp_path, "--window-size=500,900")
    assert 'data-wide="0"' in seen.dom
