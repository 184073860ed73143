"""The Data Docs of ``payloom validate`` in a real browser: quiet, alone, failed rules first, and deaf to hostile texts.

Needs a Chromium on the PATH (Debian: ``apt-get install chromium``) and is skipped without one.
"""

import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from payloom import World
from payloom.pipeline.validate import GateOptions, validate
from tests.integration.browser import CHROMIUM, Seen
from tests.profile.hostile import MARK, NAMES

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH; install it to try the pages in a browser"),
]

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
PAGES = ("index", "expectations/rules", "expectations/sample", "validations/rules", "validations/sample")


def spoil(place: Path) -> None:
    """Spoil two rules of a part: negative amounts, and addresses that would like to be scripts."""
    part = next(iter(sorted((place / "payments").rglob("*.parquet"))))
    few, some = pl.int_range(pl.len()) < 7, pl.int_range(pl.len()) % 50 == 0
    pl.read_parquet(part).with_columns(
        pl.when(few).then(-1).otherwise("amount_minor").alias("amount_minor"),
        pl.when(some).then(pl.lit(NAMES[0])).otherwise("ip_address").alias("ip_address"),
    ).write_parquet(part)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the Data Docs of a good data set and of a spoilt one."""
    place = tmp_path_factory.mktemp("docs")
    World({"world": {"rows": 5_000, "end": "2025-03-01"}}).generate(place / "good-data", workers=1)
    shutil.copytree(place / "good-data", place / "bad-data")
    spoil(place / "bad-data")
    for name, passes in (("good", True), ("bad", False)):
        assert validate(place / f"{name}-data", GateOptions(docs=str(place / name))).passed is passes
    return place


def page_of(folder: Path, name: str) -> Path:
    """Find a page by the beginning of its path."""
    pages = [page for page in folder.rglob("*.html") if page.relative_to(folder).as_posix().startswith(name)]
    assert len(pages) == 1
    return pages[0]


def without_policy(page: Path, folder: Path, script: str = "") -> Path:
    """Copy a page without the rule that forbids loading and running; what it does then is its own doing."""
    text, found = POLICY.subn("", page.read_text("utf-8"))
    assert found == 1
    copy = folder / "copy.html"
    copy.write_text(text.replace("</body>", f"{script}</body>"), "utf-8")
    return copy


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("data", ["good", "bad"])
def test_a_page_is_quiet_and_alone(folder: Path, tmp_path: Path, data: str, name: str) -> None:
    """No line in the console, no request and nothing of the data runs: with the page's policy, and without it too."""
    page = page_of(folder / data, name)
    for shown in (page, without_policy(page, tmp_path)):
        seen = Seen(shown, tmp_path)
        assert seen.console == []
        assert seen.requests == []
        assert MARK not in seen.dom[: seen.dom.index(">", seen.dom.index("<html")) + 1]
        assert "payments" in seen.dom


def test_failed_rules_are_first(folder: Path) -> None:
    """The first page begins with the failed rules, what was found and rows, and holds the hostile text as text."""
    text = page_of(folder / "bad", "index").read_text("utf-8")
    before = text[: text.index("Rules by table")]
    for words in ("payments.amount_minor.range", "amount_minor=-1", "payments.ip_address.reserved", "rules fail"):
        assert words in before
    assert MARK in before
    assert NAMES[0] not in text
    assert "No rule fails" in page_of(folder / "good", "index").read_text("utf-8")


def test_failed_sections_stand_above_others(folder: Path, tmp_path: Path) -> None:
    """On the page of Great Expectations every section with a failure is drawn above all that hold."""
    script = """<script>
    const held = ".hide-succeeded-validations-column-section-target-child";
    const rules = [...document.querySelectorAll(".ge-section:not(#section-1)")];
    const height = one => one.getBoundingClientRect().top;
    const failed = rules.filter(one => !one.querySelector(held)), rest = rules.filter(one => one.querySelector(held));
    const first = Math.max(...failed.map(height)) < Math.min(...rest.map(height));
    document.documentElement.setAttribute("data-first", `${first} ${failed.length} ${rest.length > 300}`);
    </script>"""
    page = page_of(folder / "bad", "validations/rules")
    report = validate(folder / "bad-data")
    measured = [result for result in report.failed if not result.rule.name.startswith("sample.")]
    assert len(measured) > 2
    dom = Seen(without_policy(page, tmp_path, script), tmp_path).dom
    assert re.findall(r'data-first="(.*?)"', dom) == [f"true {len(measured)} true"]


def test_links_of_the_first_page_lead_somewhere(folder: Path) -> None:
    """Every page of the suites is linked, and nothing is left beside the pages."""
    index = page_of(folder / "bad", "index").read_text("utf-8")
    links = [link.replace("%20", " ") for link in re.findall(r'href="([^"]*)"', index)]
    files = {file.relative_to(folder / "bad").as_posix() for file in (folder / "bad").rglob("*") if file.is_file()}
    assert {*links, "index.html"} == files
    assert len(links) == 4
