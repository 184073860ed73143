"""Pages name what there is: options of the commands, files that links point at."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from payloom.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md"), *ROOT.glob("tests/*.md")]
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
BUILT_IN = {"--help", "--version"}


def options() -> set[str]:
    """All options of all commands."""
    commands = app.commands.values()
    return {
        flag
        for command in commands
        for option in command.params
        if isinstance(option, click.Option)
        for flag in option.opts
    }


def test_the_page_of_commands_has_every_option_and_no_other() -> None:
    """docs/cli.md names all options and commands, and invents none."""
    text = (ROOT / "docs/cli.md").read_text("utf-8")
    assert set(FLAG.findall(text)) - BUILT_IN == options()
    assert [name for name in app.commands if f"`payloom {name}" not in text] == []


def targets(page: Path) -> Iterator[str]:
    """Links of a page to files of this repository."""
    for target in LINK.findall(page.read_text("utf-8")):
        if "://" not in target:
            yield target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link is to a file that exists, and to a heading that it has."""
    lost = []
    for target in targets(page):
        name, _, heading = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists() or (heading and heading not in headings(file)):
            lost.append(target)
    assert lost == []


def headings(page: Path) -> set[str]:
    """Anchors of a page's headings, as code hosts make them."""
    lines = [line.lstrip("#").strip().lower() for line in page.read_text("utf-8").splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", line).replace(" ", "-") for line in lines}
