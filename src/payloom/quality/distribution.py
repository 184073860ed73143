"""Rules of rates and distributions, each with a bound that knows how many rows it saw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np

from payloom.quality.baseline import load_baseline
from payloom.quality.bounds import index_slack, share_slack
from payloom.quality.deviation import Comparison, Deviation, Periods
from payloom.quality.margins import MARGINS, WEEKS_DAYS, Counts, Margin, Profile
from payloom.quality.rule import EXAMPLES_MAX, Declared, Result, Rule
from payloom.quality.scan import MISSING_AT_RANDOM
from payloom.quality.tally import Tally

if TYPE_CHECKING:
    import polars as pl

FRAUD_POINTS: Final = 0.001
"""A whole data set has its configured fraud rate to within 0.1 percentage points."""

DRIFT_INDEX: Final = 0.1
"""Population stability index from which a change is called one; the usual limit of scorecards."""

BENFORD_TOLERANCE: Final = 0.25
"""Prices are not quite as Benford's law has it: they end in 9 and are round."""

RARE_ROWS: Final = 20
"""Classes with fewer rows, in both data sets together, are taken together."""

DAY_EFFECT: Final = 2.0
"""Design effect of a single day: rounds of shopping, campaigns."""

CLUSTER_DAYS: Final = 90
"""From so many days on the design effect is the full one."""

BASELINE_ROWS: Final = 1e6
"""Payments of each world of the baseline."""

_BENFORD: Final = {str(digit): math.log10(1 + 1 / digit) for digit in range(1, 10)}


def fraud_rate(tally: Tally, declared: Declared) -> list[Result]:
    """Judge the fraud rate of a whole data set of payloom; a slice is compared with its manifests."""
    if not declared.ours:
        return []
    rule = Rule(
        "payments.is_fraud.rate", "payments", ("is_fraud",), "distribution",
        "the fraud rate is within 0.1 percentage points of the config's", "share of fraud",
    )  # fmt: skip
    rate = declared.setting("world", "fraud_rate")
    if not declared.whole or rate is None:
        return [Result.not_judged(rule, "only some days are there: the manifests say how much fraud they have")]
    if not tally.rows:
        return [Result.not_judged(rule, "there are no payments")]
    # Half a row is lost in rounding.
    slack = FRAUD_POINTS + 0.5 / tally.rows
    found = tally.frauds / tally.rows
    return [Result(rule, found, rate - slack, rate + slack, f"{rate:.3%} ± {FRAUD_POINTS:.1%}", f"{found:.3%}")]


def missing_rates(tally: Tally, declared: Declared) -> list[Result]:
    """Judge how often values are missing at random, in all and on each day."""
    results = []
    for column, setting in MISSING_AT_RANDOM.items() if declared.ours else ():
        rule = Rule(
            f"payments.{column}.missing", "payments", (column,), "distribution",
            f"{column} is missing at random as often as missing.{setting} says",
            "deviation of the worst day or of all, 1 is the most that passes",
        )  # fmt: skip
        rate = declared.setting("missing", setting)
        days = {day: rows for (name, day), rows in tally.eligible.items() if name == column and rows}
        if rate is None or not days:
            results.append(Result.not_judged(rule, "no row where it may be missing at random"))
            continue
        found = [_share_missing("", rate, sum(tally.missing[column, day] for day in days), sum(days.values()))]
        for day, rows in sorted(days.items() if len(days) > 1 else ()):
            found.append(_share_missing(date.fromordinal(day).isoformat(), rate, tally.missing[column, day], rows))
        results.append(_of_deviations(rule, sorted(found, key=lambda one: -one.excess)[:EXAMPLES_MAX]))
    return results


def _share_missing(period: str, rate: float, missing: int, rows: int) -> Deviation:
    # Values are lost one by one, so that rows are independent here.
    return Deviation(period, "missing", missing / rows, rate, share_slack(rate, rows), rows)


def margin_rule(margin: Margin, check: str = "distribution") -> Rule:
    """Return the rule of a margin."""
    holds = margin.holds if check == "distribution" else f"{margin.name} is distributed as in the reference"
    counted = (
        "deviation of the worst class, 1 is the most that passes" if check == "distribution" else "stability index"
    )
    return Rule(f"payments.{margin.name}.{check}", "payments", margin.columns, "distribution", holds, counted)


def margin_results(tally: Tally, declared: Declared, merchants: int) -> list[Result]:
    """Judge every margin: payloom's default world is the baseline, Benford's law is everybody's."""
    results = []
    for margin in MARGINS:
        found = tally.profile.by_day.get(margin.name)
        if found is None:
            continue
        if margin.name == "first_digit":
            results.append(_of_benford(margin, Periods.of(found, _BENFORD, len(tally.days))))
        elif declared.ours:
            results.append(_against_baseline(margin, found, tally, declared, merchants))
    return results


def _of_benford(margin: Margin, periods: Periods) -> Result:
    same = np.ones_like(periods.days)
    return _judged(Comparison(margin, periods, _BENFORD, BENFORD_TOLERANCE * same, margin.effect * same))


def _against_baseline(margin: Margin, found: pl.DataFrame, tally: Tally, declared: Declared, merchants: int) -> Result:
    rule, days = margin_rule(margin), len(tally.days)
    differs = load_baseline().differs_in(declared.config or {}, margin)
    if differs:
        return Result.not_judged(rule, f"the config differs from the default in {', '.join(differs)}")
    if days < margin.least_days:
        return Result.not_judged(rule, f"{days} days: it takes {margin.least_days} to see weeks and months")
    if merchants < margin.least_merchants:
        return Result.not_judged(
            rule, f"{merchants:,} merchants: a world needs {margin.least_merchants:,} to have the mix"
        )
    expected = load_baseline().shares[margin.name]
    periods = Periods.of(found, expected, days)
    decades = abs(math.log10(max(declared.setting("world", "rows") or 0.0, 1.0) / BASELINE_ROWS))
    tolerance = (
        margin.tolerance
        + margin.day_tolerance / np.sqrt(periods.days)
        + np.where(periods.days < WEEKS_DAYS, margin.short_tolerance, 0.0)
        + margin.size_tolerance * decades
    )
    # What clusters are the payments of one customer, who makes one in two days.
    effect = np.minimum(margin.effect, DAY_EFFECT + (margin.effect - DAY_EFFECT) * periods.days / CLUSTER_DAYS)
    return _judged(Comparison(margin, periods, expected, tolerance, effect))


def _judged(compared: Comparison) -> Result:
    rule, classes = margin_rule(compared.margin), compared.worst(EXAMPLES_MAX)
    if not classes:
        return Result.not_judged(rule, "too few rows")
    return _of_deviations(rule, classes)


def _of_deviations(rule: Rule, classes: Sequence[Deviation]) -> Result:
    first = classes[0]
    return Result(
        rule,
        first.excess,
        0.0,
        1.0,
        f"{first.place}: {first.expected:.2%} ± {first.slack:.2%}",
        f"{first.observed:.2%} of {first.rows:,}",
        tuple(one.example() for one in classes if one.excess > 1),
    )


def drift_results(found: Profile, reference: Profile) -> list[Result]:
    """Judge every margin against another data set: population stability index."""
    results = []
    for margin in MARGINS:
        mine, theirs = found.counts.get(margin.name), reference.counts.get(margin.name)
        if not mine or not theirs or margin.group:
            continue
        index, classes = stability_index(mine, theirs)
        rows, others = sum(mine.values()), sum(theirs.values())
        noise = index_slack(classes, rows * others / (rows + others), margin.effect)
        # Distances add like the roots of the indices.
        limit = (math.sqrt(DRIFT_INDEX) + math.sqrt(noise)) ** 2
        rule = margin_rule(margin, "drift")
        worst = max({*mine, *theirs}, key=lambda key: abs(mine.get(key, 0) / rows - theirs.get(key, 0) / others))
        text = (
            f"{index:.4f}; most in {worst}: {theirs.get(worst, 0) / others:.2%} became {mine.get(worst, 0) / rows:.2%}"
        )
        results.append(Result(rule, index, 0.0, limit, f"at most {limit:.4f}", text))
    return results


def stability_index(mine: Counts, theirs: Counts) -> tuple[float, int]:
    """Return the population stability index of two counts, and how many classes they have; rare ones are one."""
    rows, others = sum(mine.values()), sum(theirs.values())
    rare = {key for key in {*mine, *theirs} if mine.get(key, 0) + theirs.get(key, 0) < RARE_ROWS}
    keys = sorted({*mine, *theirs} - rare)
    pairs = [(mine.get(key, 0), theirs.get(key, 0)) for key in keys]
    pairs.append((sum(mine.get(key, 0) for key in rare), sum(theirs.get(key, 0) for key in rare)))
    index = 0.0
    for a, b in pairs:
        # Half a row keeps the logarithm finite where one side has none.
        p, q = (a + 0.5) / rows, (b + 0.5) / others
        index += (p - q) * math.log(p / q)
    return index, len(pairs)
