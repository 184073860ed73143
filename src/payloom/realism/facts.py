"""Facts about real payments, shipped as data, and each beside its measurement."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from payloom.realism.data import DataSet
from payloom.realism.measures.evidence import Evidence
from payloom.realism.measures.measure import Values
from payloom.realism.measures.registry import BY_FACT, MEASURES
from payloom.realism.results import NOT_MEASURABLE, OUTSIDE, WITHIN, FactResult

MANY_ROWS: Final = 900_000
"""Payments from which on intervals hold as they stand; a million, with room for a filter."""

MIN_ROWS: Final = 150_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What was found in the world out there, and the interval for data; see ``facts.toml`` for the keys."""

    id: str
    group: str
    statement: str
    source: str
    confidence: str
    unit: str
    low: float
    high: float
    slack: float = 0.3
    min_rows: int = MIN_ROWS
    min_frauds: int = 0
    expected: bool = True
    note: str = ""

    def interval(self, rows: int) -> tuple[float, float]:
        """Accepted interval in data of so many payments: fewer say less. What can't be negative never is."""
        wider = 0.0 if rows >= MANY_ROWS else self.slack * (self.high - self.low)
        low = self.low - wider
        return (max(low, 0.0) if self.low >= 0 else low), self.high + wider


@cache
def load_facts() -> tuple[Fact, ...]:
    """Return the facts in the order of the file."""
    text = resources.files("payloom.realism").joinpath("facts.toml").read_text(encoding="utf-8")
    return tuple(Fact(**values) for values in tomllib.loads(text)["facts"])


def measure_facts(evidence: Evidence) -> tuple[FactResult, ...]:
    """Measure every fact on a data set; in the order of the file."""
    values: dict[str, float | None] = {}
    for measure in MEASURES:
        if not measure.lacking(evidence):
            values |= measure.run(evidence)
    return tuple(_judged(fact, evidence, values) for fact in load_facts())


def failed(facts: Iterable[FactResult]) -> tuple[FactResult, ...]:
    """Return the facts that should hold and don't."""
    return tuple(fact for fact in facts if fact.expected and fact.status == OUTSIDE)


def _judged(fact: Fact, evidence: Evidence, values: Values) -> FactResult:
    data = evidence.data
    low, high = fact.interval(data.rows)
    value = values.get(fact.id)
    reason = BY_FACT[fact.id].lacking(evidence) or _too_few(fact, data) or ("" if value is not None else "no such rows")
    inside = value is not None and low <= value <= high
    return FactResult(
        id=fact.id,
        group=fact.group,
        statement=fact.statement,
        source=fact.source,
        confidence=fact.confidence,
        unit=fact.unit,
        low=low,
        high=high,
        value=value,
        status=NOT_MEASURABLE if reason else WITHIN if inside else OUTSIDE,
        note=reason or fact.note,
        expected=fact.expected,
    )


def _too_few(fact: Fact, data: DataSet) -> str:
    if data.rows < fact.min_rows:
        return f"needs {fact.min_rows:,} payments"
    return f"needs {fact.min_frauds:,} frauds" if data.frauds < fact.min_frauds else ""
