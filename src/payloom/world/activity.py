"""Activity: a few customers pay often, most seldom."""

from __future__ import annotations

import numpy as np

from payloom.reference import load_math_tables
from payloom.streams.tables import F64, INTERVALS, UniformTable


def inverse_lorenz(sigma: float, sleeping_share: float) -> UniformTable:
    """Give the rank, 0 to 1, of the customer who makes a payment, from a uniform draw.

    With lognormal activity of log-SD `sigma`, the share of payments made by customers up to rank p is
    cdf(quantile(p) - sigma); this is its inverse.

    Parameters
    ----------
    sigma
        Standard deviation of ln(payments a month) between customers who pay at all.
    sleeping_share
        Customers who never pay: the lowest ranks.
    """
    tables = load_math_tables()
    low, high = tables.normal_quantile_low_tail, -tables.normal_quantile_low_tail[::-1]
    knots, low_tail, high_tail = (_normal_cdf(quantile + sigma) for quantile in (tables.normal_quantile, low, high))
    knots[0] = low_tail[0] = 0.0
    knots[INTERVALS] = high_tail[INTERVALS] = 1.0
    awake = 1.0 - sleeping_share
    return UniformTable(*(part * awake + sleeping_share for part in (knots, low_tail, high_tail)))


def _normal_cdf(x: F64) -> F64:
    """Normal cumulative probability, linear between knots 1/256 apart."""
    cdf = load_math_tables().normal_cdf
    position = np.clip((x + 8.0) * 256.0, 0.0, INTERVALS - 1e-6)
    knot = position.astype(np.intp)
    return cdf[knot] + (cdf[knot + 1] - cdf[knot]) * (position - knot)
