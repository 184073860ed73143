"""The bands in which the difficulty of real data lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from payloom.baseline.models import BOOSTING
from payloom.baseline.results import Ageing
from payloom.realism.results import NOT_MEASURABLE, OUTSIDE, WITHIN, Band, ModelScore, Status

TEST_FRAUDS_AT_LEAST: Final = 100
"""With fewer the AUC has an error of some .03."""

_PUBLISHED: Final = "Worldline 2018: AUC .928, AP .095; IEEE-CIS, time split: AUC .896, AP .506, recall .417"
_AGEING: Final = "IEEE-CIS, months +1 to +4 frozen: AUC .903 .877 .854 .857; retrained it holds"
_BOTH: Final = "APATE: RFM and network features are both needed; IEEE-CIS: linkage counts hold 39 % of the gain"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is measured, and the band in which it lies in real portfolios."""

    id: str
    statement: str
    source: str
    low: float
    high: float


_BEST: Final = "boosting on RFM and linkage"
RULES: Final = {
    "auc": Rule("difficulty-auc", f"AUC of {_BEST}", _PUBLISHED, 0.88, 0.97),
    "ap": Rule("difficulty-ap", f"average precision of {_BEST}", _PUBLISHED, 0.08, 0.60),
    "recall": Rule("difficulty-recall", f"recall of {_BEST} at 1 % alerts", _PUBLISHED, 0.35, 0.85),
    "row": Rule("difficulty-no-history", "AUC of boosting without history", "IEEE-CIS: .815", 0.70, 0.85),
    "linkage": Rule("difficulty-linkage", "average precision with linkage over that of RFM alone", _BOTH, 1.10, 10.0),
    "frozen": Rule(
        "ageing-frozen",
        "AUC of a model frozen for three months below one trained again, same months",
        _AGEING,
        0.02,
        0.08,
    ),
    "retrained": Rule(
        "ageing-retrained", "AUC that a model trained again each month loses in three months", _AGEING, -0.10, 0.02
    ),
}
"""The bands; those of `auc`, `ap` and `recall` (at 1 % alerts) are for the best model of a data set."""


def bands(scores: Sequence[ModelScore], ageing: Sequence[Ageing], ageing_note: str) -> tuple[Band, ...]:
    """Hold the scores against the bands."""
    found = {score.features: score for score in scores if score.model == BOOSTING}
    best, rfm, row = (found.get(name) for name in ("RFM + linkage", "RFM", "no history"))
    note = "too few frauds to test on" if best is None or best.test_frauds < TEST_FRAUDS_AT_LEAST else ""
    values: dict[str, float | None] = dict.fromkeys(RULES)
    if best and rfm and row and not note:
        values |= {"auc": best.auc, "ap": best.ap, "recall": best.recall_at_1pct, "row": row.auc}
        values["linkage"] = best.ap / rfm.ap
    if ageing:
        # Months differ in how hard they are, so frozen and retrained are compared on the same ones.
        values["frozen"] = ageing[-1].retrained_auc - ageing[-1].frozen_auc
        values["retrained"] = ageing[0].retrained_auc - ageing[-1].retrained_auc
    notes = {key: ageing_note if key in {"frozen", "retrained"} else note for key in RULES}
    return tuple(_band(rule, values[key], notes[key]) for key, rule in RULES.items())


def _band(rule: Rule, value: float | None, note: str) -> Band:
    inside = value is not None and rule.low <= value <= rule.high
    status: Status = NOT_MEASURABLE if value is None else WITHIN if inside else OUTSIDE
    return Band(rule.id, rule.statement, rule.source, rule.low, rule.high, value, status, note)
