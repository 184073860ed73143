"""What a measure is: a function of the evidence, the facts that it gives numbers for, and the columns that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import Final

import polars as pl

from payloom.realism.measures.evidence import Evidence

Values = Mapping[str, float | None]
"""Numbers by id of the fact; None where there are no rows to measure."""

ENOUGH: Final = 30
"""Rows below which a share or a quantile of a part says nothing."""


@dataclass(frozen=True)
class Measure:
    """A function that measures some facts together.

    Attributes
    ----------
    ids
        Facts that it gives numbers for.
    needs
        Columns of the payments without which it can't.
    tables
        Other tables without which it can't.
    run
        The function.
    """

    ids: tuple[str, ...]
    needs: tuple[str, ...]
    tables: tuple[str, ...]
    run: Callable[[Evidence], Values]

    def lacking(self, evidence: Evidence) -> str:
        """Return what the data does not have, in words; empty if nothing is missing."""
        columns = [name for name in self.needs if not evidence.data.has(name)]
        tables = [name for name in self.tables if not evidence.has_table(name)]
        words = [f"no column {', '.join(columns)}"] if columns else []
        return "; ".join(words + ([f"no table {', '.join(tables)}"] if tables else []))


def measure(
    *ids: str, needs: Sequence[str] = (), tables: Sequence[str] = ()
) -> Callable[[Callable[[Evidence], Values]], Measure]:
    """Declare the facts that a function measures, and what it needs."""
    return lambda run: Measure(ids, tuple(needs), tuple(tables), run)


def number(value: object) -> float | None:
    """Return a finite number, or None for what is missing or undefined."""
    if not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) else None


def one_row(rows: pl.LazyFrame, **expressions: pl.Expr) -> dict[str, float | None]:
    """Evaluate expressions in one pass over the rows."""
    found = rows.select(**expressions).collect(engine="streaming").row(0, named=True)
    return {name: number(value) for name, value in found.items()}


def mean(values: pl.Series) -> float | None:
    """Mean of numbers, or share of the true ones; None of too few."""
    return number(values.cast(pl.Float64).mean()) if values.len() - values.null_count() >= ENOUGH else None


def quantile(values: pl.Series, share: float) -> float | None:
    """Quantile of numbers; None of too few."""
    return number(values.cast(pl.Float64).quantile(share)) if values.len() >= ENOUGH else None


def deviation(values: pl.Series) -> float | None:
    """Standard deviation; None of too few."""
    return number(values.std()) if values.len() >= ENOUGH else None


def ratio(above: float | None, below: float | None) -> float | None:
    """Quotient, where there is one."""
    return above / below if above is not None and below else None


def shares(values: Iterable[tuple[int, int]], categories: int) -> list[float] | None:
    """Share of each category 0, 1, 2 ... from pairs of category and count; None of too few rows."""
    counts = [0] * categories
    for category, count in values:
        counts[category] += count
    total = sum(counts)
    return [count / total for count in counts] if total >= ENOUGH else None


def rank_slope(counts: Sequence[float], first_rank: int) -> float | None:
    """Slope of ln(count) over ln(rank), least squares."""
    if len(counts) < 5:
        return None
    x = [log(first_rank + place) for place in range(len(counts))]
    y = [log(count) for count in counts]
    middle, level = sum(x) / len(x), sum(y) / len(y)
    return sum((a - middle) * (b - level) for a, b in zip(x, y, strict=True)) / sum((a - middle) ** 2 for a in x)
