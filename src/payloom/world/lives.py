"""When customers come and go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.streams.hashing import draw, high, low
from payloom.world.model import Model

I64 = NDArray[np.int64]

OLDEST_ACCOUNT_DAYS = 5_400
"""Customers of the first epoch opened their account up to this many days before the period (estimate)."""


@dataclass(frozen=True)
class Lives:
    """First and last days of customers.

    Attributes
    ----------
    opened, closed
        Day numbers; -1 where the customer stays. An account is closed some weeks after the last payment.
    """

    opened: I64
    closed: I64


def lives_of(model: Model, customer: I64) -> Lives:
    """Give the first and last day of customers."""
    cohorts, period = model.plan.cohorts, model.plan.period
    cohort = cohorts.of_customer(customer)
    firsts = np.array([period.epoch_first_day(epoch) for epoch in range(period.epochs + 1)])
    bits = draw(model.plan.keys["customer.life"], customer)
    joined, left = cohorts.join_epoch[cohort], cohorts.leave_epoch[cohort]
    days = high(bits).astype(np.int64)
    before = np.where(joined == 0, days * OLDEST_ACCOUNT_DAYS >> 32, days * 27 >> 32) + 1
    # Refunds of the last purchases still come.
    closed = firsts[left] + model.config.refunds.max_lag_days + 1 + (low(bits).astype(np.int64) * 13 >> 32)
    return Lives(firsts[joined] - before, np.where(left >= period.epochs, -1, closed))
