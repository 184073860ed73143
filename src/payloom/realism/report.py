"""The whole report of a data set: each part run in turn and timed, and whether anything in it is a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from math import isfinite
from typing import Any, Final

from payloom.extras import extra_libraries
from payloom.realism.data import DataSet
from payloom.realism.facts import failed, measure_facts
from payloom.realism.measures.evidence import Evidence
from payloom.realism.plots import draw_plots
from payloom.realism.results import OUTSIDE, Difficulty, Leak, Report
from payloom.realism.structure import measure_structure

EXTRA: Final = "realism"
"""Its libraries."""

NEEDED_BY: Final = "the report"

Said = Callable[[str], None]


def examine(data: DataSet, *, fast: bool = False, said: Said = lambda _: None) -> Report:
    """Measure everything that the report has.

    Parameters
    ----------
    data
        The data set.
    fast
        Leave out what fits models: the difficulty.
    said
        Told what is being done, one line each.

    Raises
    ------
    ConfigError
        If the libraries of the extra ``realism`` are not installed.
    """
    seconds: dict[str, float] = {}

    @contextmanager
    def part(name: str, doing: str) -> Iterator[None]:
        said(doing)
        started = time.perf_counter()
        yield
        seconds[name] = round(time.perf_counter() - started, 2)

    evidence = Evidence(data)
    with part("facts", f"measuring facts on {data.rows:,} payments, {data.frauds:,} of them fraud"):
        facts = measure_facts(evidence)
    with part("structure", "looking at who shares what, and at campaigns"):
        structure = measure_structure(evidence)
    with part("plots", "comparing fraud with genuine payments"):
        plots = draw_plots(evidence)
    with part("leaks", "looking for what alone gives fraud away"):
        leaks = _audit(data)
    difficulty = None
    if not fast:
        with part("difficulty", "fitting models to see how hard fraud is to detect"):
            difficulty = _difficulty(data)
    return Report(
        source=data.source,
        rows=data.rows,
        frauds=data.frauds,
        first_time=data.first_time.isoformat(timespec="seconds"),
        last_time=data.last_time.isoformat(timespec="seconds"),
        columns=tuple(data.schema.names()),
        facts=facts,
        leaks=leaks,
        difficulty=difficulty,
        structure=structure,
        plots=plots,
        seconds=seconds,
    )


def failures(report: Report) -> tuple[str, ...]:
    """Return what should hold and doesn't, one line each; empty if all is well."""
    facts = [f"{fact.id} is {fact.value:.4g}, outside {fact.low:g} to {fact.high:g}" for fact in failed(report.facts)]
    leaks = [
        f"{leak.column} ({leak.probe}) tells fraud: AUC {leak.auc:.3f}"
        for leak in report.leaks
        if leak.verdict == "leak"
    ]
    bands = report.difficulty.bands if report.difficulty else ()
    missed = [f"{b.id} is {b.value:.3g}, outside {b.low:g} to {b.high:g}" for b in bands if b.status == OUTSIDE]
    return (*facts, *leaks, *missed)


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON types; a number that is none becomes null."""
    found: dict[str, Any] = _plain(asdict(report))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _audit(data: DataSet) -> tuple[Leak, ...]:
    with extra_libraries(EXTRA, NEEDED_BY):
        from payloom.realism.leaks import audit  # noqa: PLC0415 - needs the extra

        return audit(data)


def _difficulty(data: DataSet) -> Difficulty:
    with extra_libraries(EXTRA, NEEDED_BY):
        from payloom.realism.difficulty import measure_difficulty  # noqa: PLC0415 - needs the extra, slow to import

        return measure_difficulty(data)
