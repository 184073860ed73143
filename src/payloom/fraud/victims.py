"""Victims: slots of a keyed permutation of the customers who are there, by activity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from payloom.fraud.events import Events, alike
from payloom.streams.bijection import Permutation
from payloom.streams.hashing import draw_int
from payloom.world.model import Model

I64 = NDArray[np.int64]


class Band(IntEnum):
    """Which customers a typology goes for."""

    ANYBODY = 0
    DORMANT = 1
    NEWEST = 2
    PASSING = 3


STAY_EPOCHS = (3, 24)
"""Those who only pass through joined so many epochs ago (Experian: 4 to 24 months of quiet before a bust-out)."""
FEWEST = 16
"""Fewer of them than this would be hit again and again: others have to do."""

DORMANT_RANK = 0.06
"""Customers up to this rank by activity in their cohort count as dormant: in the default world they never pay."""


@dataclass(frozen=True)
class Victims:
    """Maps slots to customers, month by month; the map can be inverted."""

    model: Model

    @cached_property
    def _ranges(self) -> dict[tuple[int, Band], tuple[I64, I64]]:
        return {}

    def of_campaigns(self, events: Events, band: I64, slot: I64) -> I64:
        """Customers in slots of the month in which each event's campaign began."""
        firsts = np.array([month.first_day for month in self.model.plan.period.months])
        month = np.maximum(np.searchsorted(firsts, events.day - events.age, side="right") - 1, 0)
        order = month * len(Band) + band
        customer = np.empty(len(events), dtype=np.int64)
        for key, here in alike(order):
            customer[here] = self.customers(key // len(Band), Band(key % len(Band)), slot[here])
        return customer

    def customers(self, month: int, band: Band, slot: I64) -> I64:
        """Customers in given slots of a month; slots count modulo the number of customers in the band."""
        base, ends = self._band(self.model.plan.period.epoch_of_month(month), band)
        total = int(ends[-1])
        key = draw_int(self.model.plan.keys["victim.order"], month, int(band))
        place = Permutation(key, total)(slot % total)
        part = np.searchsorted(ends, place, side="right")
        before = np.where(part > 0, ends[part - 1], 0)
        return base[part] + place - before

    def in_group(self, start_day: I64, group: I64, slot: I64) -> I64:
        """Customers of groups in slots of the month of each start day: different slots are different people.

        Slots count modulo the number of the group's customers.
        """
        plan = self.model.plan
        firsts = np.array([month.first_day for month in plan.period.months])
        month = np.maximum(np.searchsorted(firsts, start_day, side="right") - 1, 0)
        order = month * len(plan.groups) + group
        customer = np.empty(len(slot), dtype=np.int64)
        for key, here in alike(order):
            number, of_group = divmod(key, len(plan.groups))
            cohorts = plan.cohorts.active(plan.period.epoch_of_month(number), of_group)
            ends = np.cumsum(plan.cohorts.size[cohorts])
            total = int(ends[-1])
            place = Permutation(draw_int(plan.keys["victim.group"], number, of_group), total)(slot[here] % total)
            part = np.searchsorted(ends, place, side="right")
            customer[here] = plan.cohorts.base[cohorts[part]] + place - np.where(part > 0, ends[part - 1], 0)
        return customer

    def _band(self, epoch: int, band: Band) -> tuple[I64, I64]:
        """First customer of each range of the band, and the running number of customers to its end."""
        if (epoch, band) not in self._ranges:
            cohorts = self.model.plan.cohorts
            size = cohorts.size
            here = (cohorts.join_epoch <= epoch) & (cohorts.leave_epoch > epoch) & (size > 0)
            if band is Band.NEWEST:
                newest = here & (cohorts.join_epoch == epoch)
                here = newest if newest.any() else here
            if band is Band.PASSING:
                here = self._passing(epoch, here)
            if not here.any():
                here = size > 0
            taken = size[here]
            if band is Band.DORMANT:
                taken = np.maximum((taken * DORMANT_RANK).astype(np.int64), 1)
            self._ranges[epoch, band] = (cohorts.base[here], np.cumsum(taken))
        return self._ranges[epoch, band]

    def _passing(self, epoch: int, here: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Cohorts of people who came some months ago and leave when the epoch ends, as far as there are such."""
        cohorts = self.model.plan.cohorts
        stay = epoch - cohorts.join_epoch
        going = here & (cohorts.leave_epoch == epoch + 1)
        young = (stay >= STAY_EPOCHS[0]) & (stay <= STAY_EPOCHS[1])
        for wanted in (going & young & (cohorts.join_epoch > 0), going & young, going, here & young):
            if int(cohorts.size[wanted].sum()) >= FEWEST:
                return wanted
        return here
