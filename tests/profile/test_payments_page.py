"""``payments.html`` and ``compare.html``: whole, harmless, readable without pictures, and the same again."""

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from payloom.errors import StorageError
from payloom.profile import payments_page as module
from payloom.profile import subject as subjects
from payloom.profile.compare_page import compare_page
from payloom.profile.payments_page import SECTIONS, payments_page
from payloom.profile.subject import Subject, open_subject
from payloom.storage.address import StoreOptions
from tests.profile.hostile import MARK, NAMES, Page, write_hostile

LOADING = {"script", "iframe", "object", "embed", "audio", "video", "img", "source", "base", "form", "input"}
MAX_BYTES = 3_000_000
PARTS = {"days", "hours", "amounts", "map", "declines", "kinds", "campaign", "links", "story"}


def opened(folder: Path, rows: int = 5_000) -> Iterator[Subject]:
    """Open a data set for the length of a fixture."""
    with open_subject(str(folder), StoreOptions(), sample_rows=rows) as subject:
        yield subject


@pytest.fixture(scope="module")
def subject(world: Path) -> Iterator[Subject]:
    """Give a data set of payloom."""
    yield from opened(world)


@pytest.fixture(scope="module")
def page(subject: Subject) -> str:
    """Give its page."""
    return payments_page(subject)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    """Give a data set whose every text is hostile."""
    yield from opened(write_hostile(tmp_path_factory.mktemp("hostile") / "data"))


def test_every_part_is_there_with_pictures_and_numbers(page: str) -> None:
    """Each part of the issue has its heading, its pictures have words for those who can't see them, and tables."""
    read = Page(page)
    assert {attributes["id"] for tag, attributes in read.tags if tag == "section"} == PARTS
    pictures = [attributes for tag, attributes in read.tags if tag == "svg"]
    assert len(pictures) >= 12
    assert min(len(attributes["aria-label"]) for attributes in pictures) > 30
    assert all(attributes["role"] == "img" for attributes in pictures)
    assert sum(tag == "table" for tag, _ in read.tags) >= 12
    assert "Not shown" not in page


def test_the_page_loads_nothing_runs_nothing_and_is_small(page: str) -> None:
    """No tag, attribute or style makes a browser fetch or run something, and the page says so to the browser."""
    read = Page(page)
    assert not LOADING & {tag for tag, _ in read.tags}
    assert read.hooks() == []
    assert all(target.startswith(("#", "data:,")) for target in read.values("href"))
    assert not re.search(r"https?:|//[a-z]|url\([^#]|@import|@font-face", page, re.IGNORECASE)
    assert "default-src 'none'" in page
    assert len(page.encode()) < MAX_BYTES


def test_links_lead_somewhere_and_ids_are_unique(page: str) -> None:
    """Pictures of one page do not take each other's shapes."""
    read = Page(page)
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    assert {target[1:] for target in read.values("href") if target.startswith("#")} <= set(ids)
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)


def test_what_scrolls_can_be_reached_with_the_keyboard(page: str) -> None:
    """Wide pictures and tables take the focus, and have a name for it."""
    scrolling = [attributes for _, attributes in Page(page).tags if attributes.get("tabindex") == "0"]
    assert len(scrolling) >= 12
    assert all(attributes.get("aria-label") and attributes.get("role") for attributes in scrolling)


def test_pictures_take_the_colours_of_the_page(page: str) -> None:
    """No colour of a picture is its own: dark and light are one picture."""
    drawings = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert re.findall(r"#[0-9a-f]{6}\b", drawings) == []
    assert "var(--genuine)" in drawings
    assert "prefers-color-scheme: dark" in page


def test_the_numbers_are_those_of_the_data(page: str, subject: Subject) -> None:
    """Totals, channels and months on the page are what a count of the rows gives."""
    counted = subject.data.payments.group_by("channel").len().collect()
    for _, count in counted.iter_rows():
        assert f"{count:,}" in page
    months = subject.data.payments.group_by(pl.col("event_time").dt.strftime("%Y-%m")).len().collect()
    for month, count in months.iter_rows():
        assert re.search(rf'<th scope="row">{month}</th><td class="n">\d+</td><td class="n">{count:,}</td>', page)
    assert f"{subject.frauds:,}" in page
    assert subject.config_digest in page


def test_the_story_is_one_customers_month(page: str, subject: Subject) -> None:
    """The sentences are as many as the customer's payments of that month, in order."""
    story = page[page.index('<section id="story"') :]
    customer, month, count = re.search(r"Customer (\d+).*? in (\w{3} \d{4}): (\d+) payments", story).groups()  # type: ignore[union-attr]
    local = pl.col("event_time") + pl.duration(minutes=pl.col("local_offset_min"))
    own = subject.data.payments.filter(pl.col("customer_id") == int(customer), local.dt.strftime("%b %Y") == month)
    assert own.collect().height == int(count) == story.count("<dd")


def test_the_campaign_is_whole(page: str, subject: Subject) -> None:
    """The table has every payment of one campaign."""
    part = page[page.index('<section id="campaign"') : page.index('<section id="links"')]
    assert subject.data.labels is not None
    sizes = subject.data.labels.group_by("campaign_id").len().collect()["len"].to_list()
    rows = part.count("<tr>") - 1
    assert rows in sizes
    assert f"{rows} payments in" in part


def test_the_same_data_gives_the_same_bytes(page: str, world: Path) -> None:
    """Nothing of the moment is in the page."""
    with open_subject(str(world), StoreOptions(), sample_rows=5_000) as again:
        assert payments_page(again) == page


def test_hostile_texts_stay_texts(hostile: Subject, page: str) -> None:
    """Whatever the data calls things, the page has no tag and no hook more."""
    for text in (payments_page(hostile), compare_page(hostile, hostile)):
        read = Page(text)
        assert {tag for tag, _ in read.tags} <= {tag for tag, _ in Page(page).tags} | {"i"}
        assert read.hooks() == []
        assert "\x00" not in text
        assert "\u202e" not in text
        assert MARK in text, "the texts have to be there for this test to mean something"
        assert "49" not in re.findall(r">\s*(49)", text)
        assert f"=cmd|{chr(0x2019)} /C calc" in text


def test_a_sample_stands_for_all_where_all_are_too_many(
    world: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """The page says which numbers are of a sample, and counts days from all payments."""
    monkeypatch.setattr(subjects, "WHOLE_ROWS_MAX", 10_000)
    monkeypatch.setattr(subjects, "WINDOW_ROWS_MAX", 12_000)
    with open_subject(str(world), StoreOptions(), sample_rows=4_000) as some:
        text = payments_page(some)
    assert "a sample of 4,000 of 30,000 payments" in text
    assert "payments that follow each other" in text
    assert "Not shown" not in text
    days = re.search(r'<section id="days".*?</section>', text, re.DOTALL)
    whole = re.search(r'<section id="days".*?</section>', page, re.DOTALL)
    assert days is not None
    assert whole is not None
    assert re.findall(r"<td.*?>([\d,]+)</td>", days.group()) == re.findall(r"<td.*?>([\d,]+)</td>", whole.group())


def test_parts_without_their_columns_say_so(tmp_path: Path) -> None:
    """Two columns are enough for a page."""
    bare = pl.DataFrame(
        {"event_time": pl.datetime_range(pl.datetime(2025, 1, 1), pl.datetime(2025, 1, 9), "1h", eager=True)}
    )
    bare.with_columns(is_fraud=pl.lit(value=False)).write_parquet(tmp_path / "bare.parquet")
    with open_subject(str(tmp_path / "bare.parquet"), StoreOptions(), sample_rows=5_000) as subject:
        text = payments_page(subject)
        assert text.count("Not shown") == len(SECTIONS) - 1
        assert "channel" in compare_page(subject, subject)


def test_a_page_that_grew_too_large_is_no_page(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """The promise of the size is kept by refusing."""
    monkeypatch.setattr(module, "MAX_BYTES", 10_000)
    with pytest.raises(StorageError, match="more than 10,000"):
        payments_page(subject)


def test_two_data_sets_stand_side_by_side(subject: Subject, hostile: Subject) -> None:
    """Both places, totals and all parts are on the one page."""
    text = compare_page(subject, hostile)
    read = Page(text)
    assert {attributes["id"] for tag, attributes in read.tags if tag == "section"} == {
        "volumes",
        "hours",
        "amounts",
        "channels",
        "declines",
        "kinds",
    }
    assert f"{subject.rows:,}" in text
    assert f"{hostile.rows:,}" in text
    assert len(read.tags) > 500
    assert len(NAMES) > 10


def test_a_data_set_beside_itself_differs_in_nothing(subject: Subject) -> None:
    """The largest difference between equal things is none."""
    text = compare_page(subject, subject)
    differences = re.findall(r">([+-]\d+\.\d\d)<", text)
    assert len(differences) > 20
    assert set(differences) == {"+0.00"}
    assert "The median of B is 1.00 times that of A." in text
