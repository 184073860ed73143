"""Tables that turn bits into values: quantiles, exponentials, categories, exact splits."""

from __future__ import annotations

from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.plan.world_plan import load_functions
from payloom.streams.hashing import draw, high
from payloom.streams.tables import CategoricalTable, proportional_split, sequential_sum
from tests.bounds import assert_share, assert_shares
from tests.counts import count

BATCH = 2_000_000


def uniform(total: int, first: int = 0) -> np.ndarray:
    return high(draw(np.uint64(41), np.arange(first, first + total)))


def test_normal_quantile_is_exact_between_the_knots() -> None:
    """The table is the standard normal quantile to 3e-3, to 5e-4 up to 3 sigma, and finite at both ends."""
    normal = load_functions().normal
    probability = np.concatenate(
        [np.linspace(1e-6, 1 - 1e-6, 4001), 10.0 ** -np.arange(2, 7), 1 - 10.0 ** -np.arange(2, 7)]
    )
    bits = (probability * 2**32).astype(np.uint32)
    exact = np.array([NormalDist().inv_cdf((int(b) + 0.0) / 2**32) for b in bits])
    assert np.abs(normal(bits) - exact).max() < 3e-3
    middle = np.abs(exact) < 3
    assert np.abs(normal(bits) - exact)[middle].max() < 5e-4
    ends = normal(np.array([0, 2**32 - 1], dtype=np.uint32))
    assert -8 < ends[0] < -5
    assert 5 < ends[1] < 8


def test_normal_quantile_rises_and_is_symmetric() -> None:
    """A larger draw never gives a smaller value; p and 1 - p mirror each other."""
    normal = load_functions().normal
    bits = np.sort(
        np.concatenate([uniform(100_000), np.arange(3000, dtype=np.uint32), ~np.arange(3000, dtype=np.uint32)])
    )
    values = normal(bits)
    assert (np.diff(values) >= 0).all()
    assert np.abs(values + normal(~bits)[...]).max() < 1e-2
    inner = (bits > 2**12) & (bits < 2**32 - 2**12)
    assert np.abs(values + normal(~bits))[inner].max() < 1e-4


def test_normal_steps_are_normal() -> None:
    """Steps stand for lasting traits: variance 1 to 1e-3, and nobody further out than 4 sigma in 4,096 classes."""
    values = load_functions().normal.step(np.arange(4096, dtype=np.uint32) << np.uint32(20))
    assert np.abs(values).max() < 4
    assert values.var() == pytest.approx(1.0, abs=1e-3)


@given(st.floats(-16, 15.9))
def test_exponential(x) -> None:
    """exp(x) to 8 in a million, clipped outside [-16, 16]."""
    exp = load_functions().exp
    assert exp.one(x) == pytest.approx(np.exp(x), rel=8e-6)
    assert exp.one(-50.0) == exp.one(-16.0)
    assert exp.one(50.0) == exp.one(16.0) == pytest.approx(np.exp(16), rel=1e-4)


weights = st.lists(
    st.one_of(st.just(0.0), st.floats(1e-9, 1.0), st.integers(1, 1000).map(float)), min_size=1, max_size=40
).filter(lambda w: sum(w) > 0)


def even_shares(table: CategoricalTable, context: int, categories: int) -> np.ndarray:
    """Shares of the categories over evenly spaced draws."""
    bits = np.arange(2**16, dtype=np.uint32) * np.uint32(2**16) + np.uint32(12_345)
    return np.bincount(table(bits, np.full(len(bits), context)), minlength=categories) / len(bits)


@given(st.lists(weights, min_size=1, max_size=4))
def test_categories_have_their_weights(rows) -> None:
    """Over evenly spaced draws each category has its weight, as near as the spacing shows; weight 0 never comes."""
    width = max(map(len, rows))
    matrix = np.array([row + [0.0] * (width - len(row)) for row in rows])
    table = CategoricalTable(matrix)
    for context, row in enumerate(matrix):
        shares = even_shares(table, context, width)
        # Every slot of the alias table has two borders, and each moves at most one of the 2**16 draws.
        assert np.abs(shares - row / row.sum()).max() <= 3 * width * 2.0**-16
        assert not shares[row == 0].any()


@pytest.mark.statistical
@pytest.mark.parametrize("rate", [1e-5, 1e-6, 1e-7])
def test_rates_far_below_one_in_ten_thousand(rate) -> None:
    """Rates of 1e-5 to 1e-7 come out right beside a common category and another rare one (binomial)."""
    table = CategoricalTable([1 - 3 * rate, rate, 0.0, 2 * rate])
    total = count(20_000_000, 200_000_000)
    counts = np.zeros(4, dtype=np.int64)
    for first in range(0, total, BATCH):
        counts += np.bincount(table(uniform(BATCH, first)), minlength=4)
    assert counts.sum() == total
    assert counts[2] == 0
    assert_share(int(counts[1]), total, rate, slack=2.0**-32 * 4 / rate, what="rare")
    assert_share(int(counts[3]), total, 2 * rate, slack=2.0**-32 * 4 / rate, what="twice as often")


@pytest.mark.statistical
def test_categories_by_context() -> None:
    """Each context draws its own weights, for a mix of contexts as for one alone (chi-square)."""
    matrix = np.array([[0.2, 0.3, 0.5, 0.0, 0.0], [0.001, 0.0, 0.0, 0.0, 0.999], [1, 2, 3, 4, 5]])
    table, total = CategoricalTable(matrix), count(300_000, 30_000_000)
    bits = uniform(total)
    context = np.arange(total) % 3
    drawn = table(bits, context)
    for row in range(3):
        mine = context == row
        assert_shares(np.bincount(drawn[mine], minlength=5), matrix[row], what=f"context {row}")
        assert np.array_equal(drawn[mine], table(bits[mine], context[mine]))


numbers = st.one_of(
    st.lists(st.integers(0, 10**6), max_size=60), st.lists(st.floats(0, 1e6, allow_subnormal=False), max_size=60)
)


@given(st.integers(0, 10**12), numbers)
def test_splits_are_exact_and_nearly_proportional(total, parts) -> None:
    """A split sums to its total, and each part is less than one away from its share."""
    counts = proportional_split(total, parts)
    if not parts:
        assert counts == []
        return
    assert sum(counts) == total
    assert min(counts) >= 0
    exact = [Fraction(int(part * 2**60), 2**60) if isinstance(part, float) else Fraction(part) for part in parts]
    whole = sum(exact) or Fraction(len(parts))
    for made, part in zip(counts, exact, strict=True):
        share = Fraction(total) * (part if sum(exact) else Fraction(1)) / whole
        assert abs(made - share) < 1


@given(st.integers(0, 10**6), st.lists(st.integers(0, 50), min_size=2, max_size=20))
def test_split_of_equal_weights_prefers_the_earlier(total, parts) -> None:
    """Ties go to the earlier one, so that the split never depends on how it was computed."""
    counts = proportional_split(total, parts)
    for weight in set(parts):
        same = [made for made, part in zip(counts, parts, strict=True) if part == weight]
        assert same == sorted(same, reverse=True)


def test_sequential_sum_adds_from_the_left() -> None:
    """The sum is that of a plain loop, to the last bit."""
    values = np.random.default_rng(4).lognormal(0, 4, 10_000)
    total = 0.0
    for value in values.tolist():
        total += value
    assert sequential_sum(values) == total
