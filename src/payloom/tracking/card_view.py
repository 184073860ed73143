"""What the model card says about an evaluation: the verdict, models side by side, parts of the test period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Final, Literal

from payloom.baseline.results import Estimate, Evaluation, Importance, ModelResult, Slice, SliceKind, Threshold
from payloom.realism.difficulty_bands import RULES, TEST_FRAUDS_AT_LEAST, Rule
from payloom.realism.page_strip import Strip, strip
from payloom.realism.page_text import NONE, duration, interval, number, score, shown
from payloom.realism.page_view import State

Unit = Literal["score", "share"]

UNKNOWN: Final = "not measurable"
MOST_MODELS: Final = 6
MOST_SLICES: Final = 80
MOST_FEATURES: Final = 20
"""How many of each are shown, whatever an evaluation holds."""

ALERT_SHARES: Final = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1)

METRICS: Final[tuple[tuple[str, str, Unit, str], ...]] = (
    ("auc", "AUC", "score", "chance is 0.5"),
    ("ap", "Average precision", "score", "chance is the share of fraud"),
    ("recall_at_1pct", "Frauds found in 1 % of payments", "share", ""),
    ("recall_at_01pct", "Frauds found in 0.1 % of payments", "share", ""),
    ("card_precision_at_100", "Victims among 100 cards a day", "share", "known victims left out"),
    ("savings_share", "Fraud money saved", "share", "cost of reviews taken off"),
    ("calibration_error", "Calibration error", "share", "less is better"),
)
"""Metrics as the card names them, with unit and what to know."""

_BANDS: Final[tuple[tuple[str, str, str, Unit], ...]] = (
    ("auc", "auc", "AUC", "score"),
    ("ap", "ap", "Average precision", "score"),
    ("recall", "recall_at_1pct", "Recall at 1 % alerts", "share"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """An estimate in words: its value, and its 95 % interval or nothing."""

    value: str
    reach: str

    @property
    def known(self) -> bool:
        """Say whether it could be measured."""
        return self.value != UNKNOWN


@dataclass(frozen=True, slots=True)
class BandLine:
    """A metric beside the band of real portfolios."""

    state: State
    word: str
    name: str
    told: Told
    accepted: str
    strip: Strip
    whisker: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The head of the card: one sentence, and the metrics behind it in one line."""

    state: State
    sentence: str
    metrics: str
    bands: tuple[BandLine, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MetricLine:
    """One metric of every model."""

    name: str
    note: str
    cells: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class SliceLine:
    """A part of the test period; the bar is the share of its frauds found, in percent, with its interval."""

    name: str
    rows: str
    frauds: str
    money: str
    auc: Told
    recall: Told
    bar: float
    whisker: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class FeatureLine:
    """How much a feature matters; widths in percent of the largest."""

    name: str
    meaning: str
    gain: str
    shap: str
    gain_width: float
    shap_width: float


def candidate(evaluation: Evaluation, kind: str) -> ModelResult:
    """Return the model that the card is about.

    Raises
    ------
    ValueError
        If the evaluation has no such model.
    """
    for model in evaluation.models:
        if model.kind == kind:
            return model
    raise ValueError(f"the evaluation has no model {kind!r}; it has {[model.kind for model in evaluation.models]}")


def told(estimate: Estimate, unit: Unit) -> Told:
    """Write an estimate and its interval."""
    if not isfinite(estimate.value):
        return Told(UNKNOWN, "")
    known = isfinite(estimate.low) and isfinite(estimate.high)
    if unit == "score":
        return Told(score(estimate.value), f"{score(estimate.low)} – {score(estimate.high)}" if known else "")
    reach = interval(estimate.low, estimate.high, unit) if known else ""
    # A minus beside a dash can't be read; the sign of percent stays on the line of its number.
    reach = reach.replace(" – ", " to ") if estimate.low < 0 else reach
    return Told(*(text.replace(" %", "\u00a0%") for text in (number(estimate.value, unit), reach)))


def verdict(evaluation: Evaluation, model: ModelResult) -> Verdict:
    """Sum the model up, beside what models of real portfolios reach."""
    enough = evaluation.split.test_frauds >= TEST_FRAUDS_AT_LEAST
    lines = tuple(
        _band_line(RULES[key], name, getattr(model.metrics, metric), unit, enough=enough)
        for key, metric, name, unit in _BANDS
    )
    sources = tuple(dict.fromkeys(RULES[key].source for key, *_ in _BANDS))
    metrics = ", ".join(
        f"{line.name if place == 0 else line.name.lower()} {line.told.value}"
        f"{f' ({line.told.reach})' if line.told.reach else ''}"
        for place, line in enumerate(lines)
    )
    found = told(model.metrics.recall_at_1pct, "share")
    outside = [line for line in lines if line.state == "bad"]
    if not enough or not found.known:
        return Verdict("none", "Too few frauds to tell how good this model is", metrics, lines, sources)
    sentence = f"Finds {found.value} of frauds in 1 % of payments"
    if outside:
        names = [line.name if line.name.isupper() else line.name.lower() for line in outside]
        where = " and ".join(f"{name} is {line.word}" for name, line in zip(names, outside, strict=True))
        return Verdict("bad", f"{sentence}; {where} the band of real portfolios", metrics, lines, sources)
    if any(line.state == "none" for line in lines):
        return Verdict("none", f"{sentence}; not all can be held against real portfolios", metrics, lines, sources)
    return Verdict("good", f"{sentence}, within the band of real portfolios", metrics, lines, sources)


def _band_line(rule: Rule, name: str, estimate: Estimate, unit: Unit, *, enough: bool) -> BandLine:
    words = told(estimate, unit)
    value = estimate.value
    state: State = "none"
    word = "too few frauds" if words.known else UNKNOWN
    if enough and isfinite(value):
        state = "good" if rule.low <= value <= rule.high else "bad"
        word = "within" if state == "good" else "above" if value > rule.high else "below"
    accepted = interval(rule.low, rule.high, unit if unit == "share" else "")
    tip = f"{name}: {words.value}, interval {words.reach or 'unknown'}; real portfolios {accepted}"
    ends = [strip(rule.low, rule.high, end, "").dot for end in (estimate.low, estimate.high) if isfinite(end)]
    reach = [end for end in ends if end is not None]
    return BandLine(
        state=state,
        word=word,
        name=name,
        told=words,
        accepted=accepted,
        strip=strip(rule.low, rule.high, value if isfinite(value) else None, tip),
        whisker=(reach[0], reach[1]) if len(reach) == 2 and isfinite(value) else None,
    )


def comparison(models: Sequence[ModelResult]) -> tuple[MetricLine, ...]:
    """Return every metric of every model."""
    return tuple(
        MetricLine(name, note, tuple(told(getattr(model.metrics, key), unit) for model in models[:MOST_MODELS]))
        for key, name, unit, note in METRICS
    )


def slices(model: ModelResult, by: SliceKind) -> tuple[SliceLine, ...]:
    """Return the parts of one kind: months in the order of time, the others by the money of their frauds."""
    parts = [part for part in model.slices if part.by == by]
    if by == "month":
        parts.sort(key=lambda part: part.name)
    else:
        parts.sort(key=lambda part: (-part.fraud_usd if isfinite(part.fraud_usd) else 0.0, part.name))
    return tuple(_slice_line(part) for part in parts[:MOST_SLICES])


def left_out(model: ModelResult, by: SliceKind) -> int:
    """Return how many parts of one kind the card does not list."""
    return max(sum(part.by == by for part in model.slices) - MOST_SLICES, 0)


def _slice_line(part: Slice) -> SliceLine:
    recall = part.recall_at_1pct
    known = isfinite(recall.value)
    reach = (_percent(recall.low), _percent(recall.high)) if known and isfinite(recall.low + recall.high) else None
    return SliceLine(
        name=shown(part.name.replace("_", " ")),
        rows=f"{part.rows:,}",
        frauds=f"{part.frauds:,}",
        money=number(part.fraud_usd, "USD"),
        auc=told(part.auc, "score"),
        recall=told(recall, "share"),
        bar=_percent(recall.value) if known else 0.0,
        whisker=reach,
    )


def _percent(share: float) -> float:
    return round(100 * min(max(share, 0.0), 1.0), 1)


def features(model: ModelResult) -> tuple[FeatureLine, ...]:
    """Return the features that matter most, by SHAP where it is known and else by gain."""

    def weight(each: Importance) -> tuple[float, float]:
        known = [value if isfinite(value) else 0.0 for value in (each.shap_share, each.gain_share)]
        return -known[0], -known[1]

    top = sorted(model.importance, key=weight)[:MOST_FEATURES]
    largest = max((value for each in top for value in (each.gain_share, each.shap_share) if isfinite(value)), default=0)

    def width(value: float) -> float:
        return _percent(value / largest) if isfinite(value) and largest > 0 else 0.0

    return tuple(
        FeatureLine(
            name=shown(each.feature),
            meaning=shown(each.meaning),
            gain=_tenths(each.gain_share),
            shap=_tenths(each.shap_share),
            gain_width=width(each.gain_share),
            shap_width=width(each.shap_share),
        )
        for each in top
    )


def took(seconds: float) -> str:
    """Write how long a training took."""
    return duration(seconds) if isfinite(seconds) else "an unknown time"


def _tenths(share: float) -> str:
    """Write a share with as many digits as the others of its column."""
    return f"{100 * share:.1f} %" if isfinite(share) else NONE


def in_order(thresholds: Sequence[Threshold]) -> tuple[Threshold, ...]:
    """Return the threshold by cost before the one by alert budget."""
    return tuple(sorted(thresholds, key=lambda one: one.rule != "cost"))


def thresholds(model: ModelResult) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the lines of the table of thresholds: a name, and a cell for each of them."""
    each = in_order(model.thresholds)
    lines: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("Alerts from a probability of", tuple(number(one.probability, "share") for one in each)),
        ("Alerts a day", tuple(number(one.alerts_per_day) for one in each)),
        ("Alerts that are fraud", tuple(number(one.precision, "share") for one in each)),
        ("Frauds found", tuple(number(one.recall, "share") for one in each)),
        ("Fraud stopped", tuple(number(one.stopped_usd, "USD") for one in each)),
        ("Cost of reviews", tuple(number(one.review_usd, "USD") for one in each)),
        ("Money saved", tuple(number(one.saved_usd, "USD") for one in each)),
    )
    return lines if each else ()


def by_cost(model: ModelResult) -> Threshold | None:
    """Return the threshold that was chosen by cost."""
    return next((one for one in model.thresholds if one.rule == "cost" and isfinite(one.saved_usd)), None)


def readings(models: Sequence[ModelResult]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Read the share of frauds found off the curves, for some shares of payments alerted."""
    return tuple(
        (
            number(share, "share"),
            tuple(number(_at(model.curves.alerts_recall, share), "share") for model in models[:MOST_MODELS]),
        )
        for share in ALERT_SHARES
    )


def _at(points: Sequence[tuple[float, float]], x: float) -> float | None:
    """Return a curve's height between its two nearest points; none beside its ends."""
    known = sorted((left, height) for left, height in points if isfinite(left) and isfinite(height))
    for (left, low), (right, high) in pairwise(known):
        if left <= x <= right:
            return high if right == left else low + (high - low) * (x - left) / (right - left)
    return None
