"""Bounds of chance: how far a statistic may lie from its mean before the code is to blame."""

from __future__ import annotations

from math import erfc, log, log1p, sqrt

import numpy as np

Z = 5.0
"""A normal number is further out once in 1.7 million."""

P = 1e-6
"""What small counts and sums of squares are held to."""


def assert_share(hits: int, total: int, share: float, *, slack: float = 0.0, what: str = "") -> None:
    """Hold a count of independent events to its share.

    Parameters
    ----------
    hits, total, share
        What was counted, among how many, and the share asked for.
    slack
        How far, relative to `share`, the model itself may be off; the caller says why.
    what
        Name for the failure.
    """
    assert total > 0, f"{what}: nothing to count"
    low, high = share * (1 - slack), min(share * (1 + slack), 1.0)
    text = f"{what}: {hits} of {total} is {hits / total:.6g}, asked for {share:.6g} (slack {slack:.3g})"
    if hits < low * total:
        assert binomial_tail(total - hits, total, 1 - low) > P, text
    if hits > high * total:
        assert binomial_tail(hits, total, high) > P, text


def binomial_tail(hits: int, total: int, share: float) -> float:
    """Bound the chance of at least so many hits from above (Chernoff); 1 below the mean."""
    if share <= 0.0:
        return 0.0 if hits else 1.0
    found = hits / total
    if found <= share:
        return 1.0
    divergence = found * log(found / share)
    if found < 1.0:
        divergence += (1 - found) * (log1p(-found) - log1p(-share))
    return float(np.exp(-total * divergence))


def assert_mean(values: np.ndarray, mean: float, *, slack: float = 0.0, what: str = "") -> None:
    """Hold the mean of independent numbers to what it should be, within five standard errors."""
    error = Z * float(values.std()) / sqrt(len(values)) + abs(mean) * slack
    found = float(values.mean())
    assert abs(found - mean) <= error, f"{what}: mean {found:.6g}, expected {mean:.6g} +- {error:.2g}"


def assert_same_shares(first: np.ndarray, second: np.ndarray, *, what: str = "") -> None:
    """Hold two rows of counts to one distribution (chi-square of homogeneity)."""
    used = (first + second) > 0
    first, second = first[used].astype(float), second[used].astype(float)
    whole = first + second
    statistic = 0.0
    for counts in (first, second):
        expected = whole * (counts.sum() / whole.sum())
        statistic += float(((counts - expected) ** 2 / expected).sum())
    assert chi_square_tail(statistic, int(used.sum()) - 1) > P, f"{what}: chi-square {statistic:.1f}"


def assert_shares(counts: np.ndarray, shares: np.ndarray, *, what: str = "") -> None:
    """Hold counts to a distribution (chi-square of fit); categories without weight must be empty."""
    expected = counts.sum() * shares / shares.sum()
    assert not counts[expected == 0].any(), f"{what}: a category of weight 0 was drawn"
    used = expected > 0
    statistic = float(((counts[used] - expected[used]) ** 2 / expected[used]).sum())
    assert chi_square_tail(statistic, int(used.sum()) - 1) > P, f"{what}: chi-square {statistic:.1f}"


def chi_square_tail(statistic: float, freedom: int) -> float:
    """Chance of a larger sum of squares (Wilson and Hilferty's normal approximation)."""
    if freedom <= 0:
        return 1.0
    spread = 2.0 / (9.0 * freedom)
    z = ((statistic / freedom) ** (1.0 / 3.0) - (1.0 - spread)) / sqrt(spread)
    return 0.5 * erfc(z / sqrt(2.0))
