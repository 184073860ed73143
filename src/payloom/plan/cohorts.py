"""Cohorts: customers of one group who joined and leave in the same epochs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from payloom.config import Config
from payloom.plan.groups import Group
from payloom.plan.periods import Period
from payloom.streams.hashing import U32
from payloom.streams.tables import CategoricalTable, proportional_split

I64 = NDArray[np.int64]


@dataclass(frozen=True)
class Cohorts:
    """All cohorts of a world; a customer is an index: the cohort's base plus a rank by activity.

    Attributes
    ----------
    group, join_epoch, leave_epoch
        One entry a cohort. Epoch 0 as join means "before the period"; `leave_epoch` is exclusive.
    base, size
        First customer index and number of customers.
    epochs, groups
        Number of epochs and of groups.
    """

    group: I64
    join_epoch: I64
    leave_epoch: I64
    base: I64
    size: I64
    epochs: int
    groups: int

    @property
    def customers(self) -> int:
        """Number of customers whose time overlaps the period."""
        return int(self.size.sum())

    def active(self, epoch: int, group: int) -> NDArray[np.intp]:
        """Cohorts of a group with customers in an epoch; none of them empty."""
        here = (self.group == group) & (self.size > 0)
        present = here & (self.join_epoch <= epoch) & (self.leave_epoch > epoch)
        # A world smaller than its groups borrows people of another group who are there.
        there = (self.size > 0) & (self.join_epoch <= epoch) & (self.leave_epoch > epoch)
        return np.flatnonzero(present if present.any() else there)

    @cached_property
    def _tables(self) -> dict[int, tuple[CategoricalTable, I64]]:
        return {}

    def draw(self, epoch: int, group: NDArray[np.integer], bits: U32) -> I64:
        """Draw a cohort for each row, by its group, in proportion to size."""
        if epoch not in self._tables:
            active = [self.active(epoch, g) for g in range(self.groups)]
            width = max(len(cohorts) for cohorts in active)
            weights = np.zeros((self.groups, width))
            cohort = np.zeros((self.groups, width), dtype=np.int64)
            for g, cohorts in enumerate(active):
                weights[g, : len(cohorts)] = self.size[cohorts]
                cohort[g, : len(cohorts)] = cohorts
            self._tables[epoch] = (CategoricalTable(weights), cohort)
        table, cohort = self._tables[epoch]
        place = group.astype(np.intp)
        drawn = table(bits, place)
        place *= cohort.shape[1]
        place += drawn
        return cohort.reshape(-1).take(place)

    def of_customer(self, customer: I64) -> NDArray[np.intp]:
        """Cohort of each customer index."""
        occupied = np.flatnonzero(self.size > 0)
        return occupied[np.searchsorted(self.base[occupied], customer, side="right") - 1]


def build_cohorts(config: Config, period: Period, groups: tuple[Group, ...], customers: int) -> Cohorts:
    """Lay out all customers in cohorts, so that the active base grows and churns as the config says."""
    epochs = period.epochs
    years = period.months_per_epoch / 12.0
    # Simple interest: the base is 1 + g*t at time t, and c of it leaves every year.
    growth, churn = config.calendar.growth_per_year * years, min(config.calendar.churn_per_year * years, 1.0)
    rows: list[tuple[int, int, int]] = []
    weights: list[float] = []
    for index, group in enumerate(groups):
        for join in range(epochs):
            people = 1.0 if join == 0 else max(growth + churn * (1.0 + growth * (join - 1)), 0.0)
            for leave in range(join + 1, epochs + 1):
                leaving = people if leave == epochs else people * churn
                people -= leaving
                rows.append((index, join, leave))
                weights.append(group.share * leaving)
    # Somebody is there all the time: the last cohort, of the largest group, stays from beginning to end.
    largest = max(range(len(groups)), key=lambda index: groups[index].share)
    anchor = rows.index((largest, 0, epochs))
    rows.append(rows.pop(anchor))
    weights.append(weights.pop(anchor))
    couples = proportional_split(customers // 2, weights)
    if couples[-1] == 0 and customers > 1:
        couples[couples.index(max(couples))] -= 1
        couples[-1] = 1
    # Couples stay together: every cohort but the last has an even size, and so an even base.
    sizes = [2 * number for number in couples]
    sizes[-1] += customers % 2
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    size = np.array(sizes, dtype=np.int64)
    return Cohorts(
        group=table[:, 0],
        join_epoch=table[:, 1],
        leave_epoch=table[:, 2],
        base=np.cumsum(size) - size,
        size=size,
        epochs=epochs,
        groups=len(groups),
    )
