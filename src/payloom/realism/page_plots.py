"""Pictures of the page as geometry: what a template needs to draw them as inline SVG in the reader's own colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, isfinite, log10
from typing import Final, Literal

from payloom.realism.page_text import number, shown
from payloom.realism.results import Histogram

WIDTH: Final = 380
HEIGHT: Final = 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 10.0, 10.0, 24.0

MOST_BINS: Final = 200
MOST_SERIES: Final = 40
"""Bins and series of one plot that are drawn; a page stays a page whatever it is given."""

_COLUMNS_MAX: Final = 14
_LABEL_MAX: Final = 7
_CHARACTER: Final = 6.2
"""Width of a character of a label."""

_TEXT_SIZE: Final = 10
"""Characters in the page for one of a label: it is there twice, and a quote takes five."""

_LABELS_MIN: Final = 4
"""Steps between labels that an axis has at least where it can."""

_RING: Final = "m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0"


@dataclass(frozen=True, slots=True)
class Shape:
    """A path, its class in the style sheet, and what a pointer over it says."""

    d: str
    look: str
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A text in a picture."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"] = "middle"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of `WIDTH` by `HEIGHT`, with a text for those who can't see it."""

    description: str
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    x_label: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A small table and the form in which it is drawn.

    Attributes
    ----------
    form
        "picture", "rows" (a pair of bars for each label), "heat" (a shaded table), or "empty".
    series
        Names in the order of `rows`' values; the first is drawn quietly, the second loudly.
    rows
        Label and values.
    largest
        Largest value, at least a little over 0.
    """

    title: str
    x_label: str
    unit: str
    form: Literal["picture", "rows", "heat", "empty"]
    series: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]
    largest: float
    picture: Picture | None = None
    left_out: int = 0

    @property
    def size(self) -> int:
        """About how many characters it takes in the page."""
        texts = sum(len(label) for label, _ in self.rows) + sum(map(len, self.series))
        return 1_500 + 100 * len(self.rows) * (1 + len(self.series)) + _TEXT_SIZE * texts


@dataclass(frozen=True, slots=True)
class Frame:
    """Data coordinates of a picture."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        """Place a value from left to right."""
        share = (value - self.x_low) / (self.x_high - self.x_low)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        """Place a value from bottom to top."""
        share = (value - self.y_low) / (self.y_high - self.y_low)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def ticks(low: float, high: float, about: int = 4) -> tuple[float, ...]:
    """Return round values between two others."""
    span = high - low
    if not isfinite(span) or span <= 0:
        return (low,)
    raw = span / about
    power = 10.0 ** floor(log10(raw))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= raw * 0.999)
    return tuple(round(step * place, 12) for place in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1))


def plot(histogram: Histogram) -> Plot:
    """Choose the form for a small table: steps over edges, columns or rows for labels, shades for many series."""
    series = dict(list(histogram.series.items())[:MOST_SERIES])
    count = min((len(values) for values in series.values()), default=0)
    edges = len(histogram.x) == count + 1 and all(isinstance(edge, int | float) for edge in histogram.x)
    count = min(count, MOST_BINS, len(histogram.x))
    left_out = max(len(histogram.x) - edges - count, len(histogram.series) - len(series))
    labels = _bin_labels(histogram.x[: count + 1]) if edges else [_label(x) for x in histogram.x[:count]]
    values = [[value if isfinite(value) else 0.0 for value in each[:count]] for each in series.values()]
    rows = tuple((label, tuple(each[place] for each in values)) for place, label in enumerate(labels))
    largest = max((value for each in values for value in each), default=0.0)
    names = tuple(shown(name) for name in series)
    title, unit = shown(histogram.title), histogram.unit
    form: Literal["picture", "rows", "heat", "empty"] = "empty"
    picture = None
    if count and largest > 0:
        form = "heat" if len(names) > 2 else "picture" if edges or _fit(labels) else "rows"
    if form == "picture":
        shapes, below = _steps(histogram.x, values, names) if edges else ([], [])
        if not edges:
            shapes, below = _columns(labels, values, names, unit)
        picture = _bars_picture(title, names, largest, unit, shapes, below)
    return Plot(title, shown(histogram.x_label), unit, form, names, rows, max(largest, 1e-12), picture, left_out)


def _label(value: float | str) -> str:
    return shown(value) if isinstance(value, str) else number(value)


def _bin_labels(edges: Sequence[float | str]) -> list[str]:
    return [f"{_label(low)} – {_label(high)}" for low, high in pairwise(edges)]


def _fit(labels: Sequence[str]) -> bool:
    return len(labels) <= _COLUMNS_MAX and max(map(len, labels)) <= _LABEL_MAX


def _bars_picture(
    title: str, names: tuple[str, ...], largest: float, unit: str, shapes: list[Shape], below: list[Label]
) -> Picture:
    frame = Frame(0, 1, 0, largest * 1.06)
    lines, marks = _y_axis(frame, unit)
    description = f"{title}: {' and '.join(names)}; the numbers are in the table below the picture"
    return Picture(description, (*lines, *shapes), (*marks, *below))


def _y_axis(frame: Frame, unit: str) -> tuple[list[Shape], list[Label]]:
    shapes, labels = [], []
    for tick in ticks(frame.y_low, frame.y_high):
        y = frame.y(tick)
        shapes.append(Shape(f"M{_LEFT:g} {y}H{WIDTH - _RIGHT:g}", "grid"))
        labels.append(Label(_LEFT - 6, y + 3.5, number(tick, unit), "end"))
    return shapes, labels


def _x_ticks(texts: Sequence[tuple[float, str]], *, edges: bool = False) -> list[Label]:
    """Label places from left to right at even steps, as many as there is room for; edges at the roundest ones."""
    last = len(texts) - 1
    steps = [step for step in range(1, last + 2) if _have_room(texts[::step])]
    even = [step for step in steps if edges and last % step == 0 and last // step >= _LABELS_MIN]
    step = min(even, key=lambda step: (sum(len(text) for _, text in texts[::step]) * step, step), default=steps[0])
    return [_below(x, text) for x, text in texts[::step]]


def _below(x: float, text: str) -> Label:
    """Label a place of the axis; one that would stand out to the right ends at the border."""
    inside = x + len(text) * _CHARACTER / 2 <= WIDTH
    return Label(x if inside else WIDTH, HEIGHT - _BOTTOM + 15, text, "middle" if inside else "end")


def _have_room(texts: Sequence[tuple[float, str]]) -> bool:
    return all(
        left + len(first) * _CHARACTER / 2 + 3 < right - len(second) * _CHARACTER / 2
        for (left, first), (right, second) in pairwise(texts)
    )


def _steps(
    edges: Sequence[float | str], values: list[list[float]], names: tuple[str, ...]
) -> tuple[list[Shape], list[Label]]:
    """Draw the first series as a filled outline, the second as a line over it."""
    count = len(values[0])
    frame = Frame(0, count, 0, max(max(each) for each in values) * 1.06)
    shapes = []
    for place, each in enumerate(values):
        first, base = frame.x(0), frame.y(0)
        line = "".join(f"V{frame.y(value)}H{frame.x(bin_ + 1)}" for bin_, value in enumerate(each))
        path = f"M{first} {base}{line}V{base}Z" if place == 0 else f"M{first} {frame.y(each[0])}{line}"
        shapes.append(Shape(path, f"area s{place}" if place == 0 else f"line s{place}", names[place]))
    # Bins are equally wide: edges that grow by a factor become a logarithmic axis.
    return shapes, _x_ticks([(frame.x(place), _label(edge)) for place, edge in enumerate(edges)], edges=True)


def _columns(
    labels: list[str], values: list[list[float]], names: tuple[str, ...], unit: str
) -> tuple[list[Shape], list[Label]]:
    """Draw a group of columns for each label."""
    frame = Frame(0, len(labels), 0, max(max(each) for each in values) * 1.06)
    width = 0.76 / len(values)
    shapes = []
    for place, each in enumerate(values):
        for bin_, value in enumerate(each):
            left, right = frame.x(bin_ + 0.12 + place * width), frame.x(bin_ + 0.12 + (place + 1) * width)
            tip = f"{labels[bin_]}, {names[place]}: {number(value, unit)}"
            shapes.append(Shape(f"M{left} {frame.y(0)}V{frame.y(value)}H{right}V{frame.y(0)}Z", f"bar s{place}", tip))
    return shapes, _x_ticks([(frame.x(bin_ + 0.5), label) for bin_, label in enumerate(labels)])


@dataclass(frozen=True, slots=True)
class Curve:
    """A named line, by places in a picture; `style` picks its colour, dashes and marks."""

    name: str
    points: tuple[tuple[float, float], ...]
    style: int
    marks: bool = False


def curves(description: str, lines: Sequence[Curve], frame: Frame, *, x_label: str, diagonal: bool = False) -> Picture:
    """Draw lines over round axes.

    Parameters
    ----------
    description
        What the picture shows, in words.
    lines
        At most as many as the style sheet has styles for.
    frame
        Ranges of the axes.
    x_label
        What goes from left to right.
    diagonal
        Whether to draw where chance would be.
    """
    shapes, labels = _y_axis(frame, "")
    shapes.append(Shape(f"M{_LEFT:g} {HEIGHT - _BOTTOM:g}H{WIDTH - _RIGHT:g}", "axis"))
    labels += _x_ticks([(frame.x(tick), number(tick)) for tick in ticks(frame.x_low, frame.x_high, 5)])
    if diagonal:
        shapes.append(Shape(f"M{frame.x(0)} {frame.y(0)}L{frame.x(1)} {frame.y(1)}", "chance", "chance"))
    for curve in lines:
        known = [(x, y) for x, y in curve.points if isfinite(x) and isfinite(y)]
        if known:
            path = "M" + "L".join(f"{frame.x(x)} {frame.y(y)}" for x, y in known)
            shapes.append(Shape(path, f"line c{curve.style}", curve.name))
        if curve.marks:
            shapes += [
                Shape(f"M{frame.x(x)} {frame.y(y)}{_RING}", f"mark c{curve.style}", f"{curve.name}: {number(y)}")
                for x, y in known
            ]
    return Picture(description, tuple(shapes), tuple(labels), x_label)
