"""No shape of transfers belongs to fraud alone: clubs, families, payrolls and shops make each of them more often."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache

import polars as pl
import pytest

from tests.cell.worlds import World, make
from tests.counts import count
from tests.fraud.patterns import (
    WEEK,
    below_limit,
    bipartites,
    cycles,
    edges,
    fans,
    gather_scatters,
    scatter_gathers,
    stacks,
)

Find = Callable[[pl.DataFrame], int]

FIND: dict[str, Find] = {
    "fan-in of 3 in a day": lambda found: fans(found, "b", "a", 3, timedelta(days=1)),
    "fan-in of 4 in a week": lambda found: fans(found, "b", "a", 4, WEEK),
    "fan-in of 6 in a week": lambda found: fans(found, "b", "a", 6, WEEK),
    "fan-out of 3 in a day": lambda found: fans(found, "a", "b", 3, timedelta(days=1)),
    "fan-out of 4 in a week": lambda found: fans(found, "a", "b", 4, WEEK),
    "fan-out of 6 in a week": lambda found: fans(found, "a", "b", 6, WEEK),
    "scatter-gather over 2": lambda found: scatter_gathers(found, 2),
    "scatter-gather over 4": lambda found: scatter_gathers(found, 4),
    "gather-scatter of 2": lambda found: gather_scatters(found, 2),
    "gather-scatter of 4": lambda found: gather_scatters(found, 4),
    "cycle of 2": lambda found: cycles(found, 2),
    "cycle of 3": lambda found: cycles(found, 3),
    "cycle of 4": lambda found: cycles(found, 4),
    "cycle of 5": lambda found: cycles(found, 5),
    "bipartite": bipartites,
    "stack": stacks,
    "below a limit": lambda found: below_limit(found, 1),
    "below a limit 3 times": lambda found: below_limit(found, 3),
}


def world() -> World:
    return make({"world": {"rows": count(800_000, 3_000_000)}})


@cache
def transfers(fraud: bool) -> pl.DataFrame:
    return edges(world(), fraud)


@pytest.mark.parametrize("name", FIND)
def test_genuine_instances_outnumber_fraudulent_ones(name) -> None:
    """Of each pattern there are genuine instances, and more of them than fraudulent ones."""
    genuine, fraudulent = FIND[name](transfers(False)), FIND[name](transfers(True))
    assert genuine > fraudulent, (genuine, fraudulent)
    assert genuine > 0
