"""Fraud events: what a typology is given to decide on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from payloom.plan.periods import DAY_US
from payloom.streams.hashing import U64

I64 = NDArray[np.int64]


@dataclass(slots=True)
class Events:
    """Events of campaigns; arrays of length n, one entry an event.

    Attributes
    ----------
    campaign
        Number of the campaign, unique in the world: the id's argument.
    campaign_bits
        Random bits of the campaign, the same in all its events.
    age
        Days since the campaign began.
    day
        Day of the event.
    number, total
        Position among the campaign's events of this day, and how many it has this day.
    index
        Position in the world.
    bits
        Random bits of the event.
    """

    campaign: I64
    campaign_bits: U64
    age: I64
    day: I64
    number: I64
    total: I64
    index: I64
    bits: U64

    def __len__(self) -> int:
        """Give the number of events."""
        return len(self.index)

    @property
    def midnight_us(self) -> I64:
        """Start of each event's day, microseconds since 1970."""
        return self.day * DAY_US

    @property
    def start_day(self) -> I64:
        """Day on which each event's campaign began."""
        return self.day - self.age

    def take(self, rows: NDArray[np.intp] | slice) -> Events:
        """Select events."""
        return Events(*(getattr(self, name)[rows] for name in EVENT_FIELDS))

    @staticmethod
    def joined(parts: Sequence[Events]) -> Events:
        """Join events end to end."""
        return Events(*(np.concatenate([getattr(part, name) for part in parts]) for name in EVENT_FIELDS))


EVENT_FIELDS = tuple(field.name for field in fields(Events))


def alike(numbers: I64) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each number that occurs, in order, with its places, in order: days, months, few in all."""
    if not len(numbers):
        return
    if (numbers[1:] < numbers[:-1]).any():
        order = np.argsort(numbers, kind="stable")
        numbers = numbers[order]
    else:
        order = np.arange(len(numbers))
    begins = np.concatenate([[0], np.flatnonzero(numbers[1:] != numbers[:-1]) + 1, [len(numbers)]]).tolist()
    for begin, end in pairwise(begins):
        yield int(numbers[begin]), order[begin:end]
