"""``compare.html``: two data sets side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10
from typing import TYPE_CHECKING, Final

import polars as pl

from payloom.codes import RESPONSE_MEANING
from payloom.profile.payments_page import render
from payloom.profile.section import (
    Picture,
    Section,
    Table,
    counts,
    cut,
    dollars,
    local_time,
    named,
    percent,
    thousands,
)
from payloom.profile.subject import Subject
from payloom.profile.volume import short
from payloom.realism.page_canvas import SERIES, bare, day_number, picture, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Pair = tuple[Subject, Subject]

BINS_PER_DECADE: Final = 8
DECADES: Final = (-1, 5)
MOST: Final = 14
"""Values of a code that are shown, those with the largest share in either data set."""

NAMES: Final = ("A", "B")
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_LEGEND: Final = (("c0", "A"), ("c1", "B"))


def compare_page(first: Subject, second: Subject) -> str:
    """Return the page about two data sets.

    Raises
    ------
    StorageError
        If it became too large.
    """
    pair = (first, second)
    sections = [_volumes(pair), _hours(pair), _amounts(pair), _channels(pair), _declines(pair), _kinds(pair)]
    return render("compare.html.j2", pair=pair, names=NAMES, sections=sections)


def _lacks(pair: Pair, *columns: str) -> str:
    """Say which data set lacks a column; empty if none does."""
    wanting = [
        f"{name} has no {column}"
        for name, subject in zip(NAMES, pair, strict=True)
        for column in columns
        if not subject.data.has(column)
    ]
    return f"Not shown: {', '.join(wanting)}." if wanting else ""


def _volumes(pair: Pair) -> Section:
    """Compare how many payments there are, in all and by day."""
    days = [
        dict(
            subject.data.payments.group_by(day=pl.col("event_time").dt.date())
            .agg(rows=pl.len())
            .drop_nulls("day")
            .sort("day")
            .collect(engine="streaming")
            .iter_rows()
        )
        for subject in pair
    ]
    lines = [
        ("Payments", *(thousands(subject.rows) for subject in pair)),
        ("Frauds", *(thousands(subject.frauds) for subject in pair)),
        ("Fraud share", *(percent(subject.frauds, subject.rows) for subject in pair)),
        ("First day", *(f"{min(each)}" for each in days)),
        ("Last day", *(f"{max(each)}" for each in days)),
        ("Payments on an average day", *(thousands(sum(each.values()) / len(each)) for each in days)),
        ("Columns", *(thousands(len(subject.data.schema)) for subject in pair)),
    ]

    def draw(axes: Axes) -> None:
        bare(axes, "y")
        for place, each in enumerate(days):
            mean = sum(each.values()) / len(each)
            values = [count / mean for count in each.values()]
            axes.plot([day_number(day) for day in each], values, color=SERIES[place], linewidth=1.4)
        axes.set_ylim(0, None)
        time_axis(axes)

    said = "Payments by day of both data sets, each against its own average; the totals are in the table below."
    svg = picture("days", said, draw, width=1040, height=270, margins=(44, 26, 10, 24))
    table = Table("Totals", ("", *NAMES), tuple(lines), folded=False)
    wide = Picture("Payments a day, 1 is the average of each data set", svg, _LEGEND, wide=True)
    return Section("volumes", "Volumes", "Volumes", "How much there is, and when.", pictures=(wide,), tables=(table,))


def _hours(pair: Pair) -> Section:
    """Compare the hours of the day."""
    shares = []
    for subject in pair:
        found = dict(counts(subject.counted.select(hour=local_time(subject).dt.hour()).drop_nulls(), "hour"))
        total = max(sum(found.values()), 1)
        shares.append([100 * found.get(hour, 0) / total for hour in range(24)])

    def draw(axes: Axes) -> None:
        bare(axes, "y")
        for place, each in enumerate(shares):
            axes.step(range(25), [*each, each[-1]], where="post", color=SERIES[place], linewidth=1.8)
        axes.set_ylim(0, None)
        axes.set_xlim(0, 24)
        axes.set_xticks(range(0, 25, 3))

    said = "Share of payments in each hour of the day, percent; the numbers are in the table below."
    svg = picture("hours", said, draw, width=1040, height=230, margins=(36, 12, 10, 24))
    rows = tuple((f"{hour:02d}:00", *(f"{each[hour]:.2f} %" for each in shares)) for hour in range(24))
    wide = Picture("Share of payments by local hour, percent", svg, _LEGEND, wide=True)
    table = Table("Hours", ("Hour", *NAMES), rows)
    return Section("hours", "Hours", "Hours of the day", "When in the day they pay.", pictures=(wide,), tables=(table,))


def _amounts(pair: Pair) -> Section:
    """Compare the amounts."""
    if missing := _lacks(pair, "amount_usd"):
        return Section("amounts", "Amounts", "Amounts", missing)
    low, high = (decade * BINS_PER_DECADE for decade in DECADES)
    bins = (pl.col("amount_usd").log(10) * BINS_PER_DECADE).floor().clip(low, high - 1).cast(pl.Int64)
    shares, quantiles = [], []
    for subject in pair:
        paid = subject.counted.filter(pl.col("amount_usd") > 0)
        found = dict(counts(paid.select(bin=bins), "bin"))
        total = max(sum(found.values()), 1)
        shares.append([100 * found.get(step, 0) / total for step in range(low, high)])
        values = paid.select(pl.col("amount_usd").quantile(at, "nearest").alias(f"q{at}") for at in _QUANTILES)
        quantiles.append(values.collect().row(0))

    def draw(axes: Axes) -> None:
        bare(axes, "y")
        for place, each in enumerate(shares):
            axes.step(range(low, high + 1), [*each, each[-1]], where="post", color=SERIES[place], linewidth=1.8)
        axes.set_ylim(0, None)
        decades = range(*DECADES)
        axes.set_xticks(
            [decade * BINS_PER_DECADE for decade in decades], [f"${short(10**decade)}" for decade in decades]
        )

    said = "Share of payments by amount in US dollars on a logarithmic axis, percent; quantiles are in the table below."
    svg = picture("amounts", said, draw, width=1040, height=240, margins=(36, 12, 10, 24))
    rows = tuple(
        (f"{100 * at:.0f} % pay at most", *(dollars(each[place]) for each in quantiles))
        for place, at in enumerate(_QUANTILES)
    )
    wide = Picture("Share of payments by amount, percent", svg, _LEGEND, wide=True)
    table = Table("Quantiles", ("", *NAMES), rows, folded=False)
    factor = log10(max(quantiles[1][2] or 1, 1e-9) / max(quantiles[0][2] or 1, 1e-9))
    lead = f"The median of B is {10**factor:.2f} times that of A."
    return Section("amounts", "Amounts", "Amounts", lead, pictures=(wide,), tables=(table,))


def _channels(pair: Pair) -> Section:
    """Compare the channels."""
    if missing := _lacks(pair, "channel"):
        return Section("channels", "Channels", "Channels", missing)
    found = [_mix(subject.counted, "channel") for subject in pair]
    return _mixes("channels", "Channels", "Channels", "Share of payments, percent", found)


def _declines(pair: Pair) -> Section:
    """Compare why payments are declined."""
    if missing := _lacks(pair, "response_code"):
        return Section("declines", "Declines", "Declines", missing)
    found = []
    for subject in pair:
        mix = _mix(subject.counted, "response_code")
        found.append({f"{code} {RESPONSE_MEANING.get(code, '')}".strip(): n for code, n in mix.items() if code != "00"})
    rows = [int(subject.counted.select(pl.len()).collect().item()) for subject in pair]
    lead = " ".join(
        f"{name}: {percent(sum(mix.values()), count)} declined."
        for name, mix, count in zip(NAMES, found, rows, strict=True)
    )
    return _mixes("declines", "Declines", "Declines", "Share of declined payments, percent", found, lead)


def _kinds(pair: Pair) -> Section:
    """Compare the kinds of fraud."""
    found = []
    for subject in pair:
        labels = subject.data.labels
        columns = labels.collect_schema().names() if labels is not None else []
        if labels is None or "typology" not in columns:
            name = NAMES[pair.index(subject)]
            return Section("kinds", "Fraud", "Kinds of fraud", f"Not shown: {name} has no kinds of fraud.")
        found.append(_mix(labels.filter("is_fraud") if "is_fraud" in columns else labels, "typology"))
    return _mixes("kinds", "Fraud", "Kinds of fraud", "Share of frauds, percent", found)


def _mix(frame: pl.LazyFrame, column: str) -> dict[str, int]:
    mix: dict[str, int] = {}
    for value, count in counts(frame.select(pl.col(column).cast(pl.String)), column):
        mix[named(value)] = mix.get(named(value), 0) + count
    return mix


def _mixes(
    anchor: str, short_name: str, title: str, heading: str, found: Sequence[Mapping[str, int]], lead: str = ""
) -> Section:
    """Show the shares of a code in both data sets as pairs of bars."""
    totals = [max(sum(mix.values()), 1) for mix in found]
    shares = [
        {value: 100 * count / total for value, count in mix.items()} for mix, total in zip(found, totals, strict=True)
    ]
    weight = {value: max(each.get(value, 0.0) for each in shares) for value in {**found[0], **found[1]}}
    values = sorted(weight, key=lambda value: (-weight[value], value))
    top = values[:MOST]
    if not top:
        return Section(anchor, short_name, title, "There are none in either.")

    def draw(axes: Axes) -> None:
        bare(axes, "x")
        for place, each in enumerate(shares):
            spots = [index + (place - 0.5) * 0.38 for index in range(len(top))]
            axes.barh(spots, [each.get(value, 0.0) for value in top], height=0.36, color=SERIES[place])
        axes.set_yticks(range(len(top)), list(map(cut, top)))
        axes.invert_yaxis()

    moved = max(values, key=lambda value: abs(shares[0].get(value, 0.0) - shares[1].get(value, 0.0)))
    here, there = (each.get(moved, 0.0) for each in shares)
    said = f"The largest difference: {moved}, {here:.1f} % in A and {there:.1f} % in B."
    svg = picture(
        anchor,
        f"{heading}. {said} The numbers are in the table below.",
        draw,
        width=1040,
        height=34 + 30 * len(top),
        margins=(262, 20, 4, 24),
    )
    rows = tuple(
        (
            value,
            *(thousands(mix.get(value, 0)) for mix in found),
            *(f"{each.get(value, 0.0):.2f} %" for each in shares),
            f"{shares[1].get(value, 0.0) - shares[0].get(value, 0.0):+.2f}",
        )
        for value in values[: 3 * MOST]
    )
    head = (title, *NAMES, *(f"Share in {name}" for name in NAMES), "Difference, points")
    wide = Picture(heading, svg, _LEGEND, wide=True)
    return Section(
        anchor, short_name, title, f"{lead} {said}".strip(), pictures=(wide,), tables=(Table(title, head, rows),)
    )
