"""Ids and permutations: one to one, inside their range, and saying nothing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.streams.bijection import IdScrambler, Permutation
from tests.bounds import assert_share, assert_shares
from tests.cell.worlds import default_world
from tests.counts import count

u64 = st.integers(0, 2**64 - 1)
LIMIT = 2**53
MANY = 2**20


def all_distinct(values: np.ndarray) -> bool:
    return bool((np.diff(np.sort(values)) > 0).all())


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's coefficient."""
    ranks = [np.argsort(np.argsort(values)).astype(float) for values in (first, second)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


@pytest.mark.parametrize("key", [0, 2**64 - 1])
def test_ids_of_neighbours_and_of_any_numbers_are_distinct(key) -> None:
    """A million consecutive and a million random indices have two million ids, all in [0, 2**53)."""
    rng = np.random.default_rng(2)
    anywhere = np.unique(rng.integers(MANY, LIMIT, MANY))
    ids = IdScrambler(np.uint64(key))(np.concatenate([np.arange(MANY), anywhere, [LIMIT - 1]]))
    assert ids.min() >= 0
    assert ids.max() < LIMIT
    assert all_distinct(ids)


@given(u64, st.lists(st.integers(0, LIMIT - 1), min_size=1, max_size=50, unique=True))
def test_ids_never_meet(key, indices) -> None:
    """For any key and indices, ids are distinct, in range and reproducible, also one by one."""
    scramble = IdScrambler(np.uint64(key))
    ids = scramble(np.array(indices))
    assert len(set(ids.tolist())) == len(indices)
    assert all(0 <= value < LIMIT for value in ids.tolist())
    assert ids.tolist() == [int(scramble(np.array([index]))[0]) for index in indices]


@pytest.mark.parametrize("key", [3, 2**63])
def test_ids_can_be_mapped_back(key) -> None:
    """Every step of the scrambler undone gives the index back: nothing in the whole range can collide."""
    scramble = IdScrambler(np.uint64(key))
    indices = np.concatenate([np.arange(1000), LIMIT - 1 - np.arange(1000), 1 << np.arange(53)])
    ids = scramble(indices)
    add, add_late = int(scramble._add), int(scramble._add_late)
    inverse, inverse_late = (pow(int(m), -1, LIMIT) for m in (scramble._multiply, scramble._multiply_late))
    for index, value in zip(indices.tolist(), ids.tolist(), strict=True):
        x = value ^ value >> 28
        x = x * inverse_late % LIMIT
        x ^= x >> 25 ^ x >> 50
        x = (x - add_late) * inverse % LIMIT
        x ^= x >> 27
        assert (x - add) % LIMIT == index


@pytest.mark.statistical
def test_ids_hide_the_index() -> None:
    """No rank correlation with the index, no parity, no even spacing, every bit set half the time (5 sigma)."""
    index = np.arange(200_000)
    for key in (0, 2**64 - 1):
        ids = IdScrambler(np.uint64(key))(index)
        assert abs(rank_correlation(index, ids)) < 5 / np.sqrt(len(index))
        for bit in range(53):
            ones = int(((ids >> bit) & 1).sum())
            assert_share(ones, len(ids), 0.5, what=f"bit {bit}")
            same = int((((ids >> bit) ^ index) & 1).sum())
            assert_share(same, len(ids), 0.5, what=f"bit {bit} against the index's parity")
        steps = np.diff(ids)
        assert len(np.unique(steps)) > 0.99 * len(steps)


@pytest.mark.parametrize("key", [0, 5, 2**64 - 1])
def test_permutations_of_every_small_size(key) -> None:
    """Sizes 1 to 3,000 each map every element to another one."""
    for size in range(1, count(600, 3_001)):
        assert np.array_equal(np.sort(Permutation(key, size)(np.arange(size))), np.arange(size)), size


@given(u64, st.integers(1, 3_000))
def test_permutation_of_any_size_and_key(key, size) -> None:
    """Any size and key give a permutation, the same when asked one by one."""
    permute = Permutation(key, size)
    order = permute(np.arange(size))
    assert np.array_equal(np.sort(order), np.arange(size))
    assert int(permute(np.array([size - 1]))[0]) == order[-1]


@pytest.mark.statistical
def test_permutation_moves_everything_around() -> None:
    """Where elements of a permutation of 100,000 land is uniform by class, and unrelated to where they were."""
    size = 100_000
    order = Permutation(7, size)(np.arange(size))
    assert abs(rank_correlation(np.arange(size), order)) < 5 / np.sqrt(size)
    # The first thousand, over a hundred classes of the whole.
    assert_shares(np.bincount(order[:1000] * 100 // size, minlength=100), np.ones(100))


def numbers(frame: pl.DataFrame, name: str) -> np.ndarray:
    return frame[name].to_numpy().astype(np.float64)


@pytest.mark.statistical
def test_transaction_ids_say_nothing_of_time_amount_or_label() -> None:
    """In a whole world ids have no rank correlation with time or amount, and fraud has both parities (5 sigma)."""
    payments = default_world().payments
    ids = numbers(payments, "transaction_id")
    bound = 5 / np.sqrt(len(ids))
    for other in (np.arange(len(ids)), numbers(payments, "amount_minor")):
        assert abs(rank_correlation(ids, other)) < bound
    fraud = payments.filter(pl.col("is_fraud"))["transaction_id"]
    assert_share(int((fraud % 2).sum()), len(fraud), 0.5, what="odd ids of fraud")
    assert_share(int((fraud < 2**52).sum()), len(fraud), 0.5, what="low ids of fraud")


@pytest.mark.statistical
def test_customer_ids_say_nothing_of_activity_age_or_home() -> None:
    """Ids of customers have no rank correlation with payments made, days as a customer, or country (5 sigma)."""
    world = default_world()
    made = world.payments.group_by("customer_id").len()
    customers = (
        world.frames["customers"].join(made, on="customer_id", how="left").with_columns(pl.col("len").fill_null(0))
    )
    country = customers["home_country"].cast(pl.Categorical).to_physical().to_numpy()
    ids, bound = numbers(customers, "customer_id"), 5 / np.sqrt(customers.height)
    opened = customers["opened_on"].cast(pl.Int32).to_numpy()
    for other in (numbers(customers, "len"), opened, country):
        # Ties are broken by the order of rows, which is that of the ids: shuffle them first.
        order = np.random.default_rng(3).permutation(len(ids))
        assert abs(rank_correlation(ids[order], other[order])) < bound
