"""What one pass over rows leaves: counts that add up, and a few rows to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from payloom.quality.margins import Profile
from payloom.quality.rule import EXAMPLES_MAX

if TYPE_CHECKING:
    import polars as pl

Example = Mapping[str, Any]


@dataclass
class Tally:
    """Counts of one or more pieces of a table.

    Attributes
    ----------
    rows
        Rows looked at.
    breaks, examples
        By rule: rows that break it, and the first of them.
    measured
        Names of the rules that could be measured on at least one batch.
    missing, eligible
        By column and day: values missing at random, and rows where they could be.
    days
        Rows by day, an ordinal of `datetime.date`.
    frauds
        Rows with ``is_fraud``.
    typologies
        Labels by typology.
    keys
        The key of every row, a piece of an array for each batch.
    profile
        Counts of all margins.
    wanted
        Rows that other rows point at.
    pointing
        Rows that point at payments: refunds.
    sample
        Rows for the suite on a sample.
    """

    rows: int = 0
    breaks: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    measured: set[str] = field(default_factory=set)
    missing: Counter[tuple[str, int]] = field(default_factory=Counter)
    eligible: Counter[tuple[str, int]] = field(default_factory=Counter)
    days: Counter[int] = field(default_factory=Counter)
    frauds: int = 0
    typologies: Counter[str] = field(default_factory=Counter)
    keys: list[NDArray[np.int64]] = field(default_factory=list)
    profile: Profile = field(default_factory=lambda: Profile({}))
    wanted: list[pl.DataFrame] = field(default_factory=list)
    pointing: list[pl.DataFrame] = field(default_factory=list)
    sample: list[pl.DataFrame] = field(default_factory=list)

    def broken(self, rule: str, count: int, rows: Iterable[Example] = ()) -> None:
        """Note rows that break a rule; 0 says that it was measured."""
        self.measured.add(rule)
        if count:
            self.breaks[rule] += count
            kept = self.examples.setdefault(rule, [])
            kept.extend(list(rows)[: EXAMPLES_MAX - len(kept)])

    def wants_example(self, rule: str) -> bool:
        """Whether there is room for another example."""
        return len(self.examples.get(rule, ())) < EXAMPLES_MAX

    @classmethod
    def sum(cls, tallies: Iterable[Self]) -> Self:
        """Add up the tallies of pieces, in their order."""
        total = cls()
        every = list(tallies)
        for tally in every:
            total.rows += tally.rows
            total.frauds += tally.frauds
            for name in ("breaks", "missing", "eligible", "days", "typologies"):
                getattr(total, name).update(getattr(tally, name))
            for name in ("keys", "wanted", "pointing", "sample"):
                getattr(total, name).extend(getattr(tally, name))
            total.measured |= tally.measured
            for rule, rows in tally.examples.items():
                kept = total.examples.setdefault(rule, [])
                kept.extend(rows[: EXAMPLES_MAX - len(kept)])
        total.profile = Profile.merged(tally.profile for tally in every)
        return total
