"""Devices and addresses that several accounts use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import polars as pl

from payloom.profile.section import Picture, Section, Table, lacking, named, percent, thousands
from payloom.profile.subject import Subject
from payloom.profile.volume import short
from payloom.realism.page_canvas import SERIES, bare, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOP: Final = 12
STEPS: Final = ((2, 2), (3, 3), (4, 5), (6, 10), (11, 20), (21, None))
"""Accounts of a device or address, in steps; those of one account alone are not drawn."""

_OWNERS: Final = ("account_id", "card_id", "customer_id")


def linked(subject: Subject) -> Section:
    """Show which devices and addresses link most accounts."""
    title = "Devices and addresses by linked accounts"
    owner = next((name for name in _OWNERS if subject.data.has(name)), None)
    links = [
        (name, word) for name, word in (("device_id", "device"), ("ip_address", "IP address")) if subject.data.has(name)
    ]
    if owner is None or not links:
        return Section("links", "Links", title, lacking(subject, "account_id", "device_id", "ip_address"))
    pictures, tables, told = [], [], []
    for column, word in links:
        sizes, top = _measured(subject, column, owner)
        if not sum(sizes):
            continue
        told.append(
            f"{thousands(sum(sizes))} {word}{'s' if word == 'device' else 'es'} are used by more than one account"
        )
        pictures.append(_picture(column, word, sizes))
        tables.append(_table(column, word, top))
    rows = int(subject.window.select(pl.len()).collect().item())
    basis = f"Of {subject.basis}." if subject.is_whole else f"Of {rows:,} payments that follow each other."
    lead = f"{'; '.join(told)}. Families share, and so do fraudsters." if told else "Nothing is used by two accounts."
    return Section("links", "Links", title, lead, basis, tuple(pictures), tuple(tables))


def _measured(subject: Subject, column: str, owner: str) -> tuple[list[int], list[tuple[str, ...]]]:
    """Return how many have how many accounts, and those with most."""
    has_customer = subject.data.has("customer_id")
    used = (
        subject.window.filter(pl.col(column).is_not_null())
        .group_by(column)
        .agg(
            accounts=pl.col(owner).n_unique(),
            customers=pl.col("customer_id").n_unique() if has_customer else pl.lit(None, dtype=pl.UInt32),
            rows=pl.len(),
            frauds=pl.col("is_fraud").sum(),
        )
        .filter(pl.col("accounts") > 1)
        .collect(engine="streaming")
    )
    sizes = [
        used.filter(pl.col("accounts").is_between(low, high if high is not None else 1 << 31)).height
        for low, high in STEPS
    ]
    top = used.with_columns(pl.col(column).cast(pl.String)).sort(
        "accounts", "rows", column, descending=[True, True, False]
    )
    return sizes, [
        (
            named(name),
            thousands(accounts),
            "–" if people is None else thousands(people),
            thousands(rows),
            thousands(frauds),
            percent(frauds, rows),
        )
        for name, accounts, people, rows, frauds in top.head(TOP).iter_rows()
    ]


def _picture(column: str, word: str, sizes: Sequence[int]) -> Picture:
    words = [str(low) if low == high else f"{low}–{high}" if high else f"{low} or more" for low, high in STEPS]

    def draw(axes: Axes) -> None:
        bare(axes)
        bars = axes.bar(range(len(sizes)), [max(size, 0) for size in sizes], width=0.75, color=SERIES[2])
        axes.bar_label(bars, [short(size) if size < 1_000 else f"{size / 1_000:.3g}k" for size in sizes], padding=3)
        axes.set_xticks(range(len(words)), words)
        axes.set_yscale("symlog", linthresh=1)
        axes.set_ylim(0, max(sizes) * 3)
        axes.set_yticks([])
        axes.minorticks_off()

    told = ", ".join(f"{size} with {step}" for size, step in zip(sizes, words, strict=True))
    svg = picture(
        column.replace("_", ""),
        f"How many accounts use one {word}, on a logarithmic axis: {told}.",
        draw,
        width=460,
        height=220,
        margins=(8, 8, 12, 24),
    )
    return Picture(f"Accounts by which one {word} is used", svg)


def _table(column: str, word: str, rows: Sequence[tuple[str, ...]]) -> Table:
    del column
    head = (
        word.capitalize() if word == "device" else word,
        "Accounts",
        "Customers",
        "Payments",
        "Frauds",
        "Fraud share",
    )
    return Table(f"Most linked: {word}", head, tuple(rows), folded=False)
