"""Probabilities add up to what was observed, rise with the score, and can be written as numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from payloom.baseline.calibration import NO_CALIBRATION, fitted, ranks


def test_probabilities_add_up_to_the_frauds() -> None:
    """Over the rows that it was fitted on, with weights, the sum of probabilities is the number of frauds."""
    rng = np.random.default_rng(2)
    raw = rng.normal(-5, 2, 20_000)
    fraud = (rng.random(20_000) < expit(0.5 * raw - 1)).astype(float)
    weight = np.where(fraud > 0, 1.0, 7.0)
    found = fitted(raw, fraud, weight)
    assert (found.apply(raw) * weight).sum() == pytest.approx(fraud.sum(), rel=1e-6)
    # The true line is .5 raw - 1 - log 7, as genuine rows count seven times.
    slope = np.diff(found.log_odds) / np.diff(found.raw)
    assert slope[0] == pytest.approx(0.5, abs=0.05)
    assert found.apply(np.array([-4.0]))[0] == pytest.approx(expit(-3 - np.log(7)), rel=0.15)


@pytest.mark.parametrize("sign", [1, -1, 0])
def test_a_useless_or_perfect_score_still_gives_a_rising_line(sign) -> None:
    """A score that separates, one that is turned round, and one that is constant: finite, rising, the right sum."""
    fraud = np.repeat([0.0, 1.0], [500, 30])
    raw = sign * 10 * fraud + np.linspace(0, 0.1, 530) * (sign != 0)
    found = fitted(raw, fraud, np.ones(530))
    chance = found.apply(raw)
    assert np.isfinite([*found.raw, *found.log_odds]).all()
    assert (np.diff(found.log_odds) > 0).all()
    assert chance.sum() == pytest.approx(30, rel=0.1)
    assert (np.diff(found.apply(np.linspace(-20, 20, 50))) >= 0).all()


def test_a_line_goes_on_beyond_its_knots() -> None:
    """Without calibration raw scores are log-odds, far out too, and never beyond 0 and 1."""
    raw = np.array([-800.0, -3.0, 0.0, 0.5, 7.0, 800.0])
    np.testing.assert_allclose(NO_CALIBRATION.apply(raw), expit(raw))


def test_ranks_are_shares_of_rows_below() -> None:
    """The score that nine of ten rows lie below gives .9, by weight; order is kept."""
    raw = np.random.default_rng(3).normal(0, 1, 5_000)
    weight = np.where(raw > 0, 3.0, 1.0)
    found = ranks(raw, weight)
    order = np.argsort(raw)
    for share in (0.1, 0.5, 0.9, 0.99):
        limit = raw[order][np.searchsorted(np.cumsum(weight[order]), share * weight.sum())]
        assert found.apply(np.array([limit]))[0] == pytest.approx(share, abs=0.01)
    assert (np.diff(found.apply(np.sort(raw))) >= 0).all()


def test_one_score_for_all_has_a_rank_too() -> None:
    """A forest that tells nothing gives every row the same rank."""
    found = ranks(np.full(50, 0.4), np.ones(50))
    assert np.isfinite(found.apply(np.array([0.3, 0.4, 0.5]))).all()
