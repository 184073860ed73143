"""Train the models on what was known, test them on what came later."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Final

import numpy as np

from payloom.baseline import calibration
from payloom.baseline.ageing import ageing
from payloom.baseline.evaluate import evaluate
from payloom.baseline.importance import importance
from payloom.baseline.models import ISOLATION, KINDS, Scorer, fit
from payloom.baseline.period import Period, day_numbers
from payloom.baseline.ranking import Ranking, measure
from payloom.baseline.resample import day_weights, estimate
from payloom.baseline.results import Ageing, Evaluation, ModelResult, Split
from payloom.baseline.rows import DAY_US, GAP_DAYS, BaselineRows
from payloom.baseline.thresholds import ALERTS_PER_DAY, REVIEW_COST_USD, HeldOut, choose
from payloom.baseline.trainable import HELD_OUT_FRAUDS_AT_LEAST, check, notes
from payloom.features.history import Bools, Floats, Ints

EARLY_SHARE: Final = 0.75
"""Share of the known frauds that lie before the held-out part of the training period."""

AGEING_FRAUDS_A_MONTH_AT_LEAST: Final = 100
"""With so few, the mean over some months is shown with a note."""

SURE_AFTER_DAYS: Final = 60
"""Payments older than this have most of the reports that they will ever get; their delays are those of all."""

REPORTED_AT_LEAST: Final = 0.2
"""Share of the reports that are thought to have come, at least: so that no fraud stands for very many."""

AT_ONCE: Final = 2
"""Models that are trained at the same time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more average precision a challenger has than the champion, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Trained:
    """What a training gives.

    Attributes
    ----------
    evaluation
        What was found out.
    scorers
        The trained models, by kind.
    scores
        Scores of the test rows (`BaselineRows.test`), by kind.
    """

    evaluation: Evaluation
    scorers: dict[str, Scorer]
    scores: dict[str, Floats]


def train(
    rows: BaselineRows,
    *,
    kinds: Sequence[str] = KINDS,
    review_cost_usd: float = REVIEW_COST_USD,
    alerts_per_day: float = ALERTS_PER_DAY,
    with_ageing: bool = True,
) -> Trained:
    """Train, calibrate and test models.

    A model of each kind is trained on the earlier part of the training period; what it gives for the later part sets
    the calibration and the thresholds. The model that is kept is trained on both.

    Parameters
    ----------
    kinds
        Models to train.
    review_cost_usd
        Cost of one alert.
    alerts_per_day
        Alerts that can be reviewed a day.
    with_ageing
        Whether to train some more models month by month.

    Raises
    ------
    TrainingDataError
        If there is no time or no class to train or to test on.
    """
    check(rows)
    period = Period.of(rows)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # The longest first.
        aged = pool.submit(_ageing, rows, wanted=with_ageing)
        one = partial(_one, rows, period, review_cost_usd, alerts_per_day)
        found = list(pool.map(one, kinds))
        months, note = aged.result()
    results = sorted((result for _, _, result in found), key=lambda result: -np.nan_to_num(result.metrics.ap.value))
    chosen, known, _ = rows.main_training
    return Trained(
        evaluation=Evaluation(
            split=_split(rows, len(chosen), int(known.sum())),
            models=tuple(results),
            ageing=months,
            ageing_note=note,
            features=tuple(rows.features.columns),
            notes=notes(rows, aged=bool(months)),
        ),
        scorers={scorer.kind: scorer for scorer, _, _ in found},
        scores={scorer.kind: score for scorer, score, _ in found},
    )


def compare(challenger: Floats, champion: Floats, rows: BaselineRows) -> Difference:
    """Compare the average precision of two scores of the same test rows, by days that are drawn for both alike.

    Parameters
    ----------
    challenger, champion
        Scores of the rows `BaselineRows.test`.
    """
    fraud, day = rows.fraud[rows.test], day_numbers(rows)
    weights = day_weights(int(day.max()) + 1)
    first, second = (
        measure(Ranking.of(score, fraud, day, weights.shape[1]), weights, ()).ap for score in (challenger, champion)
    )
    found = estimate(first - second)
    return Difference(found.value, found.low, found.high)


def _ageing(rows: BaselineRows, *, wanted: bool) -> tuple[tuple[Ageing, ...], str]:
    return ageing(rows, AGEING_FRAUDS_A_MONTH_AT_LEAST) if wanted else ((), "not asked for")


def _one(
    rows: BaselineRows, period: Period, review_cost_usd: float, alerts_per_day: float, kind: str
) -> tuple[Scorer, Floats, ModelResult]:
    """Train and test the model of one kind."""
    start = perf_counter()
    scorer = calibrated(rows, kind, review_cost_usd, alerts_per_day)
    train_seconds = perf_counter() - start
    matrix = scorer.encoding.matrix(rows.features[rows.test])
    score = scorer.calibration.apply(scorer.raw(matrix))
    result = evaluate(
        scorer,
        score,
        period,
        review_cost_usd=review_cost_usd,
        importance=importance(scorer, matrix),
        train_seconds=train_seconds,
    )
    return scorer, score, result


def calibrated(
    rows: BaselineRows,
    kind: str,
    review_cost_usd: float = REVIEW_COST_USD,
    alerts_per_day: float = ALERTS_PER_DAY,
) -> Scorer:
    """Train a model with its calibration and its thresholds."""
    chosen, known, weight = rows.main_training
    final = fit(kind, rows.features[chosen], known, weight)
    late = held_out(rows.time_us[chosen], known)
    # With too few frauds to hold some out, the model judges what it has learned from; `notes` says so.
    first = final if late.all() else fit(kind, rows.features[chosen[~late]], known[~late], weight[~late])
    own = chosen[late]
    raw = first.raw(first.encoding.matrix(rows.features[own]))
    share = reported_share(rows, chosen[known], rows.cut_us - rows.time_us[own])
    frauds = np.where(known[late], 1 / share, 0.0)
    weights = np.maximum(weight[late], frauds)
    line = calibration.ranks(raw, weights) if kind == ISOLATION else calibration.fitted(raw, frauds, weights)
    span_us = rows.cut_us - GAP_DAYS * DAY_US - int(rows.time_us[own].min())
    unseen = HeldOut(line.apply(raw), weights, frauds, rows.at_risk_usd[own], span_us / DAY_US)
    return replace(final, calibration=line, thresholds=choose(unseen, review_cost_usd, alerts_per_day))


def held_out(time_us: Ints, known: Bools) -> Bools:
    """Choose the last part of the training rows, by whole days; all where either part would have too few frauds."""
    times = np.sort(time_us[known])
    late = time_us >= times[int(len(times) * EARLY_SHARE)] // DAY_US * DAY_US
    few = min((known & late).sum(), (known & ~late).sum()) < HELD_OUT_FRAUDS_AT_LEAST
    return np.ones(len(time_us), dtype=np.bool_) if few else late


def reported_share(rows: BaselineRows, reported: Ints, age_us: Ints) -> Floats:
    """Return the share of reports that come within an age, as old payments had them.

    Parameters
    ----------
    reported
        Rows that were reported when the model was trained.
    age_us
        Age of the payments that are asked for.
    """
    old = reported[rows.cut_us - rows.time_us[reported] >= SURE_AFTER_DAYS * DAY_US]
    if len(old) < HELD_OUT_FRAUDS_AT_LEAST:
        return np.ones(len(age_us))
    delays = np.sort(rows.reported_us[old] - rows.time_us[old])
    return np.maximum(np.searchsorted(delays, age_us, side="right") / len(delays), REPORTED_AT_LEAST)


def _split(rows: BaselineRows, train_rows: int, train_frauds: int) -> Split:
    return Split(
        train_from=_time(rows.begin_us),
        train_to=_time(rows.cut_us - GAP_DAYS * DAY_US),
        test_from=_time(rows.cut_us),
        test_to=_time(int(rows.time_us[-1]) + 1),
        gap_days=GAP_DAYS,
        train_rows=train_rows,
        train_frauds=train_frauds,
        test_rows=len(rows.test),
        test_frauds=int(rows.fraud[rows.test].sum()),
    )


def _time(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
