"""Blocks of cards: found again, counted, and told from cards that were never blocked."""

from __future__ import annotations

import numpy as np
import pytest

from payloom.world.reissues import FEWEST_FILTER_BITS, MAX_BLOCKS, Reissues, pack_blocks

SECOND_US = 1_000_000
ORIGIN_US = 1_700_000_000 * SECOND_US


def reissues(holder: np.ndarray, time_us: np.ndarray) -> Reissues:
    return Reissues.of(pack_blocks(holder, time_us, ORIGIN_US), ORIGIN_US)


@pytest.fixture(scope="module")
def blocks() -> tuple[np.ndarray, np.ndarray]:
    """Blocks of 500 holders, some of them many times, some before the period, some in the same second."""
    draw = np.random.default_rng(5)
    holder = draw.integers(0, 500, 900) ** 2
    return holder, ORIGIN_US + draw.integers(-100, 5_000, 900) * SECOND_US + draw.integers(0, SECOND_US, 900)


def test_blocks_are_counted_up_to_a_time(blocks: tuple[np.ndarray, np.ndarray]) -> None:
    """For every holder and time: so many seconds with a block, and the last of them."""
    holder, time_us = blocks
    known = reissues(holder, time_us)
    second = np.maximum((time_us - ORIGIN_US) // SECOND_US, 0)
    asked = np.concatenate([holder, holder, np.arange(300)])
    until = ORIGIN_US + np.random.default_rng(6).integers(0, 6_000, len(asked)) * SECOND_US
    until[: len(holder)] = np.maximum(time_us, ORIGIN_US)
    count, since = known.before(asked, until)
    for row, (who, when) in enumerate(zip(asked.tolist(), until.tolist(), strict=True)):
        earlier = np.unique(second[(holder == who) & (second <= (when - ORIGIN_US) // SECOND_US)])
        assert count[row] == len(earlier)
        assert not len(earlier) or since[row] == earlier[-1] * SECOND_US + ORIGIN_US


def test_blocks_of_holders_are_listed(blocks: tuple[np.ndarray, np.ndarray]) -> None:
    """All of them, in order of time, each with its holder."""
    holder, time_us = blocks
    asked = np.unique(holder)[::3]
    row, since = reissues(holder, time_us).of_holders(asked)
    for number, who in enumerate(asked.tolist()):
        seconds = np.unique(np.maximum((time_us[holder == who] - ORIGIN_US) // SECOND_US, 0))
        assert (since[row == number] == seconds * SECOND_US + ORIGIN_US).all()


@pytest.mark.parametrize("total", [0, 1, 2_000, 300_000])
def test_few_are_looked_up_in_vain(total: int) -> None:
    """Every blocked holder is a candidate, and of the others at most one in eight, however many are blocked."""
    holder = np.random.default_rng(7).permutation(4_000_000)[: 2 * total]
    known = reissues(holder[:total], np.full(total, ORIGIN_US))
    assert len(known.present) >= 1 << FEWEST_FILTER_BITS
    assert len(known.candidates(holder[:total])) == total
    assert len(known.candidates(holder[total:])) <= total / 8


def test_a_card_is_blocked_so_often_at_most() -> None:
    """Of more blocks of one holder the first ones count, and the others' are left alone."""
    holder = np.repeat([7, 8, 9], [MAX_BLOCKS + 5, MAX_BLOCKS, 1])
    known = reissues(holder, ORIGIN_US + np.arange(len(holder)) * SECOND_US)
    late = np.full(3, ORIGIN_US + 1_000 * SECOND_US)
    count, since = known.before(np.array([7, 8, 9]), late)
    assert count.tolist() == [MAX_BLOCKS, MAX_BLOCKS, 1]
    assert since[0] == ORIGIN_US + (MAX_BLOCKS - 1) * SECOND_US
