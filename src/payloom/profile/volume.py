"""How many payments there are: by day with public holidays, and by hour of the week for each channel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from payloom.profile.section import Picture, Section, Table, counts, lacking, local_time, named, percent, thousands
from payloom.profile.subject import Subject
from payloom.realism.page_canvas import GENUINE, HOLIDAY, bare, day_number, picture, shade, time_axis
from payloom.reference import load_countries, load_holidays

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COUNTRIES: Final = 3
"""Countries whose holidays are marked: those with most payments."""

MAX_HOLIDAYS: Final = 60
MAX_DAYS: Final = 800
MAX_CHANNELS: Final = 6
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NORMAL_DAYS: Final = 28
"""Days around a holiday whose same weekdays say what is usual."""


def by_day(subject: Subject) -> Section:
    """Show payments by day (UTC), with public holidays marked."""
    found = (
        subject.data.payments.group_by(day=pl.col("event_time").dt.date())
        .agg(rows=pl.len(), frauds=pl.col("is_fraud").sum())
        .drop_nulls("day")
        .sort("day")
        .tail(MAX_DAYS)
        .collect(engine="streaming")
    )
    volume = {day: (rows, frauds) for day, rows, frauds in found.iter_rows()}
    rows = {day: rows for day, (rows, _) in volume.items()}
    marked = _holidays(subject, rows)
    mean = sum(rows.values()) / len(rows)
    busiest, quietest = max(rows, key=lambda day: rows[day]), min(rows, key=lambda day: rows[day])
    lead = (
        f"{thousands(mean)} payments on an average day; most on {_long(busiest)} ({thousands(rows[busiest])}), "
        f"fewest on {_long(quietest)} ({thousands(rows[quietest])})."
    )
    svg = picture(
        "days",
        f"Payments by day. {lead} The numbers are in the table below.",
        lambda axes: _draw_days(axes, rows, marked),
        width=1040,
        height=280,
        margins=(44, 26, 10, 24),
    )
    by_month: dict[str, list[int]] = {}
    for day, (count, frauds) in volume.items():
        total = by_month.setdefault(f"{day:%Y-%m}", [0, 0, 0])
        for place, value in enumerate((1, count, frauds)):
            total[place] += value
    months = tuple(
        (month, thousands(days), thousands(count), thousands(frauds), percent(frauds, count))
        for month, (days, count, frauds) in by_month.items()
    )
    return Section(
        "days",
        "Days",
        "Payments by day",
        lead,
        "Days in UTC; of every payment that was read.",
        (Picture("Payments a day", svg, (("genuine", "payments"), ("holiday", "public holiday")), wide=True),),
        (
            Table("Months", ("Month", "Days", "Payments", "Frauds", "Fraud share"), months),
            *((_holiday_table(rows, marked),) if marked else ()),
        ),
    )


def _holidays(subject: Subject, rows: Mapping[date, int]) -> dict[date, list[str]]:
    """Return the holidays of the countries with most payments, by day; names with their country."""
    column = next((name for name in ("merchant_country", "issuer_country") if subject.data.has(name)), None)
    if column is None:
        return {}
    known = load_countries()
    found = [str(country) for country, _ in counts(subject.sample.lazy(), column) if country in known]
    marked: dict[date, list[str]] = {}
    for country in found[:COUNTRIES]:
        for day, name in load_holidays(country).items():
            if day in rows:
                marked.setdefault(day, []).append(f"{name} ({country})")
    return dict(sorted(marked.items())[:MAX_HOLIDAYS])


def _holiday_table(rows: Mapping[date, int], marked: Mapping[date, list[str]]) -> Table:
    lines = []
    for day, names in marked.items():
        around = [day + timedelta(days=7 * week) for week in range(-_NORMAL_DAYS // 7, _NORMAL_DAYS // 7 + 1)]
        usual = [rows[other] for other in around if other != day and other in rows and other not in marked]
        change = f"{100 * (rows[day] * len(usual) / sum(usual) - 1):+.0f} %" if usual else "–"
        lines.append((_long(day), "; ".join(map(named, names)), thousands(rows[day]), change))
    head = ("Day", "Holiday", "Payments", "Against the same weekday")
    return Table("Public holidays of the countries with most payments", head, tuple(lines), texts=(1,))


def _draw_days(axes: Axes, rows: Mapping[date, int], marked: Mapping[date, list[str]]) -> None:
    bare(axes, "y")
    days = [day_number(day) for day in rows]
    values = [float(count) for count in rows.values()]
    axes.fill_between(days, values, step="mid", color=GENUINE, alpha=0.45, linewidth=0)
    axes.step(days, values, where="mid", color=GENUINE, linewidth=1.2)
    highest = max(values)
    points = [day_number(day) for day in marked]
    axes.plot(points, [rows[day] + highest * 0.05 for day in marked], "v", color=HOLIDAY, markersize=6)
    axes.set_ylim(0, highest * 1.12)
    axes.set_xlim(days[0] - 1, days[-1] + 1)
    time_axis(axes)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def by_hour(subject: Subject) -> Section:
    """Show when in the week each channel is used."""
    missing = lacking(subject, "channel")
    title = "Hours of the week by channel"
    if missing:
        return Section("hours", "Hours", title, missing)
    local = local_time(subject)
    found = subject.counted.group_by(
        channel=pl.col("channel").cast(pl.String), weekday=local.dt.weekday(), hour=local.dt.hour()
    ).agg(count=pl.len())
    cells: dict[str, dict[tuple[int, int], int]] = {}
    for channel, weekday, hour, count in found.collect(engine="streaming").iter_rows():
        cells.setdefault(named(channel), {})[weekday, hour] = count
    total = {channel: sum(values.values()) for channel, values in cells.items()}
    channels = sorted(total, key=lambda channel: (-total[channel], channel))[:MAX_CHANNELS]
    pictures = tuple(
        _heat(f"hours{place}", channel, cells[channel], total[channel]) for place, channel in enumerate(channels)
    )
    peaks = tuple(
        (channel, thousands(total[channel]), percent(total[channel], sum(total.values())), *_peak(cells[channel]))
        for channel in channels
    )
    where = "local time of the payment" if subject.data.has("local_offset_min") else "UTC"
    return Section(
        "hours",
        "Hours",
        title,
        f"Each field is an hour of the week, in {where}; the stronger its colour, the more of the channel's payments.",
        _of(subject),
        pictures,
        (
            Table(
                "Channels",
                ("Channel", "Payments", "Share", "Busiest hour", "Quietest hour", "Share at night (0-6)"),
                peaks,
                texts=(3, 4),
                folded=False,
            ),
            *(_hour_table(channel, cells[channel]) for channel in channels),
        ),
    )


def _heat(name: str, channel: str, cells: Mapping[tuple[int, int], int], total: int) -> Picture:
    largest = max(cells.values())
    places = [(day, hour) for day in range(1, 8) for hour in range(24)]
    colors = shade(GENUINE, [cells.get(place, 0) / largest for place in places])

    def draw(axes: Axes) -> None:
        bare(axes)
        fields = [Rectangle((hour + 0.04, day - 0.46), 0.92, 0.92) for day, hour in places]
        axes.add_collection(PatchCollection(fields, facecolors=colors, linewidths=0))
        axes.set_xlim(0, 24)
        axes.set_ylim(7.5, 0.5)
        axes.set_yticks(range(1, 8), WEEKDAYS)
        axes.set_xticks(range(0, 25, 3))

    busiest, quietest, _ = _peak(cells)
    said = f"{channel}, {thousands(total)} payments by weekday and hour: most at {busiest}, fewest at {quietest}."
    return Picture(channel, picture(name, said, draw, width=460, height=200, margins=(36, 8, 4, 24)))


def _peak(cells: Mapping[tuple[int, int], int]) -> tuple[str, str, str]:
    places = [(day, hour) for day in range(1, 8) for hour in range(24)]
    words = [f"{WEEKDAYS[day - 1]} {hour:02d}:00" for day, hour in places]
    values = [cells.get(place, 0) for place in places]
    night = sum(value for (_, hour), value in zip(places, values, strict=True) if hour < 6)
    return words[values.index(max(values))], words[values.index(min(values))], percent(night, sum(values))


def _hour_table(channel: str, cells: Mapping[tuple[int, int], int]) -> Table:
    rows = tuple(
        (f"{hour:02d}:00", *(thousands(cells.get((day, hour), 0)) for day in range(1, 8))) for hour in range(24)
    )
    return Table(f"{channel}: payments by hour and weekday", ("Hour", *WEEKDAYS), rows)


def short(value: float) -> str:
    """Write a number for an axis."""
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{letter}"
    return f"{value:g}"


def _long(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]} {day:%Y-%m-%d}"


def _of(subject: Subject) -> str:
    return f"Of {subject.basis}."
