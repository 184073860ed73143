"""What a rule is, and what was found when it was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import polars as pl

RuleKind = Literal["structure", "values", "integrity", "distribution"]
Verdict = Literal["passed", "failed", "skipped"]

EXAMPLES_MAX: Final = 5
"""Rows shown for a failed rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold.

    Attributes
    ----------
    name
        ``table.column.check``, or ``table.check`` for what concerns no single column.
    table
        Table that is looked at.
    columns
        Its columns that the rule reads; without one of them the rule is skipped.
    kind
        ``structure``, ``values`` (row by row), ``integrity`` (between rows and tables) or ``distribution``.
    holds
        What must hold, one sentence without a full stop.
    counted
        What the observed number counts.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    kind: RuleKind
    holds: str
    counted: str = "rows that break it"


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule that each row keeps or breaks.

    Attributes
    ----------
    rule
        The declaration; its columns are shown in the examples.
    breaks
        True in a row that breaks it; null counts as kept. It may read columns that `payloom.quality.links` joins.
    """

    rule: Rule
    breaks: pl.Expr


@dataclass(frozen=True, slots=True)
class Result:
    """What was found for a rule.

    Attributes
    ----------
    rule
        The rule.
    observed
        The measured number, None if it was not measured.
    low, high
        Smallest and largest number that pass.
    expected, found
        Both in words.
    examples
        Up to `EXAMPLES_MAX` rows that break it.
    skipped
        Why it was not judged; empty if it was.
    look
        How to look further.
    """

    rule: Rule
    observed: float | None
    low: float = 0.0
    high: float = 0.0
    expected: str = "0"
    found: str = ""
    examples: tuple[Mapping[str, Any], ...] = ()
    skipped: str = ""
    look: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether the rule holds; what is no number fails."""
        if self.skipped:
            return "skipped"
        number = self.observed
        held = number is not None and math.isfinite(number) and self.low <= number <= self.high
        return "passed" if held else "failed"

    @classmethod
    def none_breaks(
        cls, rule: Rule, broken: int, total: int, examples: tuple[Mapping[str, Any], ...] = (), look: str = ""
    ) -> Result:
        """Return the result of a rule that no row may break."""
        of = f" of {total:,}" if total else ""
        return cls(rule, float(broken), 0.0, 0.0, "0", f"{broken:,}{of}", examples, look=look)

    @classmethod
    def not_judged(cls, rule: Rule, why: str) -> Result:
        """Return the result of a rule that could not be judged."""
        return cls(rule, None, skipped=why)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain values for JSON."""
        return {
            "rule": self.rule.name,
            "table": self.rule.table,
            "columns": list(self.rule.columns),
            "kind": self.rule.kind,
            "holds": self.rule.holds,
            "counted": self.rule.counted,
            "verdict": self.verdict,
            "observed": self.observed,
            "low": None if math.isinf(self.low) else self.low,
            "high": None if math.isinf(self.high) else self.high,
            "expected": self.expected,
            "found": self.found,
            "skipped": self.skipped,
            "examples": [{key: plain(value) for key, value in row.items()} for row in self.examples],
            "look": self.look,
        }


@dataclass(frozen=True, slots=True)
class Declared:
    """What a data set says of itself.

    Attributes
    ----------
    ours
        Whether payloom wrote it: only then every rule of the schema applies.
    config
        Its whole config in plain values; None if there is none.
    days
        Covered ranges of days, each from its first day up to its end, as ordinals of `datetime.date`; sorted, merged.
    period
        First day and end of the config's period, as ordinals.
    rows, fraud_rows, typologies
        What the manifests promise of payments and labels; None and empty without manifests.
    """

    ours: bool = False
    config: Mapping[str, Any] | None = None
    days: tuple[tuple[int, int], ...] = ()
    period: tuple[int, int] | None = None
    rows: int | None = None
    fraud_rows: int | None = None
    typologies: Mapping[str, int] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether every day of the config's period is there."""
        return self.period is not None and self.days == (self.period,)

    def setting(self, section: str, name: str) -> float | None:
        """Return a number of the config, None if there is no such setting."""
        value = (self.config or {}).get(section, {}).get(name)
        return None if value is None else float(value)


def plain(value: Any) -> Any:
    """Return a cell as JSON can hold it."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
