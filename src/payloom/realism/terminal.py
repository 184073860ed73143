"""The report for a terminal: tables of facts, leaks, difficulty and structure, and a line that sums up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from payloom.realism.page_text import interval, number, score, shown
from payloom.realism.report import failures
from payloom.realism.results import (
    NOT_MEASURABLE,
    OUTSIDE,
    WITHIN,
    Band,
    Difficulty,
    FactResult,
    Histogram,
    Leak,
    Report,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

LEAKS_SHOWN: Final = 12
"""Properties that are listed besides the leaks: those nearest to being one."""

_GOOD, _BAD, _QUIET = "green", "bold red", "dim"
_SHARE_SHOWN: Final = 0.0005


def tables(report: Report) -> Iterator[RenderableType]:
    """Give what to print, from top to bottom."""
    yield Text(
        f"{shown(report.source)}: {report.rows:,} payments, {report.frauds:,} of them fraud, "
        f"{report.first_time[:10]} to {report.last_time[:10]}",
        style="bold",
    )
    yield _facts(report.facts)
    if report.leaks:
        yield _leaks(report.leaks)
    if report.difficulty:
        yield from _difficulty(report.difficulty)
    yield _structure(report.structure.histograms)
    yield summary(report)


def summary(report: Report) -> Text:
    """Return two lines: how many facts hold; how many leaks and bands there are, and how long it took."""
    count = Counter(fact.status for fact in report.facts if fact.expected or fact.status != OUTSIDE)
    beyond = sum(not fact.expected and fact.status == OUTSIDE for fact in report.facts)
    known = f"{count[WITHIN]} within, {count[OUTSIDE]} outside, {beyond} out of reach"
    facts = f"{len(report.facts)} facts: {known}, {count[NOT_MEASURABLE]} not measurable"
    parts = []
    if report.leaks:
        leaks = Counter(leak.verdict for leak in report.leaks)
        parts.append(f"{leaks['leak']} leaks in {len(report.leaks)} probes")
    if report.difficulty:
        bands = Counter(band.status for band in report.difficulty.bands)
        parts.append(f"difficulty: {bands[WITHIN]} bands held, {bands[OUTSIDE]} missed")
    parts.append(f"{sum(report.seconds.values()):.0f} s")
    return Text(f"{facts}\n{'; '.join(parts)}", style=_BAD if failures(report) else _GOOD)


def _facts(facts: tuple[FactResult, ...]) -> Table:
    table = Table(title="Facts", title_justify="left")
    table.add_column("fact", ratio=1)
    table.add_column("source", style=_QUIET, max_width=22)
    table.add_column("accepted", justify="right", no_wrap=True)
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    group = ""
    for fact in facts:
        if fact.group != group:
            group = fact.group
            table.add_section()
            table.add_row(Text(group, style="bold"))
        statement = Text(fact.statement)
        if fact.note and fact.status != WITHIN:
            statement.append(f" ({fact.note})", style=_QUIET)
        accepted, measured = interval(fact.low, fact.high, fact.unit), number(fact.value, fact.unit)
        table.add_row(statement, f"{fact.source} [{fact.confidence}]", accepted, measured, _status(fact))
    return table


def _status(fact: FactResult) -> Text:
    if fact.status == WITHIN:
        return Text("within", style=_GOOD)
    if fact.status == OUTSIDE and fact.expected:
        return Text("OUTSIDE", style=_BAD)
    return Text("out of reach" if fact.status == OUTSIDE else "not measurable", style=_QUIET)


def _leaks(leaks: tuple[Leak, ...]) -> Table:
    found = [leak for leak in leaks if leak.verdict == "leak"]
    rest = sorted(
        (leak for leak in leaks if leak.verdict == "ok"), key=lambda leak: leak.auc - leak.limit, reverse=True
    )
    table = Table(title="What alone tells fraud: leaks, and what comes nearest", title_justify="left")
    for name in ("column", "probe"):
        table.add_column(name, no_wrap=True)
    for name in ("frauds", "AUC", "95 %", "limit", "AP"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for leak in [*found, *rest[:LEAKS_SHOWN]]:
        verdict = Text("LEAK", style=_BAD) if leak.verdict == "leak" else Text("ok", style=_GOOD)
        between = f"{score(leak.auc_low)} – {score(leak.auc_high)}"
        probe = f"{leak.probe}, given time" if leak.given_time else leak.probe
        table.add_row(
            shown(leak.column), probe, f"{leak.frauds:,}", score(leak.auc), between, score(leak.limit), score(leak.ap),
            verdict,
        )  # fmt: skip
    return table


def _difficulty(difficulty: Difficulty) -> Iterator[Table]:
    scores = _grid("How hard fraud is to detect", ("model", "features"), ("AUC", "AP", "recall 1 %", "cards@100"))
    for model in difficulty.scores:
        values = (model.auc, model.ap, model.recall_at_1pct, model.card_precision_at_100)
        scores.add_row(model.model, model.features, *map(score, values))
    yield scores
    if difficulty.bands:
        yield _bands(difficulty.bands)
    kinds = _grid("By kind of fraud, easiest first", ("typology",), ("frauds", "AUC", "recall 1 %"))
    for kind in sorted(difficulty.typologies, key=lambda kind: -kind.auc):
        kinds.add_row(shown(kind.typology), f"{kind.frauds:,}", score(kind.auc), score(kind.recall_at_1pct))
    if difficulty.typologies:
        yield kinds
    ages = _grid("Ageing", ("months later",), ("frauds", "AUC frozen", "retrained", "AP frozen", "retrained"))
    for age in difficulty.ageing:
        values = (age.frozen_auc, age.retrained_auc, age.frozen_ap, age.retrained_ap)
        ages.add_row(str(age.months_later), f"{age.frauds:,}", *map(score, values))
    if difficulty.ageing:
        yield ages


def _bands(bands: tuple[Band, ...]) -> Table:
    table = _grid("Bands of real data", ("band", "source"), ("accepted", "measured"))
    table.add_column("")
    style = {WITHIN: _GOOD, OUTSIDE: _BAD, NOT_MEASURABLE: _QUIET}
    for band in bands:
        word = band.status.upper() if band.status == OUTSIDE else band.status
        note = f" ({band.note})" if band.note else ""
        accepted = interval(band.low, band.high)
        table.add_row(
            band.statement + note, band.source, accepted, score(band.value), Text(word, style=style[band.status])
        )
    return table


def _structure(histograms: tuple[Histogram, ...]) -> Table:
    table = Table(title="Structure", title_justify="left")
    table.add_column("what", max_width=32)
    table.add_column("of", style=_QUIET, no_wrap=True)
    table.add_column("share, percent", ratio=1)
    for histogram in histograms:
        table.add_section()
        for place, (name, values) in enumerate(histogram.series.items()):
            bins = [
                f"{label}: {100 * value:.3g}"
                for label, value in zip(histogram.x, values, strict=True)
                if value >= _SHARE_SHOWN
            ]
            table.add_row(histogram.title if not place else "", shown(name), "  ".join(bins))
    return table


def _grid(title: str, texts: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in texts:
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table
