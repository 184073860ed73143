"""The hash: every bit depends on every bit, purposes never meet, halves are uniform and independent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.streams.hashing import (
    Keys,
    derive,
    draw,
    draw2,
    draw_int,
    high,
    low,
    mix,
    mix_int,
    threshold32,
)
from tests.bounds import assert_share, assert_shares
from tests.cell.worlds import ODD_WORLD, World, build
from tests.counts import count

u64 = st.integers(0, 2**64 - 1)


def bits_of(values: np.ndarray) -> np.ndarray:
    """Bits of 64-bit numbers, array (n, 64)."""
    return np.unpackbits(values.view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")


@pytest.mark.statistical
@pytest.mark.parametrize(
    "function",
    [
        pytest.param(mix, id="mix"),
        pytest.param(lambda x: draw(np.uint64(12345), x), id="draw"),
        pytest.param(lambda x: draw2(np.uint64(12345), x, np.zeros(len(x), dtype=np.int64)), id="draw2, first"),
        pytest.param(lambda x: draw2(np.uint64(12345), np.zeros(len(x), dtype=np.int64), x), id="draw2, second"),
        pytest.param(lambda x: derive(x, np.uint64(12345)), id="derive"),
    ],
)
def test_each_input_bit_flips_each_output_bit_half_the_time(function) -> None:
    """Avalanche: for 64 x 64 pairs of bits, half the flips go through (binomial, five standard errors)."""
    samples = count(2_048, 65_536)
    # SplitMix64 over a counter of its own: the numbers under test must not come from the code under test.
    x = np.random.default_rng(1).integers(0, 2**64, samples, dtype=np.uint64)
    before = function(x)
    for bit in range(64):
        flipped = bits_of(before ^ function(x ^ np.uint64(1 << bit)))
        share = flipped.mean(axis=0)
        assert np.abs(share - 0.5).max() < 5.5 * 0.5 / np.sqrt(samples), bit


@given(u64)
def test_scalar_and_vector_agree(x) -> None:
    """`mix_int` is `mix`; `draw_int` of one integer is `draw`, of two it is `draw2`."""
    key = np.uint64(x * 7919 % 2**64)
    assert mix_int(x) == int(mix(np.array([x], dtype=np.uint64))[0])
    small = np.array([x >> 12], dtype=np.int64)
    assert draw_int(key, x >> 12) == int(draw(key, small)[0])
    assert draw_int(key, x >> 12, 77) == int(draw2(key, small, 77)[0]) == int(draw2(key, small, small * 0 + 77)[0])


def test_mix_is_the_published_finaliser() -> None:
    """SplitMix64 with seed 1234567 begins with the numbers of its reference implementation."""
    state = (np.arange(1, 6, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) + np.uint64(1234567)
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert mix(state).tolist() == published


def test_mix_is_a_bijection_of_any_run() -> None:
    """No two of a million neighbours share a hash, nor the hash of their negatives."""
    x = np.arange(2**20, dtype=np.uint64)
    both = np.concatenate([mix(x), mix(~x)])
    assert (np.diff(np.sort(both)) > 0).all()


@pytest.mark.statistical
@pytest.mark.parametrize("half", [high, low])
def test_halves_are_uniform(half) -> None:
    """Chi-square over 256 classes of the top and of the bottom byte of each half."""
    total = count(200_000, 20_000_000)
    bits = half(draw(np.uint64(99), np.arange(total)))
    even = np.ones(256)
    assert_shares(np.bincount(bits >> np.uint32(24), minlength=256), even, what="top byte")
    assert_shares(np.bincount(bits & np.uint32(255), minlength=256), even, what="bottom byte")


@pytest.mark.statistical
def test_draws_do_not_depend_on_each_other() -> None:
    """High and low half, neighbours, and two purposes of one row: chi-square over 16 x 16 classes."""
    total = count(200_000, 20_000_000)
    a = draw(np.uint64(1), np.arange(total))
    pairs = {
        "halves": (high(a), low(a)),
        "neighbours": (high(a)[:-1], high(a)[1:]),
        "purposes": (high(a), high(draw(np.uint64(2), np.arange(total)))),
        "derived": (high(a), high(derive(a, np.uint64(3)))),
        "second argument": (
            high(draw2(np.uint64(1), np.arange(total), 1)),
            high(draw2(np.uint64(1), np.arange(total), 2)),
        ),
        "swapped": (
            high(draw2(np.uint64(1), np.arange(total), np.arange(total) + 1)),
            high(draw2(np.uint64(1), np.arange(total) + 1, np.arange(total))),
        ),
    }
    for what, (first, second) in pairs.items():
        cell = (first >> np.uint32(28)) * np.uint32(16) + (second >> np.uint32(28))
        assert_shares(np.bincount(cell, minlength=256), np.ones(256), what=what)


@pytest.mark.statistical
@pytest.mark.parametrize("probability", [0.5, 0.01, 1e-4, 1e-5])
def test_thresholds_hold_probabilities(probability) -> None:
    """Draws fall below a threshold as often as asked for (binomial)."""
    total = count(1_000_000, 50_000_000)
    bits = draw(np.uint64(5), np.arange(total))
    assert_share(int((low(bits) < threshold32(probability)).sum()), total, probability, what="32 bits")


@given(st.floats(0, 1))
def test_threshold_is_as_exact_as_its_bits(probability) -> None:
    """A threshold is the probability to the last of its bits; 1 is never above the range."""
    assert abs(int(threshold32(probability)) - probability * 2**32) <= 1


@pytest.fixture(scope="module")
def used_keys() -> dict[int, dict[str, int]]:
    """Purposes and keys of three worlds after everything in them was made."""
    return {seed: keys_of(ODD_WORLD | {"world": ODD_WORLD["world"] | {"rows": 3_000, "seed": seed}}) for seed in SEEDS}


SEEDS = (0, 7, 2**63 - 1)


def keys_of(values) -> dict[str, int]:
    asked: dict[str, int] = {}
    original = Keys.__getitem__

    def noted(self: Keys, purpose: str) -> np.uint64:
        key = original(self, purpose)
        asked[purpose] = int(key)
        return key

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Keys, "__getitem__", noted)
        made: World = build(values)
    assert made.payments.height == values["world"]["rows"]
    return asked


def test_no_two_purposes_share_a_key(used_keys) -> None:
    """In no world do two purposes have one key, nor neighbouring keys whose streams would overlap."""
    for seed, keys in used_keys.items():
        assert len(keys) > 40, sorted(keys)
        values = np.array(sorted(keys.values()), dtype=np.uint64)
        assert len(np.unique(values)) == len(keys), seed
        # draw(key, a) walks in steps of an odd constant: two keys few steps apart would repeat each other's draws.
        inverse = np.uint64(pow(0x9E3779B97F4A7C15, -1, 2**64))
        steps = np.sort(values * inverse)
        assert int(np.diff(steps).min()) > 2**40, seed


def test_worlds_with_other_seeds_share_no_key(used_keys) -> None:
    """The same purpose has another key in another world."""
    keys = [key for world in used_keys.values() for key in world.values()]
    assert len(set(keys)) == len(keys)


def test_purposes_are_the_same_in_every_world(used_keys) -> None:
    """What is drawn for does not depend on the seed."""
    assert len({frozenset(keys) for keys in used_keys.values()}) == 1


def test_used_lists_the_keys() -> None:
    """`Keys.used` names every purpose that was asked for, and no other."""
    keys = Keys(7)
    first, second = keys["b"], keys["a"]
    assert keys.used == {"b": int(first), "a": int(second)}
    assert keys["b"] == first
