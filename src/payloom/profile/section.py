"""What a part of a page consists of: words, pictures and the numbers behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from payloom.profile.subject import Subject
from payloom.realism.page_text import harmless

LABEL_LENGTH: Final = 40
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers in rows; cells are texts, the first of a row is its head.

    Attributes
    ----------
    caption
        What it shows.
    head
        Names of the columns.
    rows
        Cells of each row.
    texts
        Positions of columns that are no numbers, besides the first.
    folded
        Whether it is behind a line that opens it: for tables that repeat a picture.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: tuple[int, ...] = ()
    folded: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot and its heading; wide ones scroll on a narrow screen."""

    heading: str
    svg: str
    legend: tuple[tuple[str, str], ...] = ()
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page.

    Attributes
    ----------
    anchor, short, title
        Its name in links, in the list of parts, and as a heading.
    lead
        What is seen, in a sentence or two.
    basis
        Which rows the numbers are of.
    """

    anchor: str
    short: str
    title: str
    lead: str
    basis: str = ""
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    lines: tuple[tuple[str, tuple[str, ...]], ...] = ()


def lacking(subject: Subject, *columns: str) -> str:
    """Return a sentence that says which columns are missing; empty if none is."""
    missing = [name for name in columns if not subject.data.has(name)]
    return f"Not shown: the data has no {' and no '.join(missing)}." if missing else ""


def named(value: Any) -> str:
    """Return a value of the data as a text; a missing one as such."""
    return "(missing)" if value is None else harmless(str(value))


def cut(text: str) -> str:
    """Shorten a name to what fits beside a bar."""
    return text if len(text) <= LABEL_LENGTH else f"{text[: LABEL_LENGTH - 1]}…"


def thousands(value: float) -> str:
    """Write a count."""
    return f"{value:,.0f}"


def percent(part: float, whole: float) -> str:
    """Write a share, with more digits where it is small."""
    share = 100 * part / whole if whole else 0.0
    return f"{share:.1f} %" if share >= 1 or share == 0 else f"{share:.2g} %"


def dollars(value: float | None) -> str:
    """Write an amount in US dollars."""
    return "–" if value is None else f"${value:,.2f}" if abs(value) < 1_000 else f"${value:,.0f}"


def local_time(subject: Subject) -> pl.Expr:
    """Return when it was where the payment was made, in UTC where that is not known."""
    time = pl.col("event_time")
    return time + pl.duration(minutes=pl.col("local_offset_min")) if subject.data.has("local_offset_min") else time


def counts(frame: pl.LazyFrame, *keys: str | pl.Expr) -> list[tuple[Any, ...]]:
    """Count rows by keys, most frequent first and then by key; the count is the last of each tuple."""
    found = frame.group_by(*keys).agg(count=pl.len()).collect(engine="streaming")
    return sorted(found.iter_rows(), key=lambda row: (-row[-1], str(row[:-1])))


def rows_of(items: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return the cells of a table."""
    return tuple(tuple(row) for row in items)
