"""How far counts lie from expected shares: in the whole data, in each month and on each day, class by class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from payloom.quality.baseline import Shares, group_of
from payloom.quality.bounds import Floats, distribution_slacks, share_slacks
from payloom.quality.margins import GROUP_SEPARATOR, NO_DAY, STEPS_PER_DECADE, Margin

if TYPE_CHECKING:
    import polars as pl

RARE_POINTS: Final = 0.001
"""Classes may stray by 0.1 percentage points for no reason: a few travellers decide the rare ones."""

GROUP_ROWS_MIN: Final = 50
"""Groups, such as trades, with fewer rows are not judged on their own: one merchant may be all of them."""

_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Deviation:
    """A class, or a point of a distribution, in a period, and how far it strays.

    Attributes
    ----------
    period
        A day, a month, or empty for all days.
    label
        What is counted.
    observed, expected
        Shares, 0 to 1.
    slack
        How far they may lie apart.
    rows
        Rows that the share is of.
    """

    period: str
    label: str
    observed: float
    expected: float
    slack: float
    rows: int

    @property
    def excess(self) -> float:
        """Distance as a multiple of the slack: up to 1 passes."""
        return abs(self.observed - self.expected) / self.slack

    @property
    def place(self) -> str:
        """Period and label."""
        return f"{self.period}, {self.label}" if self.period else self.label

    def example(self) -> dict[str, Any]:
        """Return it as an example of a result."""
        found, expected = round(self.observed, 5), round(self.expected, 5)
        when = {"period": self.period} if self.period else {}
        return {**when, "class": self.label, "expected": expected, "found": found, "slack": round(self.slack, 5)}


@dataclass(frozen=True)
class Periods:
    """Counts of one margin: a line for each period, a column for each class.

    Attributes
    ----------
    names
        Of the periods: empty for all days, then months, then days.
    days
        Days with rows of each.
    counts
        Rows by period and class.
    keys
        Classes.
    """

    names: tuple[str, ...]
    days: Floats
    counts: NDArray[np.int64]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, found: pl.DataFrame, expected: Shares, days: int) -> Periods:
        """Lay out counts by day; `days` is how many the whole has. Months and days need more than one day."""
        number, lines = np.unique(found["day"].to_numpy(), return_inverse=True)
        keys = tuple(sorted({*expected, *found["key"].unique()}))
        place = {key: column for column, key in enumerate(keys)}
        by_day = np.zeros((len(number), len(keys)), dtype=np.int64)
        columns = np.array([place[key] for key in found["key"]], dtype=np.int64)
        np.add.at(by_day, (lines, columns), found["n"].to_numpy())
        whole = by_day.sum(axis=0, keepdims=True)
        if len(number) <= 1 or (number == NO_DAY).any():
            return cls(("",), np.array([max(days, 1)], dtype=np.float64), whole, keys)
        dates = [(_EPOCH + timedelta(days=int(day))).isoformat() for day in number]
        months, of_month, sizes = np.unique([day[:7] for day in dates], return_inverse=True, return_counts=True)
        by_month = np.zeros((len(months), len(keys)), dtype=np.int64)
        np.add.at(by_month, of_month, by_day)
        lengths = np.concatenate([[max(days, 1)], sizes, np.ones(len(dates))]).astype(np.float64)
        return cls(("", *map(str, months), *dates), lengths, np.vstack([whole, by_month, by_day]), keys)


@dataclass(frozen=True)
class Comparison:
    """Counts beside what they are expected to be.

    Attributes
    ----------
    margin
        What is counted.
    periods
        Its counts.
    expected
        Share of each class, within its group.
    tolerance, effect
        How far worlds differ for other reasons than chance, and the design effect, by period.
    """

    margin: Margin
    periods: Periods
    expected: Shares
    tolerance: Floats
    effect: Floats

    def worst(self, number: int) -> list[Deviation]:
        """Return the classes that stray most, the worst first; of a distribution its farthest point."""
        groups: dict[str, list[int]] = {}
        for column, key in enumerate(self.periods.keys):
            groups.setdefault(group_of(key), []).append(column)
        shape = self._of_cdf if self.margin.shape == "cdf" else self._of_shares
        found = [one for columns in groups.values() for one in shape(columns, number)]
        return sorted(found, key=lambda one: -one.excess)[:number]

    def _enough(self, rows: Floats) -> NDArray[np.bool_]:
        least = GROUP_ROWS_MIN if self.margin.group else 1
        enough: NDArray[np.bool_] = (rows >= least) & (self.periods.days >= self.margin.least_days)
        return enough

    def _of_shares(self, columns: list[int], number: int) -> Iterator[Deviation]:
        keys, counts = [self.periods.keys[column] for column in columns], self.periods.counts[:, columns]
        rows = counts.sum(axis=1, keepdims=True).astype(np.float64)
        shares = np.array([[self.expected.get(key, 0.0) for key in keys]])
        clock = np.array([[key in self.margin.clock for key in keys]]) / self.periods.days[:, None]
        chance = share_slacks(shares, rows, self.effect[:, None])
        slack = RARE_POINTS + (self.tolerance[:, None] + clock) * shares + chance
        observed = counts / np.maximum(rows, 1.0)
        excess = np.where(self._enough(rows[:, 0])[:, None], np.abs(observed - shares) / slack, -1.0)
        for flat in np.argsort(-excess, axis=None, kind="stable")[:number]:
            at = line, column = divmod(int(flat), len(keys))
            if excess[at] >= 0:
                label = f"{self.margin.name} {keys[column]}"
                values = float(observed[at]), float(shares[0, column]), float(slack[at]), int(rows[line, 0])
                yield Deviation(self.periods.names[line], label, *values)

    def _of_cdf(self, columns: list[int], number: int) -> Iterator[Deviation]:
        """Compare distributions; the point of a period is where they lie farthest apart."""
        keys = {int(self.periods.keys[column].rpartition(GROUP_SEPARATOR)[2]): column for column in columns}
        steps, group = sorted(keys), group_of(self.periods.keys[columns[0]])
        counts = self.periods.counts[:, [keys[step] for step in steps]]
        rows = counts.sum(axis=1).astype(np.float64)
        theirs = np.cumsum([self.expected.get(self.periods.keys[keys[step]], 0.0) for step in steps])
        observed = np.cumsum(counts, axis=1) / np.maximum(rows, 1.0)[:, None]
        distance = np.abs(observed - theirs)
        slack = self.tolerance + distribution_slacks(rows, self.effect)
        excess = np.where(self._enough(rows), distance.max(axis=1) / slack, -1.0)
        for line in np.argsort(-excess, kind="stable")[:number]:
            if excess[line] >= 0:
                point = int(distance[line].argmax())
                below = f"below {10 ** ((steps[point] + 1) / STEPS_PER_DECADE):,.2f} USD"
                label = f"mcc {group}, {below}" if group else below
                values = float(observed[line, point]), float(theirs[point]), float(slack[line]), int(rows[line])
                yield Deviation(self.periods.names[line], label, *values)
