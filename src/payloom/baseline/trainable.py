"""Whether rows can teach and test a model, and what a reader of the results should know about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from payloom.baseline.ageing import FRAUDS_A_MONTH_AT_LEAST
from payloom.baseline.rows import DAY_US, GAP_DAYS, BaselineRows
from payloom.errors import Problem, TooLittleDataError, TrainingDataError

KNOWN_FRAUDS_AT_LEAST: Final = 20
"""Fewer reported frauds teach nothing."""

HELD_OUT_FRAUDS_AT_LEAST: Final = 5
"""Reported frauds in the part of the training period that calibrates."""

SURE_FRAUDS: Final = 100
"""With fewer to test on, the AUC has an error of some .03."""

DAYS_AT_LEAST: Final = 20
"""Some days to train on, the gap, and a quarter to test on."""


def check(rows: BaselineRows) -> None:
    """Refuse rows that can't teach or test a model.

    Raises
    ------
    TooLittleDataError
        If there is no time, no fraud or nothing but fraud to train or to test on.
    TrainingDataError
        If there is no feature.
    """
    chosen, known, _ = rows.main_training
    span = (int(rows.time_us[-1]) - rows.first_us) / DAY_US
    if not len(chosen):
        _refuse(
            Problem("payments.event_time", f"{span:.0f} days", f"must span {DAYS_AT_LEAST} days or more"),
            f"{GAP_DAYS} days between training and test are left out, while reports come in: generate a longer time",
        )
    window = f"before {_day(rows.cut_us - GAP_DAYS * DAY_US)}, reports until {_day(rows.cut_us)}"
    more = "use more rows, more days or a higher fraud rate"
    if known.sum() < KNOWN_FRAUDS_AT_LEAST:
        at_least = f"must be {KNOWN_FRAUDS_AT_LEAST} or more ({window})"
        _refuse(Problem("frauds to train on", str(int(known.sum())), at_least), more)
    if (~known).sum() < KNOWN_FRAUDS_AT_LEAST:
        at_least = f"must be {KNOWN_FRAUDS_AT_LEAST} or more ({window})"
        _refuse(
            Problem("genuine payments to train on", str(int((~known).sum())), at_least), "a model needs both classes"
        )
    fraud = rows.fraud[rows.test]
    for what, count in (("frauds", fraud.sum()), ("genuine payments", (~fraud).sum())):
        if not count:
            _refuse(Problem(f"{what} to test on", "0", f"must be some (from {_day(rows.cut_us)} on)"), more)
    if not any(column.drop_nulls().n_unique() > 1 for column in rows.features[chosen]):
        problem = Problem("features", "", "no column of the payments gives a feature that differs")
        raise TrainingDataError([problem], hint="see docs/features.md")


def notes(rows: BaselineRows, *, aged: bool = False) -> tuple[str, ...]:
    """Return what a reader of the results should know, one sentence each; `aged`: ageing was measured."""
    return tuple(_notes(rows, aged))


def _notes(rows: BaselineRows, aged: bool) -> Iterator[str]:
    _, known, _ = rows.main_training
    frauds = int(rows.fraud[rows.test].sum())
    if rows.empty_months:
        yield f"There are no payments in {', '.join(rows.empty_months)}."
    if not rows.has_reports:
        yield f"No report times are known, so every fraud counts as reported after {GAP_DAYS} days."
    if known.sum() < 4 * HELD_OUT_FRAUDS_AT_LEAST + KNOWN_FRAUDS_AT_LEAST:
        yield f"There are only {known.sum()} reported frauds to train on, so calibration and thresholds are rough."
    if frauds < SURE_FRAUDS:
        yield f"There are only {frauds} frauds to test on, so intervals are wide."
    if not np.isfinite(rows.at_risk_usd[rows.test]).all():
        yield "Amounts in US dollars are not known of every payment, so there are no savings and no threshold by cost."
    a_month = rows.fraud.sum() / (int(rows.time_us[-1]) - rows.first_us) * 30 * DAY_US
    if aged and a_month < FRAUDS_A_MONTH_AT_LEAST:
        yield f"Ageing rests on some {a_month:.0f} frauds a month, so it is uncertain by as much as a model may lose."
    if rows.every_days > 1:
        yield f"Tested on each {rows.every_days}. day of the test period."


def _refuse(problem: Problem, hint: str) -> None:
    raise TooLittleDataError([problem], hint=hint)


def _day(us: int) -> str:
    return str(np.datetime64(us, "us").astype("datetime64[D]"))
