"""Data Docs that load nothing: the pages of Great Expectations, and a first page with the failed rules."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from html import escape
from html.parser import HTMLParser
from importlib.resources import files
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from payloom.quality.report import example_lines

if TYPE_CHECKING:
    from pathlib import Path

    from payloom.quality.rule import Result, Verdict

INDEX: Final = "index.html"

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""A browser loads nothing and runs nothing, whatever texts of the data say."""

_LEFT_OUT: Final = frozenset({"script", "style", "footer"})
"""Elements that go with all that is in them: scripts from elsewhere, styles for them, a newsletter."""


def make_offline(docs: Path, results: Sequence[Result]) -> None:
    """Rewrite the pages of a folder so that they read well without a network, and write its first page.

    Parameters
    ----------
    docs
        Folder that Great Expectations built.
    results
        Every rule, measured or on the sample.
    """
    style = files("payloom.quality").joinpath("templates", "data_docs.css").read_text(encoding="utf-8")
    pages = sorted(page for page in docs.rglob("*.html") if page.parent != docs)
    for page in pages:
        page.write_text(offline(page.read_text(encoding="utf-8"), style), encoding="utf-8")
    links = [page.relative_to(docs).as_posix() for page in pages]
    (docs / INDEX).write_text(_index(results, links, style), encoding="utf-8")
    shutil.rmtree(docs / "static", ignore_errors=True)


def offline(page: str, style: str) -> str:
    """Return a page of Great Expectations without scripts and without anything that it would fetch."""
    rewriting = _Rewriting(style)
    rewriting.feed(page)
    rewriting.close()
    return "".join(rewriting.kept)


class _Rewriting(HTMLParser):
    """Keeps a page as it is, apart from what is left out."""

    def __init__(self, style: str) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []
        self._style = style
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._inside:
            return
        if tag in _LEFT_OUT:
            self._inside = tag
        elif tag == "img":
            self.kept.append(escape(dict(attrs).get("alt") or ""))
        elif tag not in ("link", "base", "iframe", "object", "embed"):
            self.kept.append(_without_handlers(tag, attrs) or self.get_starttag_text() or "")
            if tag == "head":
                self.kept.append(_head(self._style))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _LEFT_OUT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._inside == tag:
            self._inside = ""
        elif not self._inside:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._keep(f"<!{decl}>")

    def _keep(self, text: str) -> None:
        if not self._inside:
            self.kept.append(text)


def _without_handlers(tag: str, attrs: list[tuple[str, str | None]]) -> str:
    """Write a tag again that would run something; empty for one that would not."""
    if not any(name.startswith("on") for name, _ in attrs):
        return ""
    kept = [name if value is None else f'{name}="{escape(value)}"' for name, value in attrs if name[:2] != "on"]
    return f"<{' '.join([tag, *kept])}>"


def _head(style: str) -> str:
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    return f'<meta charset="utf-8">{policy}<style>{style}</style>'


def _index(results: Sequence[Result], links: Sequence[str], style: str) -> str:
    failed = [result for result in results if result.verdict == "failed"]
    skipped = [result for result in results if result.verdict == "skipped"]
    held = len(results) - len(failed) - len(skipped)
    kind, verdict = ("bad", f"{len(failed)} rules fail") if failed else ("good", "No rule fails")
    sections = [
        f'<p class="verdict {kind}">{verdict}</p>',
        f"<p>{held} rules hold, {len(failed)} fail, {len(skipped)} were not judged.</p>",
        *(_failure(result) for result in failed),
        "<h2>Rules by table</h2>",
        _by_table(results),
        *(["<h2>Not judged</h2>", _skipped(skipped)] if skipped else []),
        "<h2>Pages of Great Expectations</h2><ul>",
        *(f'<li><a href="{quote(link)}">{escape(_title(link))}</a></li>' for link in links),
        "</ul>",
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{_head(style)}<title>Data Docs</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f"<body><main><h1>Data Docs</h1>{''.join(sections)}</main></body></html>\n"
    )


def _failure(result: Result) -> str:
    lines = "\n".join(example_lines(result))
    examples = f"<pre>{escape(lines)}</pre>" if lines else ""
    return (
        f'<div class="failure"><h5 class="name">{escape(result.rule.name)}</h5><p>{escape(result.rule.holds)}</p>'
        f"<p>expected {escape(result.expected)} ({escape(result.rule.counted)}), "
        f'found <strong class="bad">{escape(result.found)}</strong></p>{examples}</div>'
    )


def _by_table(results: Sequence[Result]) -> str:
    counts = Counter((result.rule.table, result.verdict) for result in results)
    verdicts: tuple[Verdict, ...] = ("failed", "passed", "skipped")
    rows = "".join(
        f"<tr><td>{escape(table)}</td>{''.join(f'<td>{counts[table, verdict]}</td>' for verdict in verdicts)}</tr>"
        for table in dict.fromkeys(result.rule.table for result in results)
    )
    return f"<table><thead><tr><th>table<th>fail<th>hold<th>not judged</tr></thead><tbody>{rows}</tbody></table>"


def _skipped(results: Sequence[Result]) -> str:
    return "<ul>" + "".join(f"<li>{escape(one.rule.name)}: {escape(one.skipped)}</li>" for one in results) + "</ul>"


def _title(link: str) -> str:
    kind, name, *_ = link.removesuffix(".html").split("/")
    return f"{'results' if kind == 'validations' else 'suite'}: {name}"
