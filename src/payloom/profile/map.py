"""Where customers shop: a map of points, drawn from the payments alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from payloom.profile.section import Picture, Section, Table, counts, lacking, named, percent, thousands
from payloom.profile.subject import Subject
from payloom.realism.page_canvas import GENUINE, INK, bare, picture
from payloom.reference import load_cities, load_countries

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRID_DEGREES: Final = 0.5
MAX_POINTS: Final = 1_500
NAMED_CITIES: Final = 9
COUNTRIES: Final = 20
_NEAR_DEGREES: Final = 0.6
_APART_DEGREES: Final = (22.0, 7.0)
"""Longitude and latitude between two names on the map, so that they do not cover each other."""


def where(subject: Subject) -> Section:
    """Show where payments with a place were made."""
    title = "Where customers shop"
    missing = lacking(subject, "latitude", "longitude")
    if missing:
        return Section("map", "Map", title, missing)
    cell = [(pl.col(name) / GRID_DEGREES).round().cast(pl.Int32).alias(name) for name in ("longitude", "latitude")]
    placed = subject.counted.select(*cell).drop_nulls()
    found = counts(placed, "longitude", "latitude")
    points = [(x * GRID_DEGREES, y * GRID_DEGREES, n) for x, y, n in found if abs(x) <= 360 and abs(y) <= 180]
    if not points:
        return Section("map", "Map", title, "Not shown: no payment has a place.")
    total, points = sum(count for *_, count in points), points[:MAX_POINTS]
    cities = _cities(points)
    lead = f"{thousands(total)} payments in {len(found):,} fields of half a degree; most near {cities[0][2]}."
    svg = picture(
        "map",
        f"A map of points, larger where more was paid. {lead} Countries are in the table below.",
        lambda axes: _draw_map(axes, points, cities),
        width=1040,
        height=470,
        margins=(6, 6, 6, 22),
    )
    tables = _by_country(subject) if subject.data.has("merchant_country") else ()
    return Section(
        "map",
        "Map",
        title,
        lead,
        f"Of {subject.basis}; remote payments have no place.",
        (Picture("Payments in person", svg, wide=True),),
        tables,
    )


def _cities(points: list[tuple[float, float, int]]) -> list[tuple[float, float, str]]:
    """Return the cities nearest to the places with most payments, apart from each other."""
    taken: list[tuple[float, float, str]] = []
    for x, y, _ in points:
        if len(taken) == NAMED_CITIES:
            break
        if any(abs(x - a) < _APART_DEGREES[0] and abs(y - b) < _APART_DEGREES[1] for a, b, _ in taken):
            continue
        taken.append((x, y, _name(x, y)))
    return taken


def _name(x: float, y: float) -> str:
    """Return the largest city near a place, or the nearest one if none is near."""
    apart = {city: max(abs(city.longitude - x), abs(city.latitude - y)) for city in load_cities()}
    near = [city for city, degrees in apart.items() if degrees <= _NEAR_DEGREES]
    return max(near, key=lambda city: city.population).name if near else min(apart, key=lambda city: apart[city]).name


def _draw_map(axes: Axes, points: list[tuple[float, float, int]], cities: list[tuple[float, float, str]]) -> None:
    bare(axes, "both")
    xs, ys, sizes = zip(*points, strict=True)
    largest = max(sizes)
    axes.scatter(xs, ys, s=[3 + 260 * size / largest for size in sizes], color=GENUINE, alpha=0.5, linewidths=0)
    low_x, high_x, low_y, high_y = min(xs) - 6, max(xs) + 14, min(ys) - 5, max(ys) + 6
    axes.set_xlim(max(low_x, -180), min(high_x, 194))
    axes.set_ylim(max(low_y, -90), min(high_y, 90))
    axes.set_xticks(
        range(-180, 181, 30), [f"{abs(at)}°{'W' if at < 0 else 'E' if at else ''}" for at in range(-180, 181, 30)]
    )
    axes.set_yticks(range(-90, 91, 30), [""] * 7)
    axes.set_xlim(max(low_x, -180), min(high_x, 194))
    axes.set_ylim(max(low_y, -90), min(high_y, 90))
    for x, y, name in cities:
        axes.annotate(name, (x, y), xytext=(6, 5), textcoords="offset points", color=INK, fontsize=11)


def _by_country(subject: Subject) -> tuple[Table, ...]:
    names = {code: country.name for code, country in load_countries().items()}
    code = pl.col("merchant_country").cast(pl.String)
    abroad = code != pl.col("issuer_country").cast(pl.String) if subject.data.has("issuer_country") else pl.lit(None)
    found = (
        subject.counted.filter(code.is_not_null())
        .group_by(country=code)
        .agg(rows=pl.len(), abroad=abroad.sum())
        .sort("rows", "country", descending=[True, False])
        .collect(engine="streaming")
    )
    total = int(found["rows"].sum())
    lines = tuple(
        (named(names.get(country, country)), thousands(rows), percent(rows, total), percent(away or 0, rows))
        for country, rows, away in found.head(COUNTRIES).iter_rows()
    )
    head = ("Country of the shop", "Payments", "Share", "With cards of other countries")
    return (Table("Countries, remote payments included", head, lines),)
