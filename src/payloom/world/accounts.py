"""Accounts: a customer's own, numbered by what they are for, and those of businesses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.plan.world_plan import Plan
from payloom.streams.hashing import draw, low, threshold32

I64 = NDArray[np.int64]

SLOTS = 4
"""Account slots of a customer: current account, account of the second card, savings."""
CURRENT, SAVINGS = 0, 2

SAVINGS_SHARE = 0.55
"""Customers with a savings account at the same bank (estimate)."""

BUSINESS_BASE = 1 << 50
"""Accounts of businesses are numbered from here; those of customers lie below."""


@dataclass(frozen=True)
class Accounts:
    """Which accounts there are; an account is an index, the argument of `People.account_ids`."""

    savings_key: np.uint64

    def of_card(self, customer: I64, slot: I64) -> I64:
        """Account on which a customer's first or second card draws."""
        return customer * SLOTS + slot

    def current(self, customer: I64) -> I64:
        """Account from which customers pay their bills."""
        return customer * SLOTS + CURRENT

    def savings(self, customer: I64) -> I64:
        """Savings account; only some customers have one."""
        return customer * SLOTS + SAVINGS

    def has_savings(self, customer: I64) -> NDArray[np.bool_]:
        """Whether customers have a savings account."""
        return low(draw(self.savings_key, customer)) < threshold32(SAVINGS_SHARE)

    @staticmethod
    def business(merchant: I64) -> I64:
        """Account of merchants, from which they also pay salaries."""
        return merchant + BUSINESS_BASE


def build_accounts(plan: Plan) -> Accounts:
    """Prepare the functions of accounts."""
    return Accounts(plan.keys["account.savings"])
