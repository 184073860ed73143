"""Plots by matplotlib as SVG for a page: in the page's own colours, light and dark, with nothing in them that loads."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any, Final, Literal, cast

import matplotlib as mpl
import matplotlib.dates as mpl_dates
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from payloom.realism.page_text import harmless

PX: Final = 1 / 72
"""Inches of a unit of the picture."""

INK, SOFT, LINE, PAPER = "#010101", "#020202", "#030303", "#040404"
SERIES: Final = tuple(f"#0101{place:02x}" for place in range(0x10, 0x1A))
"""Stand-ins that become ``var(--ink)`` and so on; colours of series become ``var(--c0)`` to ``var(--c9)``."""

GENUINE, FRAUD, HOLIDAY = "#010120", "#010121", "#010122"

_VARIABLES: Final = {
    INK: "--ink",
    SOFT: "--soft",
    LINE: "--line",
    PAPER: "--paper",
    GENUINE: "--genuine",
    FRAUD: "--fraud",
    HOLIDAY: "--holiday",
    **{color: f"--c{place}" for place, color in enumerate(SERIES)},
}
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11.0,
    "axes.edgecolor": SOFT,
    "axes.linewidth": 0.8,
    "axes.labelcolor": SOFT,
    "axes.labelsize": 11.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "text.color": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelsize": 11.0,
    "ytick.labelsize": 11.0,
    "patch.linewidth": 0.0,
    "legend.frameon": False,
    "legend.fontsize": 11.0,
    "path.simplify": True,
}
_REFERENCED: Final = re.compile(r'(?:url\(#|href="#)([^)"]+)')
_ID: Final = re.compile(r' id="([^"]+)"')
_TAG: Final = re.compile(r"<[^>]*>")
_DIGITS: Final = re.compile(r"(\d+\.\d)\d+")
_HEAD: Final = re.compile(r"^.*?<svg[^>]*?viewBox=\"([^\"]+)\"[^>]*>", re.DOTALL)

Draw = Callable[[Axes], None]


def picture(
    name: str,
    description: str,
    draw: Draw,
    *,
    width: int = 560,
    height: int = 260,
    margins: tuple[int, int, int, int] = (56, 12, 12, 34),
) -> str:
    """Return a plot as an inline SVG element.

    Parameters
    ----------
    name
        Short name, unique in the page; the names inside of the picture begin with it.
    description
        What it shows, in words, for those who can't see it.
    draw
        Draws on the axes that it is given.
    width, height
        Size in units of the picture, in which letters are 11 high.
    margins
        Left, right, top and bottom, in the same units.
    """
    left, right, top, bottom = margins
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # Names in other scripts have no glyphs in matplotlib's font; the browser's font has.
        warnings.filterwarnings("ignore", message="Glyph ", category=UserWarning)
        figure = Figure(figsize=(width * PX, height * PX), dpi=72)
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        axes = figure.add_axes(
            (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
        )
        axes.patch.set_visible(False)
        draw(axes)
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _inlined(text.getvalue(), name, description)


def _inlined(svg: str, name: str, description: str) -> str:
    """Take out what a page does not need, and give names and colours that fit into it."""
    used = set(_REFERENCED.findall(svg))
    box = _HEAD.match(svg)
    assert box is not None, "matplotlib writes an svg element with a view box"
    title = f'<svg viewBox="{box.group(1)}" role="img" aria-label="{harmless(description)}">'
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg[box.end() :], flags=re.DOTALL)
    body = _ID.sub(lambda found: f' id="{name}-{found.group(1)}"' if found.group(1) in used else "", body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", body).replace("xlink:href", "href")
    body = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", body)
    for color, variable in _VARIABLES.items():
        body = body.replace(color, f"var({variable})")
    # Places need no more digits; a label such as 0.01 does.
    body = _TAG.sub(lambda found: _DIGITS.sub(r"\1", found.group()), body)
    return title + re.sub(r"\n\s*", "\n", body)


def bare(axes: Axes, grid: Literal["x", "y", "both"] | None = None) -> None:
    """Leave the axes without lines of their own; `grid` says where quiet lines go."""
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(which="both", length=0)
    if grid:
        axes.grid(visible=True, axis=grid)


def day_number(moment: date | datetime) -> float:
    """Return a moment as matplotlib counts time: in days since 1970-01-01 UTC."""
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment.timestamp() / 86_400


def time_axis(axes: Axes, *, offset: bool = False) -> None:
    """Label days or hours from left to right, as few as are needed; `offset` writes the month or day at the end."""
    untyped = cast("Any", mpl_dates)
    locator = untyped.AutoDateLocator(minticks=3, maxticks=13)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(untyped.ConciseDateFormatter(locator, show_offset=offset))


def shade(color: str, weights: Sequence[float]) -> list[tuple[float, float, float, float]]:
    """Return one colour with as many opacities, from weights of 0 to 1."""
    red, green, blue = mpl.colors.to_rgb(color)
    return [(red, green, blue, round(0.04 + 0.96 * weight, 3)) for weight in weights]
