"""Customers: what a person is like, by hashing who it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.plan.world_plan import Plan
from payloom.streams.bijection import IdScrambler
from payloom.streams.hashing import U64, draw, high, low
from payloom.streams.tables import F64
from payloom.world.geography import Geography

I64 = NDArray[np.int64]

AFFLUENCE_SIGMA = 0.32
"""Standard deviation of ln(spending power) between customers (estimate)."""

AGE_SHARES = (0.11, 0.18, 0.18, 0.17, 0.16, 0.12, 0.08)
"""Share of customers by `payloom.codes.AGE_BAND` (estimate, adult population of rich countries)."""


@dataclass(frozen=True)
class People:
    """Attributes of customers.

    Attributes
    ----------
    ids, account_ids
        Opaque ids.
    key, detail_key
        Keys of a person's random bits.
    """

    plan: Plan
    geography: Geography
    ids: IdScrambler
    account_ids: IdScrambler
    key: np.uint64
    detail_key: np.uint64

    def bits(self, customer: I64) -> U64:
        """Random bits of each couple: spending power in the upper half, home in the lower."""
        return draw(self.key, customer >> 1)

    def detail_bits(self, customer: I64) -> U64:
        """More bits: age in the upper half, habits in the lower."""
        return draw(self.detail_key, customer)

    def affluence(self, bits: U64) -> F64:
        """ln(spending power) of customers, mean 0."""
        value = self.plan.functions.normal.step(high(bits))
        value *= AFFLUENCE_SIGMA
        return value

    def home_place(self, bits: U64, group: NDArray[np.integer]) -> I64:
        """City where customers live."""
        place = self.geography.homes(low(bits), group).astype(np.int64)
        place += self.geography.home_first_place.take(group)
        return place


def build_people(plan: Plan, geography: Geography) -> People:
    """Prepare the functions of customers."""
    return People(
        plan=plan,
        geography=geography,
        ids=IdScrambler(plan.keys["customer.id"]),
        account_ids=IdScrambler(plan.keys["account.id"]),
        key=plan.keys["customer"],
        detail_key=plan.keys["customer.detail"],
    )
