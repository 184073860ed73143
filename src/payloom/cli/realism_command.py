"""``payloom realism``: how real a data set is, for the terminal, for programs and as a page."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import click

from payloom.cli.tables import print_table
from payloom.errors import ConfigError, GateError, Problem
from payloom.extras import extra_libraries
from payloom.realism.data import DataSet
from payloom.realism.report import EXTRA, NEEDED_BY, examine, failures
from payloom.realism.report import as_json as report_json
from payloom.realism.results import Report
from payloom.realism.terminal import tables


def run_realism(folder: str, *, out: str | None, mapping: str | None, fast: bool, as_json: bool) -> int:
    """Measure the data set in `folder`, print what was found, and return the exit code.

    Raises
    ------
    GateError
        If something that should hold doesn't; as JSON, the exit code and the report say so instead.
    ConfigError
        If the mapping does not fit, the page can't be where it should, or a library is missing.
    StorageError
        If there is nothing to measure.
    """
    page, write = _page(out), _page_writer() if out else None
    started_s = time.monotonic()
    report = examine(
        DataSet.open(folder, mapping),
        fast=fast,
        said=lambda text: click.echo(f"{time.monotonic() - started_s:5.1f} s  {text}", err=True),
    )
    wrong = failures(report)
    code = GateError.exit_code if wrong else 0
    if page is not None and write is not None:
        write(report, page)
    if as_json:
        status = "error" if wrong else "ok"
        answer = {"status": status, "exit_code": code, "failures": wrong, **report_json(report)}
        click.echo(json.dumps(answer, allow_nan=False))
        return code
    for table in tables(report):
        print_table(table)
    if page is not None:
        click.echo(f"page: {page}")
    if wrong:
        raise _refusal(wrong)
    return 0


def _refusal(wrong: tuple[str, ...]) -> GateError:
    """Return what the command ends with when something does not hold."""
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    hint = "docs/realism.md says what each number means, and where worlds other than the default differ on purpose"
    return GateError(f"{wrong[0]}{more}", hint=hint, problems=wrong)


def _page(out: str | None) -> Path | None:
    """Return where the page goes, refusing a place that can't hold it before anything is measured."""
    if out is None:
        return None
    page = Path(out)
    if page.is_dir() or not page.parent.is_dir():
        raise ConfigError([Problem("out", str(page), "expected a file in a folder that exists", source="option --out")])
    return page


def _page_writer() -> Callable[[Report, Path], None]:
    """Return what writes pages; its library is missed before anything is measured."""
    with extra_libraries(EXTRA, NEEDED_BY):
        from payloom.realism.page import write_page  # noqa: PLC0415 - needs the extra

        return write_page
