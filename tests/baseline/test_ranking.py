"""AUC, average precision and recall by days equal plain computations on rows that are repeated."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from payloom.baseline.metrics import recall_at
from payloom.baseline.ranking import Ranking, measure
from payloom.baseline.resample import day_weights

DAYS = 12


def scored(rows: int = 3_000, steps: int = 60, seed: int = 3):
    """Scores with many ties."""
    rng = np.random.default_rng(seed)
    fraud = rng.random(rows) < 0.05
    score = np.round(rng.normal(0, 1, rows) + fraud, 5 if steps == 0 else 1)
    return score, fraud, rng.integers(0, DAYS, rows)


@pytest.mark.parametrize("steps", [0, 60])
def test_each_resample_equals_rows_repeated(steps) -> None:
    """Counting a day twice is the same as having its rows twice; ties are counted by half, or in part."""
    score, fraud, day = scored(steps=steps)
    weights = day_weights(DAYS, 5)
    found = measure(Ranking.of(score, fraud, day, DAYS), weights, (0.01, 0.001))
    for place, row in enumerate(weights):
        own = np.repeat(np.arange(len(score)), row[day].astype(int))
        assert found.auc[place] == pytest.approx(roc_auc_score(fraud[own], score[own]))
        assert found.ap[place] == pytest.approx(average_precision_score(fraud[own], score[own]))
        for share, recall in zip((0.01, 0.001), found.recall, strict=True):
            assert recall[place] == pytest.approx(recall_at(score[own], fraud[own], share).mean())


def test_slices_stand_against_all_genuine_rows() -> None:
    """A kind of fraud has the AUC of its rows and all genuine ones, and the recall of its part of the alerts."""
    score, fraud, day = scored()
    kind = np.arange(fraud.sum()) % 3
    weights = day_weights(DAYS, 3)
    slices = np.stack([kind == 0, kind == 1], axis=1)
    found = measure(Ranking.of(score, fraud, day, DAYS), weights, (0.05,), slices)
    for place, row in enumerate(weights):
        times = row[day].astype(int)
        own = np.repeat(np.arange(len(score)), times)
        caught = recall_at(score[own], fraud[own], 0.05)
        for part in (0, 1):
            mine = np.zeros(len(score), dtype=bool)
            mine[np.flatnonzero(fraud)[kind == part]] = True
            against = own[mine[own] | ~fraud[own]]
            assert found.slice_auc[place, part] == pytest.approx(roc_auc_score(mine[against], score[against]))
            assert found.slice_recall[place, part] == pytest.approx(caught[mine[own][fraud[own]]].mean())


def test_many_different_scores_lose_little(monkeypatch) -> None:
    """With more levels than are kept, neighbours tie: AUC and average precision stay close."""
    score, fraud, day = scored(20_000, steps=0)
    monkeypatch.setattr("payloom.baseline.ranking.LEVELS_AT_MOST", 200)
    found = measure(Ranking.of(score, fraud, day, DAYS), np.ones((1, DAYS)), (0.01,))
    assert found.auc[0] == pytest.approx(roc_auc_score(fraud, score), abs=2e-3)
    assert found.ap[0] == pytest.approx(average_precision_score(fraud, score), abs=1e-2)


def test_large_tables_are_measured_in_steps(monkeypatch) -> None:
    """The size of a step changes nothing."""
    score, fraud, day = scored()
    ranking, weights = Ranking.of(score, fraud, day, DAYS), day_weights(DAYS, 20)
    whole = measure(ranking, weights, (0.01,))
    monkeypatch.setattr("payloom.baseline.ranking._CELLS", 100)
    np.testing.assert_array_equal(measure(ranking, weights, (0.01,)).ap, whole.ap)


def test_without_fraud_or_without_genuine_rows_there_is_no_number() -> None:
    """One class alone gives NaN, not an error."""
    score, _, day = scored(200)
    none, every = np.zeros(200, dtype=bool), np.ones(200, dtype=bool)
    nothing = measure(Ranking.of(score, none, day, DAYS), np.ones((2, DAYS)), (0.01,), np.zeros((0, 2), dtype=bool))
    assert np.isnan([nothing.auc, nothing.ap, nothing.recall[0]]).all()
    assert nothing.slice_auc.shape == (2, 2)
    assert np.isnan(measure(Ranking.of(score, every, day, DAYS), np.ones((2, DAYS)), ()).auc).all()
