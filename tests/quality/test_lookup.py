"""Ids lead to the rows that a join would find, however they are spread."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from payloom.quality.lookup import Lookup
from tests.counts import count

FAR = 2**63 - 1
WANTED = count(2_000, 100_000)

Ids = NDArray[np.int64]


def spread(kind: str, number: int, dice: np.random.Generator) -> Ids:
    """Ids as worlds have them, and as they have them not."""
    made: dict[str, Ids] = {
        "as of payloom": dice.integers(1, 2**53, number),
        "one after another": np.arange(1, number + 1),
        "crowded but for one": np.append(dice.integers(1, number * 10, number), 2**52),
        "from end to end": np.append(dice.integers(-FAR, FAR, number), [-FAR - 1, FAR]),
    }
    return made[kind]


@pytest.mark.parametrize("number", [1, 2, 5_000])
@pytest.mark.parametrize("kind", ["as of payloom", "one after another", "crowded but for one", "from end to end"])
def test_rows_are_those_of_a_join(kind: str, number: int) -> None:
    """Known, unknown and missing ids get the row that Polars' left join gives them."""
    dice = np.random.default_rng(number)
    ids = spread(kind, number, dice)
    asked = np.concatenate([dice.choice(ids, WANTED), dice.integers(-FAR, FAR, WANTED)])
    wanted = pl.Series("id", asked).scatter([0, WANTED], None)
    table = pl.DataFrame({"id": ids}).with_row_index("row").unique("id", keep="first")
    expected = wanted.to_frame().join(table, on="id", how="left", maintain_order="left")["row"]
    assert Lookup(pl.Series(ids)).rows(wanted).to_list() == expected.to_list()


def test_missing_ids_lead_nowhere() -> None:
    """A missing id finds no row, not even that of a missing id, and a table may be empty."""
    wanted = pl.Series([None, 7], dtype=pl.Int64)
    assert Lookup(pl.Series([None, 7, None, 7], dtype=pl.Int64)).rows(wanted).to_list() == [None, 1]
    assert Lookup(pl.Series([], dtype=pl.Int64)).rows(wanted).to_list() == [None, None]
    assert Lookup(pl.Series([None], dtype=pl.Int64)).rows(wanted).to_list() == [None, None]
