"""Rules of rates and distributions, each with a bound that knows how many rows it saw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from payloom.quality.baseline import Shares, group_of, group_sizes, load_baseline, shares_of
from payloom.quality.bounds import distribution_slack, index_slack, share_slack
from payloom.quality.margins import MARGINS, STEPS_PER_DECADE, WEEKS_DAYS, Counts, Margin, Profile
from payloom.quality.rule import EXAMPLES_MAX, Declared, Result, Rule
from payloom.quality.scan import MISSING_AT_RANDOM
from payloom.quality.tally import Tally

FRAUD_POINTS: Final = 0.001
"""A whole data set has its configured fraud rate to within 0.1 percentage points."""

DRIFT_INDEX: Final = 0.1
"""Population stability index from which a change is called one; the usual limit of scorecards."""

BENFORD_TOLERANCE: Final = 0.25
"""Prices are not quite as Benford's law has it: they end in 9 and are round."""

RARE_POINTS: Final = 0.001
"""Classes may stray by 0.1 percentage points for no reason: a few travellers decide the rare ones."""

RARE_ROWS: Final = 20
"""Classes with fewer rows, in both data sets together, are taken together."""

DAY_EFFECT: Final = 2.0
"""Design effect of a single day: rounds of shopping, campaigns."""

CLUSTER_DAYS: Final = 90
"""From so many days on the design effect is the full one."""

GROUP_ROWS_MIN: Final = 200
"""Trades with fewer purchases are not judged on their own."""

_BENFORD: Final = {str(digit): math.log10(1 + 1 / digit) for digit in range(1, 10)}


@dataclass(frozen=True, slots=True)
class _Class:
    """A class, or a point of a distribution, and how far it strays."""

    label: str
    observed: float
    expected: float
    slack: float
    rows: int

    @property
    def excess(self) -> float:
        return abs(self.observed - self.expected) / self.slack

    def example(self) -> dict[str, Any]:
        found, expected = round(self.observed, 5), round(self.expected, 5)
        return {"class": self.label, "expected": expected, "found": found, "slack": round(self.slack, 5)}


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
    """Judge how often values are missing at random."""
    results = []
    for column, setting in MISSING_AT_RANDOM.items() if declared.ours else ():
        rule = Rule(
            f"payments.{column}.missing", "payments", (column,), "distribution",
            f"{column} is missing at random as often as missing.{setting} says",
            "share of rows where it may be missing",
        )  # fmt: skip
        rate, rows = declared.setting("missing", setting), tally.eligible[column]
        if rate is None or not rows:
            results.append(Result.not_judged(rule, "no row where it may be missing at random"))
            continue
        slack, found = share_slack(rate, rows), tally.missing[column] / rows
        expected = f"{rate:.2%} ± {slack:.2%}"
        results.append(Result(rule, found, rate - slack, rate + slack, expected, f"{found:.2%} of {rows:,}"))
    return results


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
        if margin.name not in tally.profile.counts:
            continue
        if margin.name == "first_digit":
            results.append(
                _judged(margin, tally.profile.counts[margin.name], _BENFORD, BENFORD_TOLERANCE, margin.effect)
            )
        elif declared.ours:
            results.append(_against_baseline(margin, tally, declared, merchants))
    return results


def _against_baseline(margin: Margin, tally: Tally, declared: Declared, merchants: int) -> Result:
    rule, counts, days = margin_rule(margin), tally.profile.counts[margin.name], len(tally.days)
    differs = load_baseline().differs_in(declared.config or {}, margin)
    if differs:
        return Result.not_judged(rule, f"the config differs from the default in {', '.join(differs)}")
    if margin.whole_weeks and days < WEEKS_DAYS:
        return Result.not_judged(rule, f"{days} days: it takes {WEEKS_DAYS} to see weeks and months")
    if merchants < margin.least_merchants:
        return Result.not_judged(
            rule, f"{merchants:,} merchants: a world needs {margin.least_merchants:,} to have the mix"
        )
    tolerance = margin.tolerance + margin.day_tolerance / math.sqrt(max(days, 1))
    return _judged(margin, counts, load_baseline().shares[margin.name], tolerance, _effect(margin, days))


def _effect(margin: Margin, days: int) -> float:
    """Design effect of some days: what clusters are the payments of one customer, who makes one in two days."""
    return min(margin.effect, DAY_EFFECT + (margin.effect - DAY_EFFECT) * days / CLUSTER_DAYS)


def _judged(margin: Margin, counts: Counts, expected: Shares, tolerance: float, effect: float) -> Result:
    classes = (_of_cdf if margin.shape == "cdf" else _of_shares)(margin, counts, expected, tolerance, effect)
    rule = margin_rule(margin)
    if not classes:
        return Result.not_judged(rule, "too few rows")
    worst = max(classes, key=lambda one: one.excess)
    return Result(
        rule,
        worst.excess,
        0.0,
        1.0,
        f"{worst.label}: {worst.expected:.2%} ± {worst.slack:.2%}",
        f"{worst.observed:.2%} of {worst.rows:,}",
        tuple(one.example() for one in sorted(classes, key=lambda one: -one.excess)[:EXAMPLES_MAX] if one.excess > 1),
    )


def _of_shares(margin: Margin, counts: Counts, expected: Shares, tolerance: float, effect: float) -> list[_Class]:
    rows = sum(counts.values())
    if not rows:
        return []
    classes = []
    for key in sorted({*expected, *counts}):
        share = expected.get(key, 0.0)
        slack = RARE_POINTS + tolerance * share + share_slack(share, rows, effect)
        classes.append(_Class(f"{margin.name} {key}", counts.get(key, 0) / rows, share, slack, rows))
    return classes


def _of_cdf(margin: Margin, counts: Counts, expected: Shares, tolerance: float, effect: float) -> list[_Class]:
    """Compare distributions group by group; the point of a group is where they lie farthest apart."""
    shares, worst = shares_of(counts), []
    for group, rows in group_sizes(counts).items():
        if margin.group and rows < GROUP_ROWS_MIN:
            continue
        slack = tolerance + distribution_slack(rows, effect)
        theirs, ours = _of_group(expected, group), _of_group(shares, group)
        total_expected = total_found = 0.0
        points = []
        for step in sorted({*theirs, *ours}):
            total_expected += theirs.get(step, 0.0)
            total_found += ours.get(step, 0.0)
            label = f"{f'mcc {group}, ' if group else ''}below {10 ** ((step + 1) / STEPS_PER_DECADE):,.2f} USD"
            points.append(_Class(label, total_found, total_expected, slack, rows))
        worst.append(max(points, key=lambda point: point.excess))
    return worst


def _of_group(shares: Mapping[str, float], group: str) -> dict[int, float]:
    return {int(key.rpartition("|")[2]): share for key, share in shares.items() if group_of(key) == group}


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
