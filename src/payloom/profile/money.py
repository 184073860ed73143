"""Amounts by trade, and why payments are declined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from matplotlib.ticker import FuncFormatter, NullFormatter

from payloom.codes import RESPONSE_MEANING
from payloom.profile.section import Picture, Section, Table, counts, cut, dollars, lacking, named, percent, thousands
from payloom.profile.subject import Subject
from payloom.profile.volume import short
from payloom.realism.page_canvas import GENUINE, PAPER, SERIES, SOFT, bare, picture
from payloom.reference import load_trades

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRADES: Final = 16
"""Trades that are shown, those with most payments."""

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
MAX_CODES: Final = 20
APPROVED: Final = "00"


def amounts(subject: Subject) -> Section:
    """Show the amounts of the trades with most payments."""
    title = "Amounts by trade"
    missing = lacking(subject, "mcc", "amount_usd")
    if missing:
        return Section("amounts", "Amounts", title, missing)
    known = {trade.mcc: trade.name for trade in load_trades()}
    paid = subject.counted.filter((pl.col("amount_usd") > 0) & pl.col("mcc").is_not_null())
    found = (
        paid.group_by(mcc=pl.col("mcc").cast(pl.String))
        .agg(
            *(pl.col("amount_usd").quantile(at, "nearest").alias(f"q{place}") for place, at in enumerate(QUANTILES)),
            rows=pl.len(),
        )
        .sort("rows", "mcc", descending=[True, False])
        .collect()
    )
    if found.is_empty():
        return Section("amounts", "Amounts", title, "Not shown: no payment has a trade and an amount.")
    top = found.head(TRADES)
    names = [named(known.get(mcc, mcc)) for mcc in top["mcc"]]
    boxes = [
        {"whislo": low, "q1": first, "med": middle, "q3": third, "whishi": high, "label": cut(name)}
        for (_, low, first, middle, third, high, _), name in zip(top.iter_rows(), names, strict=True)
    ]
    svg = picture(
        "amounts",
        "Amounts of the trades with most payments as boxes on a logarithmic axis; the numbers are in the table below.",
        lambda axes: _draw_boxes(axes, boxes),
        width=1040,
        height=40 + 25 * len(boxes),
        margins=(250, 20, 4, 26),
    )
    lines = tuple(
        (f"{name} ({named(mcc)})", thousands(rows), *map(dollars, values))
        for (mcc, *values, rows), name in zip(top.iter_rows(), names, strict=True)
    )
    low, high = top.sort("q2").row(0, named=True), top.sort("q2").row(-1, named=True)
    lead = (
        "The box holds the middle half of the amounts, the line in it the median, the whiskers nine of ten. "
        f"Medians go from {dollars(low['q2'])} to {dollars(high['q2'])}."
    )
    head = ("Trade", "Payments", "5 %", "25 %", "Median", "75 %", "95 %")
    table = Table("Amounts in US dollars, at one rate for each currency", head, lines)
    basis = f"Of {subject.basis}; account verifications of 0 are left out."
    return Section("amounts", "Amounts", title, lead, basis, (Picture("US dollars", svg, wide=True),), (table,))


def _draw_boxes(axes: Axes, boxes: Sequence[Mapping[str, Any]]) -> None:
    bare(axes, "x")
    axes.bxp(
        [dict(box) for box in boxes],
        orientation="horizontal",
        showfliers=False,
        showcaps=False,
        patch_artist=True,
        widths=0.62,
        boxprops={"facecolor": GENUINE, "linewidth": 0},
        whiskerprops={"color": GENUINE, "linewidth": 1.5},
        medianprops={"color": PAPER, "linewidth": 2.2},
    )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"${short(value)}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="both", length=0)
    axes.set_ylim(len(boxes) + 0.6, 0.4)


def declines(subject: Subject) -> Section:
    """Show why the issuer says no."""
    title = "Declines"
    missing = lacking(subject, "response_code")
    if missing:
        return Section("declines", "Declines", title, missing)
    by_code, by_channel = _answers(subject)
    total = sum(payments for payments, _ in by_channel.values())
    declined = sum(by_code.values())
    if not declined:
        return Section("declines", "Declines", title, "No payment was declined.")
    top = sorted(by_code, key=lambda answer: (-by_code[answer], answer))[:MAX_CODES]
    words = {answer: f"{answer} {RESPONSE_MEANING.get(answer, '')}".strip() for answer in top}
    bars = [100 * by_code[answer] / declined for answer in top]
    lead = f"{percent(declined, total)} of all payments were declined; most often: {words[top[0]]}."
    svg = picture(
        "declines",
        f"Share of each answer among declined payments. {lead}",
        lambda axes: _draw_bars(axes, [cut(words[answer]) for answer in top], bars),
        width=1040,
        height=34 + 22 * len(top),
        margins=(262, 60, 4, 24),
    )
    codes = tuple(
        (words[a], thousands(by_code[a]), percent(by_code[a], declined), percent(by_code[a], total)) for a in top
    )
    channels = tuple(
        (place, thousands(ends[0]), thousands(ends[1]), percent(ends[1], ends[0]))
        for place, ends in sorted(by_channel.items(), key=lambda item: -item[1][0])
    )
    return Section(
        "declines",
        "Declines",
        title,
        lead,
        f"Of {subject.basis}.",
        (Picture("Share of declined payments, percent", svg, wide=True),),
        (
            Table("Answers", ("Answer", "Payments", "Of declined", "Of all"), codes),
            Table("By channel", ("Channel", "Payments", "Declined", "Share"), channels, folded=False),
        ),
    )


def _answers(subject: Subject) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Return declined payments by answer, and payments and declined ones by channel."""
    code = pl.col("response_code").cast(pl.String)
    channel = pl.col("channel").cast(pl.String) if subject.data.has("channel") else pl.lit("all")
    by_code: dict[str, int] = {}
    by_channel: dict[str, list[int]] = {}
    for answer, place, count in counts(subject.counted.select(answer=code, place=channel), "answer", "place"):
        ends = by_channel.setdefault(named(place), [0, 0])
        ends[0] += count
        if answer != APPROVED:
            ends[1] += count
            by_code[named(answer)] = by_code.get(named(answer), 0) + count
    return by_code, by_channel


def _draw_bars(axes: Axes, labels: Sequence[str], values: Sequence[float]) -> None:
    bare(axes, "x")
    drawn = axes.barh(range(len(labels)), values, height=0.7, color=SERIES[0])
    axes.bar_label(drawn, [f"{value:.1f} %" for value in values], padding=4, color=SOFT)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
