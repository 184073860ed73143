"""What the page says about a report: the verdict, facts in groups, leaks in order, models side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Final, Literal

from payloom.realism.page_plots import Curve, Frame, Picture, Plot, curves, plot
from payloom.realism.page_strip import Strip, strip
from payloom.realism.page_text import interval, number, score, shown
from payloom.realism.results import (
    NOT_MEASURABLE,
    OUTSIDE,
    WITHIN,
    AgeingScore,
    Band,
    Difficulty,
    FactResult,
    Histogram,
    Leak,
    Report,
    TypologyScore,
)

State = Literal["good", "bad", "beyond", "none"]

WORDS: Final[dict[State, tuple[str, str]]] = {
    "good": ("✓", "within"),
    "bad": ("✕", "outside"),
    "beyond": ("◇", "out of reach"),
    "none": ("–", "not measurable"),
}
"""Symbol and word of each state: nothing is said by colour alone."""

CONFIDENCE: Final = {
    "C": "computed from real records",
    "R": "read in the source",
    "S": "secondary: quoted by the press or a vendor",
    "D": "derived by arithmetic or by a rule",
    "M": "unverified",
}

MOST_FACTS: Final = 300
MOST_PLOTTED: Final = 600_000
LEAKS_DRAWN: Final = 15
MOST_LEAKS: Final = 500
MOST_CURVES: Final = 6
MOST_NAMED: Final = 400
WRONG_NAMED: Final = 12
"""How much of each is shown, so that the page stays small whatever the data is; plots by their size as text."""

NOTHING_TOLD: Final = 0.75
"""Limits below are those of chance: such a property must tell nothing. Limits above allow it to tell a little."""


@dataclass(frozen=True, slots=True)
class Line:
    """A fact or a band, as a line of a table."""

    anchor: str
    state: State
    statement: str
    note: str
    measured: str
    accepted: str
    source: str
    confidence: str
    strip: Strip


@dataclass(frozen=True, slots=True)
class Group:
    """Facts of one group, those outside first."""

    name: str
    lines: tuple[Line, ...]
    counts: Counter[State]


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the answers in the head."""

    name: str
    state: State
    figure: str
    words: str
    target: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The head: whether all is well, in one sentence, and what needs a look."""

    state: State
    sentence: str
    tiles: tuple[Tile, ...]
    wrong: tuple[tuple[str, str], ...]
    more: int


@dataclass(frozen=True, slots=True)
class Probe:
    """A leak, as a line of a table; places in percent of an axis from .5 on."""

    name: str
    probe: str
    state: State
    auc: str
    auc_interval: str
    ap: str
    ap_interval: str
    limit: str
    frauds: int
    rows: int
    bar: float
    low: float
    high: float
    mark: float


@dataclass(frozen=True, slots=True)
class Probes:
    """Leaks of one kind, those found first, then by AUC; `top` is where the axis ends."""

    top: str
    lines: tuple[Probe, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Models:
    """The difficulty: bands, pictures, and kinds of fraud from the easiest to the hardest."""

    bands: tuple[Line, ...]
    roc: Picture | None
    roc_names: tuple[str, ...]
    typologies: tuple[TypologyScore, ...]
    ageing: tuple[tuple[str, Picture], ...]


def verdict(report: Report) -> Verdict:
    """Sum the report up."""
    tiles = (_facts_tile(report.facts), _leaks_tile(report), _difficulty_tile(report.difficulty))
    wrong = tuple(_wrong(report))
    judged = sum(line.status != NOT_MEASURABLE for line in report.facts)
    if wrong:
        state: State = "bad"
        plural = "thing is" if len(wrong) == 1 else "things are"
        sentence = f"{len(wrong)} {plural} not as in real payments"
    elif judged:
        state = "good"
        open_ = [tile.name.lower() for tile in tiles if tile.state == "none"]
        sentence = "Everything that was measured is as in real payments"
        sentence += f"; {' and '.join(open_)} not measured" if open_ else ""
    else:
        state, sentence = "none", "Too little could be measured to judge"
    return Verdict(state, sentence, tiles, wrong[:WRONG_NAMED], max(len(wrong) - WRONG_NAMED, 0))


def fact_groups(facts: Sequence[FactResult]) -> tuple[Group, ...]:
    """Put facts into their groups, in the order of the report, those outside on top of each."""
    order: tuple[State, ...] = ("bad", "beyond", "good", "none")
    groups: dict[str, list[Line]] = {}
    for place, fact in enumerate(facts[:MOST_FACTS]):
        groups.setdefault(fact.group, []).append(_fact_line(fact, place))
    return tuple(
        Group(
            shown(name),
            tuple(sorted(lines, key=lambda line: order.index(line.state))),
            Counter(line.state for line in lines),
        )
        for name, lines in groups.items()
    )


def probes(leaks: Sequence[Leak]) -> tuple[Probes, Probes]:
    """Return what may tell a little, and what must tell nothing, each on a scale of its own."""
    telling = [leak for leak in leaks if leak.limit >= NOTHING_TOLD]
    chance = [leak for leak in leaks if leak.limit < NOTHING_TOLD]
    widest = max((max(leak.auc_high, leak.limit) for leak in chance if leak.verdict != "too few"), default=0.6)
    return _probes(telling, 1.0), _probes(chance, min(ceil(widest * 20) / 20, 1.0) if widest < 1 else 1.0)


def _probes(leaks: Sequence[Leak], top: float) -> Probes:
    verdicts = ("leak", "ok", "too few")
    ordered = sorted(leaks, key=lambda leak: (verdicts.index(leak.verdict), -leak.auc, leak.column, leak.probe))
    lines = tuple(_probe(leak, top) for leak in ordered[:MOST_LEAKS])
    return Probes(number(top), lines, len(ordered) - len(lines))


def models(difficulty: Difficulty) -> Models:
    """Prepare the difficulty."""
    named = list(difficulty.roc.items())[:MOST_CURVES]
    lines = [Curve(shown(name), points, place) for place, (name, points) in enumerate(named)]
    text = "ROC curves: share of frauds found against share of genuine payments that are flagged"
    roc = curves(text, lines, Frame(0, 1, 0, 1), x_label="genuine payments flagged", diagonal=True) if lines else None
    return Models(
        bands=tuple(_band_line(band, place) for place, band in enumerate(difficulty.bands)),
        roc=roc,
        roc_names=tuple(line.name for line in lines),
        typologies=tuple(sorted(difficulty.typologies, key=lambda kind: (-kind.auc, kind.typology))),
        ageing=_ageing(difficulty.ageing),
    )


def plots(histograms: Iterable[Histogram]) -> tuple[Plot, ...]:
    """Prepare small tables for drawing, as many as there is room for."""
    drawn: list[Plot] = []
    room = MOST_PLOTTED
    for histogram in histograms:
        made = plot(histogram)
        room -= made.size
        if room < 0:
            break
        drawn.append(made)
    return tuple(drawn)


def _fact_line(fact: FactResult, place: int) -> Line:
    failed: State = "bad" if fact.expected else "beyond"
    state: State = "good" if fact.status == WITHIN else failed if fact.status == OUTSIDE else "none"
    return Line(
        anchor=f"fact-{place}",
        state=state,
        statement=_sentence(fact.statement),
        note=shown(fact.note) if state != "good" else "",
        measured=number(fact.value, fact.unit),
        accepted=interval(fact.low, fact.high, fact.unit),
        source=shown(fact.source),
        confidence=shown(fact.confidence),
        strip=_strip(fact, fact.unit, state),
    )


def _band_line(band: Band, place: int) -> Line:
    state: State = "good" if band.status == WITHIN else "bad" if band.status == OUTSIDE else "none"
    return Line(
        anchor=f"band-{place}",
        state=state,
        statement=_sentence(band.statement),
        note=shown(band.note),
        measured=score(band.value),
        accepted=interval(band.low, band.high),
        source=shown(band.source),
        confidence="",
        strip=_strip(band, "", state),
    )


def _sentence(text: str) -> str:
    told = shown(text)
    return told[:1].upper() + told[1:]


def _strip(fact: FactResult | Band, unit: str, state: State) -> Strip:
    measured, accepted = number(fact.value, unit), interval(fact.low, fact.high, unit)
    return strip(fact.low, fact.high, fact.value, f"measured {measured}, accepted {accepted}: {WORDS[state][1]}")


def _facts_tile(facts: Sequence[FactResult]) -> Tile:
    count = Counter((fact.status, fact.expected) for fact in facts)
    within = count[WITHIN, True] + count[WITHIN, False]
    outside, beyond = count[OUTSIDE, True], count[OUTSIDE, False]
    unknown = count[NOT_MEASURABLE, True] + count[NOT_MEASURABLE, False]
    words = [f"{n} {what}" for n, what in ((outside, "outside"), (beyond, "out of reach")) if n]
    words += [f"{unknown} not measurable"] if unknown else []
    state: State = "bad" if outside else "good" if within else "none"
    return Tile("Facts", state, f"{within} of {within + outside + beyond} within", ", ".join(words), "#facts")


def _leaks_tile(report: Report) -> Tile:
    count = Counter(leak.verdict for leak in report.leaks)
    if not report.leaks:
        why = "no frauds to look for" if not report.frauds else "the audit was not run"
        return Tile("Leaks", "none", "not measured", why, "#leaks")
    figure = f"{count['leak']} leak{'' if count['leak'] == 1 else 's'}" if count["leak"] else "no leak"
    best = max((leak.auc for leak in report.leaks if leak.verdict == "ok"), default=None)
    words = f"{len(report.leaks):,} probes" + (f", the best accepted tells AUC {score(best)}" if best else "")
    return Tile("Leaks", "bad" if count["leak"] else "good" if count["ok"] else "none", figure, words, "#leaks")


def _difficulty_tile(difficulty: Difficulty | None) -> Tile:
    if difficulty is None:
        return Tile("Difficulty", "none", "not measured", "no models were fitted", "#difficulty")
    count = Counter(band.status for band in difficulty.bands)
    judged = count[WITHIN] + count[OUTSIDE]
    best = max((model.auc for model in difficulty.scores if isfinite(model.auc)), default=None)
    words = f"best model: AUC {score(best)}" if best is not None else "no model could be fitted"
    state: State = "bad" if count[OUTSIDE] else "good" if judged else "none"
    figure = "in band" if state == "good" else f"{count[OUTSIDE]} of {judged} out of band" if judged else "not measured"
    return Tile("Difficulty", state, figure, words, "#difficulty")


def _wrong(report: Report) -> Iterator[tuple[str, str]]:
    """Yield what should hold and doesn't: where on the page, and in words."""
    for place, fact in enumerate(report.facts):
        if fact.expected and fact.status == OUTSIDE:
            told = f"here {number(fact.value, fact.unit)}, accepted {interval(fact.low, fact.high, fact.unit)}"
            yield f"#fact-{place}" if place < MOST_FACTS else "#facts", f"{_sentence(fact.statement)} ({told})"
    for leak in report.leaks:
        if leak.verdict == "leak":
            yield "#leaks", f"{shown(leak.column)} ({shown(leak.probe)}) gives fraud away: AUC {score(leak.auc)}"
    for place, band in enumerate(report.difficulty.bands if report.difficulty else ()):
        if band.status == OUTSIDE:
            told = f"here {score(band.value)}, accepted {interval(band.low, band.high)}"
            yield f"#band-{place}", f"{_sentence(band.statement)} ({told})"


def _probe(leak: Leak, top: float) -> Probe:
    states: dict[str, State] = {"leak": "bad", "ok": "good", "too few": "none"}
    return Probe(
        name=shown(leak.column),
        probe=shown(leak.probe) + (", given the time" if leak.given_time else ""),
        state=states[leak.verdict],
        auc=score(leak.auc),
        auc_interval=f"{score(leak.auc_low)} – {score(leak.auc_high)}",
        ap=score(leak.ap),
        ap_interval=f"{score(leak.ap_low)} – {score(leak.ap_high)}",
        limit=score(leak.limit),
        frauds=leak.frauds,
        rows=leak.rows,
        bar=_on_axis(leak.auc, top),
        low=_on_axis(leak.auc_low, top),
        high=_on_axis(leak.auc_high, top),
        mark=_on_axis(leak.limit, top),
    )


def _on_axis(auc: float, top: float) -> float:
    return round(100 * (min(max(auc, 0.5), top) - 0.5) / (top - 0.5), 1) if isfinite(auc) else 0.0


def _ageing(ageing: Sequence[AgeingScore]) -> tuple[tuple[str, Picture], ...]:
    """Draw AUC and AP over the months, of a frozen model and of one that is trained again."""
    months = sorted(ageing, key=lambda each: each.months_later)
    if not months:
        return ()
    first, last = months[0].months_later, max(months[-1].months_later, months[0].months_later + 1)
    pictures = []
    for name, frozen, again in (
        ("AUC", [each.frozen_auc for each in months], [each.retrained_auc for each in months]),
        ("Average precision", [each.frozen_ap for each in months], [each.retrained_ap for each in months]),
    ):
        known = [value for value in (*frozen, *again) if isfinite(value)] or [0.0, 1.0]
        room = max((max(known) - min(known)) * 0.15, 0.01)
        frame = Frame(first, last, max(min(known) - room, 0.0), min(max(known) + room, 1.0))
        when = [float(each.months_later) for each in months]
        lines = [
            Curve("frozen", tuple(zip(when, frozen, strict=True)), 1, marks=True),
            Curve("trained again each month", tuple(zip(when, again, strict=True)), 0, marks=True),
        ]
        text = f"{name} by months after training, of a frozen model and of one trained again each month"
        pictures.append((name, curves(text, lines, frame, x_label="months after training")))
    return tuple(pictures)
