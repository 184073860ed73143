"""Thresholds are the best of all by cost, and fit the budget."""

from __future__ import annotations

import numpy as np
import pytest

from payloom.baseline.thresholds import HeldOut, choose


def held_out(seed: int = 1, rows: int = 400) -> HeldOut:
    rng = np.random.default_rng(seed)
    frauds = (rng.random(rows) < 0.2).astype(float)
    score = np.asarray(np.round(np.clip(rng.normal(0.3, 0.15, rows) + 0.2 * frauds, 0.01, 0.99), 2), dtype=np.float64)
    return HeldOut(score, np.where(frauds > 0, 1.0, 5.0), frauds, rng.gamma(2, 60, rows), days=10.0)


@pytest.mark.parametrize("cost", [0.5, 5.0, 20.0])
def test_no_other_threshold_saves_more(cost) -> None:
    """Among all scores, none gives more money less reviews, counted row by row."""
    data = held_out()

    def saved(threshold: float) -> float:
        alert = data.score >= threshold
        return float((data.frauds * data.at_risk_usd)[alert].sum() - cost * data.weight[alert].sum())

    best = max(saved(level) for level in [*np.unique(data.score), 2.0])
    assert saved(choose(data, cost, 1.0)["cost"]) == pytest.approx(best)


@pytest.mark.parametrize("budget", [1, 5, 40])
def test_the_budget_is_used_and_kept(budget) -> None:
    """Alerts a day stay within the budget, and one score less would break it."""
    data = held_out()
    threshold = choose(data, 1.0, budget)["budget"]
    per_day = data.weight[data.score >= threshold].sum() / 10
    below = data.score[data.score < threshold].max()
    assert per_day <= budget < data.weight[data.score >= below].sum() / 10


def test_a_review_that_never_pays_gives_no_alert() -> None:
    """Where every alert costs more than it saves, nothing is reviewed; with room for all, everything is."""
    found = choose(held_out(), 1e6, 1e6)
    assert (held_out().score < found["cost"]).all()
    assert (held_out().score >= found["budget"]).all()


def test_without_amounts_there_is_no_threshold_by_cost() -> None:
    """One unknown amount is enough: the sum would be wrong."""
    data = held_out()
    data.at_risk_usd[3] = np.nan
    assert set(choose(data, 1.0, 1.0)) == {"budget"}
