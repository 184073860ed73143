"""Shapes of transfers among a group of people: who pays whom at each place of a sequence.

Clubs, families and friends make them, and so do money mules: definitions as in AMLworld (Altman et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]

LAYER = 6
"""Most people in a layer of a stack (estimate)."""

LAYER_LEGS = 3
"""A layer takes at least so many legs where there are as many (estimate)."""

MOST_STAGES = 3

SHORTEST_RING, RINGS = 3, 4
"""Rings have three to six people (estimate)."""


@dataclass(frozen=True)
class Legs:
    """Transfers of a shape; arrays of length n.

    Attributes
    ----------
    payer, payee
        Numbers of people within the group, 0 or more.
    stage
        Through how many hands the money went before.
    part, parts
        Which part of the stage's sum it is, and how many there are.
    """

    payer: I64
    payee: I64
    stage: I64
    part: I64
    parts: I64


Shape = Callable[[I64, I64, I64], Legs]
"""Legs from the place in the sequence, its length, and a number below 2**32 that chooses among variants."""


def fan_in(place: I64, length: I64, variant: I64) -> Legs:
    """People 1, 2, ... pay person 0."""
    del variant
    return Legs(place + 1, np.zeros_like(place), np.zeros_like(place), place, length)


def fan_out(place: I64, length: I64, variant: I64) -> Legs:
    """Person 0 pays 1, 2, ...."""
    del variant
    return Legs(np.zeros_like(place), place + 1, np.zeros_like(place), place, length)


def gather_scatter(place: I64, length: I64, variant: I64) -> Legs:
    """People 1, 3, 5, ... pay 0, who then pays 2, 4, 6, ...."""
    del variant
    gathered = (length + 1) // 2
    gathers, later = place < gathered, place - gathered
    return Legs(
        payer=np.where(gathers, 2 * place + 1, 0),
        payee=np.where(gathers, 0, 2 * later + 2),
        stage=np.where(gathers, 0, 1),
        part=np.where(gathers, place, later),
        parts=np.where(gathers, gathered, length - gathered),
    )


def scatter_gather(place: I64, length: I64, variant: I64) -> Legs:
    """Person 0 pays 2, 3, ..., which pay 1; of an odd number the last keeps the money."""
    del variant
    scattered = (length + 1) // 2
    scatters = place < scattered
    between = np.where(scatters, place, place - scattered)
    return Legs(
        payer=np.where(scatters, 0, between + 2),
        payee=np.where(scatters, between + 2, 1),
        stage=np.where(scatters, 0, 1),
        part=between,
        parts=scattered,
    )


def cycle(place: I64, length: I64, variant: I64) -> Legs:
    """K pays k + 1, the last one 0; long sequences go round more than once."""
    # A sequence with fewer legs than the ring has people closes a smaller ring.
    ring = np.clip(length, 2, SHORTEST_RING + (variant * RINGS >> 32))
    step = place % ring
    return Legs(step, (place + 1) % ring, step, np.zeros_like(place), np.ones_like(place))


def bipartite(place: I64, length: I64, variant: I64) -> Legs:
    """People 0, 2, 4, ... take turns; when all have paid a receiver 1, 3, 5, ..., the next one's turn comes."""
    del variant
    senders = np.ceil(np.sqrt(length)).astype(np.int64)
    return Legs(2 * (place % senders), 2 * (place // senders) + 1, np.zeros_like(place), place, length)


def stack(place: I64, length: I64, variant: I64) -> Legs:
    """Up to three stages of as many legs: who receives in one pays in the next; layers as wide as legs have a root."""
    del variant
    stages = np.clip(length // LAYER_LEGS, 1, MOST_STAGES)
    stage = place * stages // length
    first = -(-stage * length // stages)
    width = np.clip(np.sqrt(length // stages).astype(np.int64), 1, LAYER)
    number = place - first
    return Legs(
        payer=stage * LAYER + number % width,
        payee=(stage + 1) * LAYER + number // width % width,
        stage=stage,
        part=number,
        parts=-(-(stage + 1) * length // stages) - first,
    )


def instalments(place: I64, length: I64, variant: I64) -> Legs:
    """Person 0 pays 1 again and again."""
    del variant
    return Legs(np.zeros_like(place), np.ones_like(place), np.zeros_like(place), place, length)
