"""Curves of the model card by matplotlib; names from outside stand in the page beside them, never in a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import ceil, floor, isfinite, log10
from typing import TYPE_CHECKING, Final

from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from payloom.baseline.results import Ageing, ModelResult, Points, ReliabilityBin, Threshold
from payloom.realism.page_canvas import PAPER, SERIES, SOFT, bare, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 370, 270
MARGINS: Final = (58, 24, 10, 48)
PAD: Final = 8
"""Room between an axis and its labels, so that those of both axes do not meet in the corner."""
DASHES: Final = ("-", (0, (3.2, 1.4)), (0, (1, 1.4)), (0, (4.5, 1.4, 1, 1.4)), (0, (1.8, 1.8)), (0, (5.5, 1.8)))
"""As the lines ``c0`` to ``c5`` of the style sheet."""

LOG_FROM: Final = 500
"""Curves whose ends differ by more than such a factor get a logarithmic axis."""

DEEPEST_LOSS: Final = 0.4
"""A loss is drawn down to this part of the largest saving; reviewing everything costs far more than it saves."""

MARKERS: Final = {"cost": "o", "budget": "D"}


def finite(points: Points) -> list[tuple[float, float]]:
    """Return the points of a curve that can be drawn, from left to right."""
    return sorted((x, y) for x, y in points if isfinite(x) and isfinite(y))


def roc(models: Sequence[ModelResult]) -> str:
    """Draw the share of frauds found by the share of genuine payments flagged."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (2, 4)))
        _lines(axes, lines)
        _shares(axes, "genuine payments flagged", "frauds found")

    lines = _curves(model.curves.roc for model in models)
    return _picture("roc", "ROC curves: frauds found by genuine payments flagged, from 0 to 100 % each.", draw, lines)


def precision_recall(models: Sequence[ModelResult]) -> str:
    """Draw the share of alerts that are fraud by the share of frauds found."""

    def draw(axes: Axes) -> None:
        _lines(axes, lines)
        _shares(axes, "frauds found", "alerts that are fraud")

    lines = _curves(model.curves.precision_recall for model in models)
    return _picture("pr", "Precision and recall: alerts that are fraud by frauds found.", draw, lines)


def alerts_recall(models: Sequence[ModelResult]) -> str:
    """Draw the share of frauds found by the share of payments alerted, on a logarithmic axis."""

    def draw(axes: Axes) -> None:
        axes.axvline(0.01, color=SOFT, linewidth=1, linestyle=(0, (2, 4)))
        _lines(axes, lines)
        _shares(axes, "payments alerted", "frauds found")
        lowest = min(points[0][0] for points in lines.values())
        _log_percent(axes, min(10.0 ** max(floor(log10(lowest)), -4), 0.001))

    # A logarithmic axis has no place for none.
    lines = _curves((tuple((x, y) for x, y in model.curves.alerts_recall if x > 0)) for model in models)
    words = (
        "Frauds found by payments alerted, from few to all on a logarithmic axis; the numbers are in the table below."
    )
    return _picture("alerts", words, draw, lines)


def saved(points: Points, thresholds: Sequence[Threshold]) -> str:
    """Draw the money saved by alerts a day, with the thresholds on it."""
    known = [(x, y) for x, y in finite(points) if x >= 0]
    if len(known) < 2:
        return ""
    positive = [x for x, _ in known if x > 0]
    wide = bool(positive) and positive[-1] / positive[0] > LOG_FROM
    drawn = [(x, y) for x, y in known if x > 0] if wide else known
    top = max(0.0, *(y for _, y in drawn))
    bottom = min(0.0, *(y for _, y in drawn))
    low = max(bottom, -DEEPEST_LOSS * top) if top > 0 else bottom
    marks = [one for one in thresholds if isfinite(one.alerts_per_day) and isfinite(one.saved_usd)]

    def draw(axes: Axes) -> None:
        bare(axes, "y")
        if wide:
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
        axes.axhline(0, color=SOFT, linewidth=0.8)
        axes.plot(*zip(*drawn, strict=True), color=SERIES[0], linewidth=2.2)
        for one in marks:
            axes.axvline(one.alerts_per_day, color=SOFT, linewidth=1, linestyle=(0, (2, 3)))
            axes.plot(
                one.alerts_per_day,
                min(max(one.saved_usd, low), top * 1.05 or 1.0),
                MARKERS[one.rule],
                markersize=9,
                markerfacecolor=SERIES[1],
                markeredgecolor=PAPER,
                markeredgewidth=1.5,
            )
        room = (top - low) * 0.08 or 1.0
        axes.set_ylim(low - (room if low < 0 else 0), top + room)
        axes.tick_params(axis="x", pad=PAD)
        axes.set_xlabel("alerts a day")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value, "$")))
        axes.yaxis.set_major_locator(MaxNLocator(6))

    words = f"Money saved by alerts a day, at most {short(top, '$')}; the thresholds are in the table beside it."
    return picture("saved", words, draw, width=WIDTH, height=HEIGHT, margins=MARGINS)


def reliability(bins: Sequence[ReliabilityBin]) -> str:
    """Draw the observed rate of fraud by the probability that the model gave, both on logarithmic axes."""
    known = [each for each in bins if isfinite(each.probability) and isfinite(each.observed) and each.probability > 0]
    positive = [value for each in known for value in (each.probability, each.observed) if value > 0]
    if not positive:
        return ""
    low = 10.0 ** max(floor(log10(min(positive)) - 0.1), -7)
    high = min(10.0 ** ceil(log10(max(positive)) + 0.05), 1.0)
    low = min(low, high / 100)
    most = max(1, *(each.rows for each in known))

    def draw(axes: Axes) -> None:
        bare(axes, "both")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.plot([low, high], [low, high], color=SOFT, linewidth=1, linestyle=(0, (2, 4)))
        line = [(each.probability, each.observed) for each in known if each.observed > 0]
        if line:
            axes.plot(*zip(*line, strict=True), color=SERIES[0], linewidth=1.4, alpha=0.6)
        for each in known:
            none = each.observed <= 0
            axes.plot(
                each.probability,
                low if none else each.observed,
                "v" if none else "o",
                markersize=6 + 5 * (each.rows / most) ** 0.5,
                markerfacecolor=PAPER if none else SERIES[0],
                markeredgecolor=SERIES[0] if none else PAPER,
                clip_on=False,
            )
        for axis, set_limits in ((axes.xaxis, axes.set_xlim), (axes.yaxis, axes.set_ylim)):
            set_limits(low, high * 1.15)
            axis.set_major_locator(LogLocator(numticks=9))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(FuncFormatter(lambda value, _: percent(value)))
        axes.tick_params(axis="x", pad=PAD)
        axes.set_xlabel("probability given")
        axes.set_ylabel("rate of fraud")

    words = "Reliability: the rate of fraud by the probability given; on the diagonal they are equal."
    return picture("reliability", words, draw, width=WIDTH, height=HEIGHT, margins=(74, 24, 10, 48))


def ageing(months: Sequence[Ageing], name: str, frozen: Sequence[float], again: Sequence[float]) -> str:
    """Draw a metric by months after the training, of a frozen model and of one trained again each month."""
    when = [each.months_later for each in months]
    lines = [
        [(float(month), value) for month, value in zip(when, values, strict=True) if isfinite(value)]
        for values in (again, frozen)
    ]
    if not any(lines):
        return ""

    def draw(axes: Axes) -> None:
        bare(axes, "y")
        for place, line in enumerate(lines):
            if line:
                axes.plot(
                    *zip(*line, strict=True),
                    color=SERIES[place],
                    linestyle=DASHES[place],
                    linewidth=2.2,
                    marker="o",
                    markersize=6,
                    markerfacecolor=SERIES[0] if place == 0 else PAPER,
                    markeredgewidth=1.6,
                )
        axes.set_xticks(when[:: max(ceil(len(when) / 12), 1)])
        axes.set_xlim(min(when) - 0.3, max(when) + 0.3)
        heights = [y for line in lines for _, y in line]
        room = max((max(heights) - min(heights)) * 0.2, 0.01)
        axes.set_ylim(max(min(heights) - room, 0), min(max(heights) + room, 1))
        axes.set_xlabel("months after training")
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3f}"))

    words = f"{name} by months after training, frozen and trained again each month; the numbers are in the table."
    key = "ageing" + "".join(sign for sign in name.lower() if sign.isalpha())
    return picture(key, words, draw, width=WIDTH, height=220, margins=(52, 14, 10, 44))


def short(value: float, sign: str = "") -> str:
    """Write a count or an amount for an axis: 1.2k, $3M, −$40k."""
    size = abs(value)
    for limit, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if size >= limit:
            written = f"{size / limit:.3g}{letter}"
            break
    else:
        written = f"{size:.3g}"
    return f"{'−' if value < 0 else ''}{sign}{written}"


def percent(share: float) -> str:
    """Write a share for an axis."""
    return f"{100 * share:.6g} %" if share >= 1e-6 else f"{100 * share:.0e} %"


def _curves(every: Iterable[Points]) -> dict[int, list[tuple[float, float]]]:
    """Return what can be drawn of each model, by its place."""
    found = {place: finite(points) for place, points in enumerate(every)}
    return {place: points for place, points in found.items() if len(points) > 1 and place < len(DASHES)}


def _lines(axes: Axes, lines: dict[int, list[tuple[float, float]]]) -> None:
    """Draw curves, the first on top of the others."""
    for place in sorted(lines, reverse=True):
        axes.plot(*zip(*lines[place], strict=True), color=SERIES[place], linestyle=DASHES[place], linewidth=2.2)


def _shares(axes: Axes, below: str, beside: str) -> None:
    bare(axes, "both")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: percent(value) if value else "0 %"))
        axis.set_major_locator(MaxNLocator(5))
    axes.tick_params(axis="x", pad=PAD)
    axes.set_xlabel(below)
    axes.set_ylabel(beside)


def _log_percent(axes: Axes, low: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(low, 1)
    axes.xaxis.set_major_locator(LogLocator(numticks=9))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value)))


def _picture(name: str, words: str, draw: Callable[[Axes], None], lines: dict[int, list[tuple[float, float]]]) -> str:
    return picture(name, words, draw, width=WIDTH, height=HEIGHT, margins=MARGINS) if lines else ""
