"""The page of the report: complete, self-contained, safe whatever the data calls its columns."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any, get_type_hints

import pytest

from payloom.errors import StorageError
from payloom.realism.page import _environment, render, write_page
from payloom.realism.page_view import CONFIDENCE, WORDS, verdict
from payloom.realism.report import failures
from payloom.realism.results import Histogram, Report, Structure
from tests.realism.page_report import difficulty, fact, leak, plots, report, structure

MAX_BYTES = 3_000_000
VOID = {"meta", "br", "wbr", "hr", "img", "input", "link"}
LOADING = {
    "script",
    "link",
    "img",
    "image",
    "iframe",
    "object",
    "embed",
    "audio",
    "video",
    "source",
    "base",
    "form",
    "use",
}
HOSTILE = (
    "</title></style><script>alert(1)</script>\"'><img src=//evil.example onerror=alert(1)>{{ 7*7 }}\x00\u202e\ud800"
)


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails on a tag that is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str]:
        return [value or "" for _, attributes in self.tags for key, value in attributes.items() if key == name]


def hostile(value: Any) -> Any:
    """Put the hostile text wherever a report holds free text."""
    if is_dataclass(value) and not isinstance(value, type):
        free = {name for name, hint in get_type_hints(type(value)).items() if "Literal" not in str(hint)}
        new = {each.name: hostile(getattr(value, each.name)) for each in fields(value) if each.name in free}
        return replace(value, **new)
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, tuple):
        return tuple(hostile(each) for each in value)
    if isinstance(value, dict):
        return {f"{HOSTILE}{place}": hostile(each) for place, each in enumerate(value.values())}
    return value


def empty() -> Report:
    """Make the report of data of which nothing is known."""
    return report(
        frauds=0, columns=(), facts=(), leaks=(), difficulty=None, structure=Structure(()), plots=(), seconds={}
    )


def test_the_page_can_load_nothing_and_runs_nothing():
    """No tag, attribute or style of the page makes a browser fetch or run something."""
    text = render(report())
    page = Page(text)
    assert not LOADING & {tag for tag, _ in page.tags}
    names = {name for _, attributes in page.tags for name in attributes}
    assert not names & {"src", "srcset", "data", "action", "background", "poster", "xlink:href"}
    assert not [name for name in names if name.startswith("on")]
    assert all(target.startswith("#") for target in page.values("href"))
    assert not re.search(r"https?:|//[a-z]|url\(|@import|@font-face", text, re.IGNORECASE)
    assert "default-src 'none'" in text


def test_every_tag_is_closed_every_id_is_unique_and_every_link_leads_somewhere():
    """The page is well-formed and its inner links have targets."""
    page = Page(render(report()))
    assert page.open == []
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in page.values("href")} <= set(ids)


def test_hostile_names_stay_text():
    """Whatever the data calls things, the page has no tag more, evaluates nothing and shows no invisible sign."""
    text = render(hostile(report()))
    text.encode()
    page = Page(text)
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in Page(render(report())).tags} - {"wbr"} | {"abbr"}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert "{{ 7*7 }}" in text
    assert "\x00" not in text
    assert "\u202e" not in text
    assert "\\x00" in text


def test_the_same_report_gives_the_same_bytes():
    """Nothing of the moment or the machine is in the page."""
    first = render(report())
    _environment.cache_clear()
    assert render(report()) == first


def test_a_large_report_stays_below_three_megabytes():
    """Thousands of hostile columns, facts and plots are cut, and the page says so."""
    name = "'" * 500
    labels = tuple(f"{name}{place}" for place in range(1_000))
    series = {f"{name}{place}": (0.5,) * 1_000 for place in range(100)}
    many = tuple(
        Histogram(name, name, labels, dict(list(series.items())[:keep])) for keep in (2, 100) for _ in range(100)
    )
    large = report(
        columns=labels,
        facts=tuple(fact(f"{name}{place}", 50.0, note=name, source=name) for place in range(2_000)),
        leaks=tuple(leak(f"{name}{place}", limit=0.9 if place % 2 else 0.51) for place in range(20_000)),
        plots=many,
        structure=Structure(many),
    )
    text = render(large)
    assert len(text.encode()) <= MAX_BYTES
    assert "1700 more are not listed" in text
    assert "19,000 more are not listed" in text
    assert "more are not drawn" in text


@pytest.mark.parametrize("part", ["difficulty", "leaks", "facts", "plots", "structure", "seconds", "columns"])
def test_a_missing_part_is_said_to_be_missing(part: str):
    """Each part can be absent alone; the page says so where it would stand."""
    said = {
        "difficulty": "no models were fitted",
        "leaks": "the audit was not run",
        "facts": "No fact was measured",
        "plots": "Nothing was compared",
        "structure": "no columns that link payments",
        "seconds": "Not recorded",
        "columns": "None.",
    }
    assert said[part] in render(replace(report(), **{part: getattr(empty(), part)}))
    assert said[part] not in render(report())


def test_data_of_which_nothing_is_known_is_not_called_real():
    """Without a single measured fact the verdict is that there is too little to judge."""
    text = render(empty())
    assert "Too little could be measured to judge" in text
    assert "as in real payments" not in text


def test_numbers_that_are_none_or_not_finite_are_shown_as_such():
    """NaN, infinity and None in any score leave a dash, not an error or a broken picture."""
    nan, infinite = float("nan"), float("inf")
    models = difficulty()
    broken = report(
        facts=(fact(value=None), fact(value=nan), fact(value=infinite), fact(value=50.0, low=-infinite, high=infinite)),
        leaks=(leak(auc=nan, auc_low=nan, auc_high=nan, ap=nan), leak(auc=0.5, limit=0.5)),
        difficulty=replace(
            models,
            scores=tuple(replace(each, auc=nan, recall_at_1pct=nan) for each in models.scores),
            typologies=tuple(replace(each, auc=nan, recall_at_1pct=nan) for each in models.typologies),
            ageing=tuple(replace(each, frozen_auc=nan, retrained_ap=infinite) for each in models.ageing),
            bands=tuple(replace(each, value=None) for each in models.bands),
            roc={"broken": ((nan, 0.5), (1.0, 1.0)), "none": ()},
        ),
        plots=(Histogram("broken", "x", ("a", "b"), {"genuine": (nan, 0.5), "fraud": (infinite, 0.1)}),),
    )
    page = Page(render(broken))
    drawn = [page.values(name) for name in ("d", "x", "y", "width", "x1", "x2", "style")]
    assert not [value for values in drawn for value in values if re.search(r"nan|inf", value)]


def test_all_good_is_said_in_one_sentence():
    """When nothing is outside, no column leaks and all bands hold, the head says so."""
    good = report(facts=(fact(), fact("expected", 99.0, expected=False)), leaks=(leak(auc=0.6),))
    text = render(good)
    assert "Everything that was measured is as in real payments" in text
    assert "What needs a look" not in text
    assert "1 of 2 within" in text
    assert "no leak" in text
    assert "in band" in text


def test_what_fails_is_counted_named_and_linked_from_the_head():
    """The head counts a fact outside, a leak and a missed band, and links each to its place."""
    models = difficulty()
    missed = replace(models, bands=(replace(models.bands[0], value=0.999, status="outside"), *models.bands[1:]))
    text = render(report(difficulty=missed))
    head = text[: text.index("<nav")]
    assert "3 things are not as in real payments" in head
    assert 'href="#fact-1"' in head
    assert 'href="#leaks"' in head
    assert 'href="#band-0"' in head
    assert "1 of 3 out of band" in head


def test_the_page_and_the_exit_code_agree():
    """What the head names is what makes the command fail, one for one."""
    models = difficulty()
    missed = replace(models, bands=(replace(models.bands[0], value=0.999, status="outside"), *models.bands[1:]))
    for each in (report(), report(difficulty=missed), report(facts=(fact(),), leaks=()), empty()):
        assert len(verdict(each).wrong) == len(failures(each))


def test_facts_outside_come_first_in_their_group_and_say_so_in_words():
    """A reader who sees no colours finds what is outside by its place, symbol and word."""
    text = render(report())
    table = text[text.index('aria-label="Amounts"') :]
    rows = re.findall(r'<tr id="[^"]+" class="(\w+)".*?</tr>', table[: table.index("</table>")], re.DOTALL)
    assert rows == ["bad", "beyond", "good"]
    for name, (symbol, word) in WORDS.items():
        assert f'<span class="state {name}"><b aria-hidden="true">{symbol}</b>{word}</span>' in text


def test_every_picture_has_words():
    """Each picture is described, or hidden from those who hear the page, because its numbers stand beside it."""
    text = render(report())
    for picture in re.findall(r"<svg(?![^>]*overflow)[^>]*>(?:<title>|)", text):
        assert 'aria-hidden="true"' in picture or ('role="img"' in picture and picture.endswith("<title>")), picture


def test_the_pages_colours_can_be_read():
    """Text has a contrast of at least 4.5 (WCAG AA) on both grounds, in light and in dark."""
    style = render(report())
    for scheme in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]:
        colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", scheme))
        for name in ("ink", "soft", "good", "bad", "beyond", "none"):
            for ground in ("ground", "paper"):
                assert _contrast(colour[name], colour[ground]) >= 4.5, (name, ground)


def test_every_form_of_plot_is_drawn():
    """Steps over edges, columns, rows of pairs and shaded tables all appear with their numbers."""
    text = render(report(plots=plots(), structure=structure()))
    for look in ('class="area s0"', 'class="bar s1"', 'class="bars"', 'class="heat"'):
        assert look in text
    assert "credential_<wbr>on_<wbr>file" in text
    assert all(f"[{letter}]" in text for letter in CONFIDENCE)


def test_the_page_replaces_an_older_one(tmp_path):
    """The file holds the rendered page, and nothing else is left in the folder."""
    path = tmp_path / "report.html"
    path.write_text("old")
    write_page(report(), path)
    assert path.read_text(encoding="utf-8") == render(report())
    assert list(tmp_path.iterdir()) == [path]


def test_a_page_that_cannot_be_written_leaves_nothing(tmp_path):
    """A folder in the way, or a folder that is missing, is a storage error without a half page."""
    (tmp_path / "report.html").mkdir()
    with pytest.raises(StorageError, match="folder stands where a file belongs"):
        write_page(report(), tmp_path / "report.html")
    with pytest.raises(StorageError):
        write_page(report(), tmp_path / "missing" / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
