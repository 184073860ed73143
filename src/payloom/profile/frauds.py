"""Fraud by kind over time, and one campaign from its first payment to its reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from matplotlib.ticker import FuncFormatter, NullFormatter

from payloom.codes import RESPONSE_MEANING
from payloom.profile.section import MONTHS, Picture, Section, Table, dollars, named, percent, thousands
from payloom.profile.subject import Subject
from payloom.profile.volume import short
from payloom.realism.page_canvas import FRAUD, HOLIDAY, SERIES, SOFT, bare, day_number, picture, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS: Final = 9
"""Kinds with a colour of their own; the others are drawn together."""

CAMPAIGN_ROWS: Final = (12, 40)
"""Payments of a campaign that makes a readable timeline."""

_NO_LABELS: Final = "Not shown: the data has no table fraud_labels with kinds of fraud."
_OTHERS: Final = "others"


def _labels(subject: Subject, *columns: str) -> pl.LazyFrame | None:
    labels = subject.data.labels
    if labels is None or not set(columns) <= set(labels.collect_schema().names()):
        return None
    return labels


def by_kind(subject: Subject) -> Section:
    """Show how many frauds of each kind there are in each month."""
    title = "Fraud by kind over time"
    labels = _labels(subject, "typology", "event_time")
    if labels is None:
        return Section("kinds", "Fraud", title, _NO_LABELS)
    if "is_fraud" in labels.collect_schema().names():
        labels = labels.filter("is_fraud")
    found = (
        labels.group_by(kind=pl.col("typology").cast(pl.String), month=pl.col("event_time").dt.strftime("%Y-%m"))
        .agg(count=pl.len())
        .drop_nulls("month")
        .collect(engine="streaming")
    )
    months = sorted(set(found["month"].to_list()))
    by_name: dict[str, dict[str, int]] = {}
    for kind, month, count in found.iter_rows():
        by_name.setdefault(named(kind), {})[month] = count
    total = {kind: sum(each.values()) for kind, each in by_name.items()}
    kinds = sorted(total, key=lambda kind: (-total[kind], kind))
    if not kinds:
        return Section("kinds", "Fraud", title, "No payment is labelled as fraud.")
    drawn = {kind: [by_name[kind].get(month, 0) for month in months] for kind in kinds[:KINDS]}
    if kinds[KINDS:]:
        drawn[_OTHERS] = [sum(by_name[kind].get(month, 0) for kind in kinds[KINDS:]) for month in months]
    whole = sum(total.values())
    lead = (
        f"{thousands(whole)} frauds of {len(kinds)} kinds; most are {kinds[0]} ({percent(total[kinds[0]], whole)}), "
        f"fewest {kinds[-1]} ({thousands(total[kinds[-1]])})."
    )
    svg = picture(
        "kinds",
        f"Frauds by month, stacked by kind. {lead} The numbers are in the table below.",
        lambda axes: _draw_kinds(axes, months, drawn),
        width=1040,
        height=300,
        margins=(44, 12, 10, 24),
    )
    rows = tuple(
        (kind, *(thousands(by_name[kind].get(month, 0)) for month in months), thousands(total[kind])) for kind in kinds
    )
    legend = tuple((f"c{place}", kind) for place, kind in enumerate(drawn))
    return Section(
        "kinds",
        "Fraud",
        title,
        lead,
        "Of all labels; payments that are only disputed are left out.",
        (Picture("Frauds a month", svg, legend, wide=True),),
        (Table("Kinds by month", ("Kind", *months, "All"), rows),),
    )


def _draw_kinds(axes: Axes, months: Sequence[str], drawn: Mapping[str, Sequence[int]]) -> None:
    bare(axes, "y")
    base = [0] * len(months)
    for place, counts in enumerate(drawn.values()):
        axes.bar(range(len(months)), counts, bottom=base, width=0.78, color=SERIES[place])
        base = [low + count for low, count in zip(base, counts, strict=True)]
    step = max(len(months) // 13, 1)
    words = [f"{MONTHS[int(month[5:]) - 1]} {month[2:4]}" for month in months]
    axes.set_xticks(range(0, len(months), step), words[::step])
    axes.set_xlim(-0.6, len(months) - 0.4)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def campaign(subject: Subject) -> Section:
    """Show one campaign as a timeline."""
    title = "One campaign"
    labels = _labels(subject, "campaign_id", "transaction_id", "typology", "event_time")
    if labels is None or not subject.data.has("transaction_id"):
        return Section("campaign", "A campaign", title, _NO_LABELS)
    found = _chosen(subject, labels)
    if found is None:
        return Section("campaign", "A campaign", title, "Not shown: no campaign is of a size to be read.")
    rows = found.to_dicts()
    kind = named(rows[0]["typology"])
    declined = [row for row in rows if row.get("response_code") not in (None, "00")]
    took = rows[-1]["event_time"] - rows[0]["event_time"]
    reports = [row["reported_at"] for row in rows if row.get("reported_at")]
    lead = (
        f"A campaign of {kind}: {len(rows)} payments in {_span(took.total_seconds())}, {len(declined)} of them "
        f"declined, {dollars(sum(row.get('amount_usd') or 0.0 for row in rows if row not in declined))} gone."
    )
    if reports:
        later = (min(reports) - rows[0]["event_time"]).total_seconds()
        lead += f" The first report came {_span(later)} after the first payment."
    svg = picture(
        "campaign",
        f"A timeline: each mark is a payment, by time and amount. {lead} All payments are in the table below.",
        lambda axes: _draw_campaign(axes, rows),
        width=1040,
        height=300,
        margins=(60, 26, 16, 40),
    )
    legend = (("fraud", "approved"), ("ring", "declined"), ("holiday", "reported"))
    table = _campaign_table(kind, rows)
    return Section(
        "campaign",
        "A campaign",
        title,
        lead,
        "A campaign of the most frequent kind that is neither very small nor very large.",
        (Picture("Payments of the campaign", svg, legend, wide=True),),
        (table,),
    )


def _campaign_table(kind: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    head = ("Time (UTC)", "Role", "US dollars", "Channel", "Answer", "Reported")
    lines = tuple(
        (
            _minute(row["event_time"]),
            named(row.get("role")),
            dollars(row.get("amount_usd")),
            named(row.get("channel")),
            _answer(row.get("response_code")),
            _minute(row.get("reported_at")),
        )
        for row in rows
    )
    return Table(f"Payments of the campaign ({kind})", head, lines, texts=(1, 3, 4, 5))


def _chosen(subject: Subject, labels: pl.LazyFrame) -> pl.DataFrame | None:
    """Return the payments of a campaign with their labels, in the order of time."""
    span = subject.window.select(first=pl.col("event_time").min(), last=pl.col("event_time").max()).collect(
        engine="streaming"
    )
    first, last = span.row(0)
    sizes = (
        labels.group_by("campaign_id", kind=pl.col("typology").cast(pl.String))
        .agg(rows=pl.len(), first=pl.col("event_time").min(), last=pl.col("event_time").max())
        .filter(pl.col("rows").is_between(*CAMPAIGN_ROWS), pl.col("first") >= first, pl.col("last") <= last)
        .with_columns(of_kind=pl.col("rows").sum().over("kind"))
        .sort("of_kind", "rows", "campaign_id", descending=[True, True, False])
        .head(1)
        .collect(engine="streaming")
    )
    if sizes.is_empty():
        return None
    own = labels.filter(pl.col("campaign_id") == sizes["campaign_id"][0]).collect()
    wanted = ["transaction_id", *(n for n in ("amount_usd", "channel", "response_code") if subject.data.has(n))]
    start, end = own["event_time"].min(), own["event_time"].max()
    paid = subject.window.filter(
        pl.col("event_time").is_between(start, end), pl.col("transaction_id").is_in(own["transaction_id"].to_list())
    ).select(wanted)
    return own.join(paid.collect(engine="streaming"), on="transaction_id", how="left").sort("event_time")


def _draw_campaign(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    bare(axes, "both")
    known = [row for row in rows if row.get("amount_usd") is not None]
    lowest = min((row["amount_usd"] for row in known if row["amount_usd"] > 0), default=1.0)
    shown = [(day_number(row["event_time"]), max(row["amount_usd"], lowest * 0.5), row) for row in known]
    good = [(x, y) for x, y, row in shown if row.get("response_code") in (None, "00")]
    bad = [(x, y) for x, y, row in shown if row.get("response_code") not in (None, "00")]
    axes.vlines([x for x, _, _ in shown], lowest * 0.4, [y for _, y, _ in shown], color=SOFT, linewidth=0.8, alpha=0.5)
    axes.plot([x for x, _ in good], [y for _, y in good], "o", color=FRAUD, markersize=8)
    axes.plot(
        [x for x, _ in bad],
        [y for _, y in bad],
        "o",
        markeredgecolor=FRAUD,
        markerfacecolor="none",
        markersize=8,
        markeredgewidth=1.8,
    )
    end = max(x for x, _, _ in shown)
    start = min(x for x, _, _ in shown)
    room = max((end - start) * 0.5, 0.02)
    reports = [day_number(row["reported_at"]) for row in rows if row.get("reported_at")]
    axes.plot(
        [at for at in reports if at <= end + room],
        [lowest * 0.55] * sum(at <= end + room for at in reports),
        "^",
        color=HOLIDAY,
        markersize=8,
    )
    axes.set_yscale("log")
    axes.tick_params(which="both", length=0)
    axes.set_ylim(lowest * 0.4, max(y for _, y, _ in shown) * 1.6)
    axes.set_xlim(start - room * 0.05, end + room)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"${short(value)}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    time_axis(axes, offset=True)


def _span(seconds: float) -> str:
    for size, word in ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}s"
    return f"{seconds:.0f} seconds"


def _minute(time: datetime | None) -> str:
    return "–" if time is None else f"{time:%Y-%m-%d %H:%M}"


def _answer(code: str | None) -> str:
    return "–" if code is None else named(f"{code} {RESPONSE_MEANING.get(code, '')}".strip())
