"""The report as one HTML page that opens anywhere: no script, no file beside it, nothing loaded."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from payloom.realism import page_text
from payloom.realism.page_file import write_whole
from payloom.realism.page_plots import HEIGHT, WIDTH
from payloom.realism.page_templates import template_environment
from payloom.realism.page_view import (
    CONFIDENCE,
    LEAKS_DRAWN,
    MOST_FACTS,
    MOST_NAMED,
    WORDS,
    fact_groups,
    models,
    plots,
    probes,
    verdict,
)
from payloom.realism.results import Report

if TYPE_CHECKING:
    from jinja2 import Environment

FIRST_TEMPLATE: Final = "report.html.j2"


def render(report: Report) -> str:
    """Return the page; the same report gives the same text.

    What comes from the data is escaped, and shortened where it is long: the page stays below 3 MB.
    """
    telling, chance = probes(report.leaks)
    return (
        _environment()
        .get_template(FIRST_TEMPLATE)
        .render(
            report=report,
            verdict=verdict(report),
            groups=fact_groups(report.facts),
            plots=plots(report.plots),
            structure=plots(report.structure.histograms),
            telling=telling,
            chance=chance,
            models=models(report.difficulty) if report.difficulty else None,
            leaks_drawn=LEAKS_DRAWN,
            most_facts=MOST_FACTS,
            most_named=MOST_NAMED,
        )
    )


def write_page(report: Report, path: Path) -> None:
    """Write the page; whoever looks sees the old file or the whole new one.

    Raises
    ------
    StorageError
        If the file can't be written.
    """
    write_whole(path, render(report).encode())


@cache
def _environment() -> Environment:
    environment = template_environment("payloom.realism")
    environment.globals |= {"words": WORDS, "confidence": CONFIDENCE, "width": WIDTH, "height": HEIGHT}
    environment.filters |= {
        name: getattr(page_text, name) for name in ("shown", "number", "brief", "score", "duration", "one_in")
    }
    return environment
