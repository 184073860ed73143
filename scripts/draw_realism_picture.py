"""Draw what `payloom realism` found as one picture, and write the page.

    payloom generate --out data
    python scripts/draw_realism_picture.py data --page docs/realism-report.html

The picture is a PNG of at most 250 kB, ``docs/pictures/realism-report.png`` unless named otherwise; needs the extra
``realism``, which has Matplotlib.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from payloom.realism.data import DataSet
from payloom.realism.page import write_page
from payloom.realism.page_text import score, shown
from payloom.realism.page_view import WORDS, State, fact_groups, verdict
from payloom.realism.report import examine
from payloom.realism.results import Difficulty, Histogram, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURE: Final = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "realism-report.png"
MAX_BYTES: Final = 250_000
GREEN, RED, AMBER, GREY = "#0d766a", "#b3202e", "#865a00", "#566372"
BLUE, ORANGE, BAND, TRACK = "#5d86b3", "#d2601a", "#d3ebe6", "#eef1f4"
COLOURS: Final[dict[State, str]] = {"good": GREEN, "bad": RED, "beyond": AMBER, "none": GREY}
MARKS: Final[dict[State, str]] = {"good": "o", "bad": "D", "beyond": "d", "none": "_"}
LEAKS_DRAWN: Final = 12
KINDS_DRAWN: Final = 24


def draw(report: Report, path: Path) -> None:
    """Draw the report: verdict, facts, leaks, and the difficulty or, without it, fraud beside genuine payments."""
    with mpl.rc_context():
        mpl.rcParams |= {"font.family": "DejaVu Sans", "font.size": 8.5, "axes.titleweight": "bold"}
        mpl.rcParams |= {"axes.titlesize": 10, "axes.titlelocation": "left", "axes.spines.top": False}
        # A name from the data that holds dollar signs is no formula.
        mpl.rcParams |= {"axes.spines.right": False, "text.parse_math": False}
        figure = Figure(figsize=(12, 8.4), layout="constrained")
        head, top, bottom = figure.subfigures(3, 1, squeeze=False, height_ratios=(1, 3.5, 3.9))[:, 0]
        _head(head.subplots(), report)
        left, right = top.subplots(1, 2, width_ratios=(1.25, 1))
        _facts(left, report)
        _leaks(right, report)
        parts = _models(report.difficulty) if report.difficulty else _plots(report.plots)
        for axes, part in zip(bottom.subplots(1, 3), parts, strict=True):
            part(axes)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110, metadata={"Software": None})


def _head(axes: Axes, report: Report) -> None:
    found = verdict(report)
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.text(0, 0.78, WORDS[found.state][0], size=24, color=COLOURS[found.state], weight="bold", va="center")
    axes.text(0.032, 0.78, found.sentence, size=18, weight="bold", va="center")
    period = f"{report.first_time[:10]} to {report.last_time[:10]}"
    axes.text(0, 0.42, f"{report.rows:,} payments, {report.frauds:,} frauds, {period}", size=10, color=GREY)
    for place, tile in enumerate(found.tiles):
        sign = f"{WORDS[tile.state][0]} {tile.name}: {tile.figure}"
        axes.text(place / 3, 0.12, sign, size=12, color=COLOURS[tile.state], weight="bold")
        axes.text(place / 3, -0.1, tile.words, size=8.5, color=GREY)


def _facts(axes: Axes, report: Report) -> None:
    """Draw every fact as a mark beside the accepted interval, one lane a group."""
    groups = fact_groups(report.facts)
    band = next((line.strip for group in groups for line in group.lines if 0 < line.strip.low < 50), None)
    if band is not None:
        axes.axvspan(band.low, band.high, color=BAND, lw=0)
    for lane, group in enumerate(groups):
        axes.axhline(lane, color=TRACK, lw=3, zorder=0)
        for place, line in enumerate(reversed(group.lines)):
            if line.strip.dot is not None:
                height = lane + (place * 37 % 45 - 22) / 100
                axes.plot(
                    line.strip.dot, height, MARKS[line.state], color=COLOURS[line.state], ms=5, mec="white", mew=0.7
                )
        judged = sum(group.counts[state] for state in ("good", "bad", "beyond"))
        told = f"{group.counts['good']} of {judged}" if judged else "–"
        axes.text(101, lane, told, va="center", color=GREY)
    axes.set_yticks(range(len(groups)), [group.name for group in groups])
    axes.set_xticks((5, 50, 95), ("less", "accepted", "more"))
    axes.tick_params(length=0)
    axes.set(title="Facts", xlim=(0, 100), ylim=(max(len(groups), 1) - 0.5, -0.5))
    axes.spines[:].set_visible(False)


def _leaks(axes: Axes, report: Report) -> None:
    """Draw what tells most by itself, with its interval and its limit."""
    verdicts = ("leak", "ok", "too few")
    leaks = sorted(report.leaks, key=lambda leak: (verdicts.index(leak.verdict), -leak.auc))[:LEAKS_DRAWN]
    for place, leak in enumerate(leaks):
        colour = RED if leak.verdict == "leak" else BLUE
        axes.barh(place, leak.auc - 0.5, left=0.5, height=0.62, color=colour)
        axes.plot((leak.auc_low, leak.auc_high), (place, place), color="black", lw=1)
        axes.plot((leak.limit, leak.limit), (place - 0.42, place + 0.42), color=RED, lw=1.4, ls=(0, (2, 1)))
        axes.text(1.01, place, score(leak.auc), va="center", color=GREY)
    axes.set_yticks(range(len(leaks)), [f"{shown(leak.column)[:40]}, {shown(leak.probe)[:40]}" for leak in leaks])
    axes.set(
        title="What one column alone tells: AUC and its limit", xlim=(0.5, 1), ylim=(max(len(leaks), 1) - 0.5, -0.5)
    )


def _models(difficulty: Difficulty) -> tuple[Callable[[Axes], None], ...]:
    """Return what draws kinds of fraud, ROC curves and ageing."""

    def kinds(axes: Axes) -> None:
        found = sorted(difficulty.typologies, key=lambda kind: (-kind.auc, kind.typology))[:KINDS_DRAWN]
        for place, kind in enumerate(found):
            axes.barh(place, 100 * max(kind.auc - 0.5, 0) * 2, height=0.7, color=BLUE, alpha=0.5)
            axes.barh(place, 100 * kind.recall_at_1pct, height=0.3, color=ORANGE)
        axes.set_yticks(range(len(found)), [shown(kind.typology).replace("_", " ") for kind in found], size=7)
        axes.set_xticks((0, 50, 100), ("AUC .5, 0 %", "AUC .75, 50 %", "AUC 1, 100 %"))
        axes.set(title="Kinds: AUC (wide), found in 1 % alerts", xlim=(0, 100), ylim=(max(len(found), 1) - 0.5, -0.5))

    def roc(axes: Axes) -> None:
        for (name, points), dashes in zip(difficulty.roc.items(), ("-", "--", ":", "-.") * 9, strict=False):
            axes.plot([x for x, _ in points], [y for _, y in points], dashes, lw=1.8, label=name)
        axes.plot((0, 1), (0, 1), color=GREY, lw=0.8, ls=(0, (1, 4)))
        axes.set(title="ROC curves", xlim=(0, 1), ylim=(0, 1), xlabel="genuine payments flagged", ylabel="frauds found")
        if difficulty.roc:
            axes.legend(frameon=False, fontsize=7.5, loc="lower right")

    def ageing(axes: Axes) -> None:
        months = [age.months_later for age in difficulty.ageing]
        axes.plot(months, [age.retrained_auc for age in difficulty.ageing], "o-", color=BLUE, label="trained again")
        axes.plot(
            months, [age.frozen_auc for age in difficulty.ageing], "o--", color=ORANGE, mfc="white", label="frozen"
        )
        axes.set(title="Ageing", xlabel="months after training", ylabel="AUC")
        axes.set_xticks(months)
        axes.legend(frameon=False)

    return kinds, roc, ageing


def _plots(plots: tuple[Histogram, ...]) -> tuple[Callable[[Axes], None], ...]:
    """Return what draws the first three comparisons of genuine payments and fraud."""

    def compare(axes: Axes, plot: Histogram) -> None:
        for (name, values), colour in zip(plot.series.items(), (BLUE, ORANGE), strict=False):
            axes.step(range(len(values) + 1), [*(100 * value for value in values), 100 * values[-1]], where="post",
                      color=colour, label=name)  # fmt: skip
        every = max(len(plot.x) // 6, 1)
        labels = [f"{x:g}" if isinstance(x, float) else str(x) for x in plot.x[::every]]
        axes.set_xticks(range(0, len(plot.x), every), labels)
        axes.set(title=plot.title, xlabel=plot.x_label, ylabel="%", ylim=(0, None))
        axes.legend(frameon=False)

    def part(place: int) -> Callable[[Axes], None]:
        return (lambda axes: compare(axes, plots[place])) if place < len(plots) else (lambda axes: axes.set_axis_off())

    return part(0), part(1), part(2)


def main() -> int:
    """Measure, draw and write; 1 if the picture is too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="data set, as written by payloom generate")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="PNG to draw (default: docs/pictures/…)")
    parser.add_argument("--page", type=Path, help="write the page too")
    parser.add_argument("--fast", action="store_true", help="leave out what fits models")
    arguments = parser.parse_args()
    report = examine(DataSet.open(arguments.folder, None), fast=arguments.fast, said=print)
    draw(report, arguments.picture)
    if arguments.page:
        write_page(report, arguments.page)
    if arguments.picture.stat().st_size > MAX_BYTES:
        print(f"error: {arguments.picture} is larger than {MAX_BYTES:,} bytes")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
