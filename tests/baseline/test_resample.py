"""Intervals come from whole days, are the same every time, and cover the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from payloom.baseline.ranking import Ranking, measure
from payloom.baseline.resample import day_weights, divided, estimate


def test_each_resample_draws_as_many_days_as_there_are() -> None:
    """The first row counts each day once, the others draw with replacement; all days are as likely."""
    weights = day_weights(50, 400)
    assert weights[0].tolist() == [1.0] * 50
    assert (weights.sum(axis=1) == 50).all()
    # 400 draws of 50 days: the mean of each day has an SD of .05.
    assert np.abs(weights[1:].mean(axis=0) - 1).max() < 0.25
    # A day is missing from a resample with probability 1/e.
    assert (weights[1:] == 0).mean() == pytest.approx(np.exp(-1), abs=0.02)
    np.testing.assert_array_equal(weights, day_weights(50, 400))


@pytest.mark.statistical
def test_intervals_cover_the_truth(count) -> None:
    """Of many data sets whose days differ, most intervals hold the true AUC: 95 % are meant, 85 % are asked for."""
    rng = np.random.default_rng(11)
    sets, days, covered = count(50, 400), 60, 0
    for _ in range(sets):
        day = rng.integers(0, days, 4_000)
        fraud = rng.random(4_000) < 0.05
        # Scores of fraud share a shift within the day: an interval that ignored days would be too narrow.
        score = rng.normal(0, 1, 4_000) + fraud * (1.5 + rng.normal(0, 1, days)[day])
        found = estimate(measure(Ranking.of(score, fraud, day, days), day_weights(days), ()).auc)
        covered += found.low <= norm.cdf(1.5 / np.sqrt(3)) <= found.high
    # Binomial, 50 sets of .95: fewer than .85 by chance less than once in 200; the seed is fixed.
    assert covered / sets > 0.85


def test_an_estimate_holds_its_value_and_leaves_out_what_is_none() -> None:
    """Resamples without a value don't count; a value that is none has no interval."""
    found = estimate(np.array([0.5, 0.6, np.nan, 0.7]))
    assert (found.value, found.low) == (0.5, 0.5)
    assert 0.69 < found.high <= 0.7
    assert np.isnan([estimate(np.array([np.nan, 1.0])).value, estimate(np.array([1.0, np.nan])).low]).all()


def test_nothing_divided_by_nothing_is_no_number() -> None:
    """No warning, no infinity."""
    assert divided(np.array([1.0, 4.0]), np.array([0.0, 2.0])).tolist()[1] == 2.0
    assert np.isnan(divided(np.array([1.0]), np.array([0.0]))).all()
