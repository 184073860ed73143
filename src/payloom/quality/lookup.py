"""Finds the rows of a table by their ids, once for each batch: what a hash join would have to build anew every time."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

_BUCKETS_PER_ID: Final = 2
_STEPS_MAX: Final = 16
"""Ids of one bucket that are looked at one after another; where ids crowd, halving is faster."""


class Lookup:
    """Ids in order, with a directory by their leading bits.

    Parameters
    ----------
    ids
        Ids; missing ones are left out, and of equal ones the first counts.
    """

    def __init__(self, ids: pl.Series) -> None:
        numbered = pl.DataFrame({"id": ids.cast(pl.Int64), "row": pl.int_range(len(ids), dtype=pl.UInt32, eager=True)})
        kept = numbered.drop_nulls("id").unique("id", keep="first").sort("id")
        self._rows = kept["row"]
        self._ids: NDArray[np.int64] = kept["id"].to_numpy()
        self._low = int(self._ids[0]) if len(self._ids) else 0
        span = int(self._ids[-1]) - self._low if len(self._ids) else 0
        self._shift = max(0, span.bit_length() - (len(self._ids) * _BUCKETS_PER_ID).bit_length())
        buckets = (span >> self._shift) + 1
        held = np.bincount(self._buckets(self._ids).astype(np.int64), minlength=buckets)
        self._starts = (np.cumsum(held) - held).astype(np.int32)
        self._crowded = int(held.max(initial=0)) > _STEPS_MAX

    def __len__(self) -> int:
        return len(self._ids)

    def rows(self, wanted: pl.Series) -> pl.Series:
        """Return the row of each id, null where there is none."""
        if not len(self._ids):
            return pl.Series("row", [None], dtype=pl.UInt32).new_from_index(0, len(wanted))
        values: NDArray[np.int64] = wanted.cast(pl.Int64).fill_null(self._low).to_numpy()
        inside = np.clip(values, self._low, self._ids[-1])
        place = np.searchsorted(self._ids, inside) if self._crowded else self._stepped(inside)
        found = pl.Series(self._ids[place] == values) & wanted.is_not_null()
        return self._rows.gather(pl.select(pl.when(found).then(pl.Series(place).cast(pl.UInt32))).to_series())

    def _buckets(self, values: NDArray[np.int64]) -> NDArray[np.uint64]:
        # Ids may lie further apart than a signed number tells.
        above = values.view(np.uint64) - np.uint64(self._low % 2**64)
        return above >> np.uint64(self._shift)

    def _stepped(self, values: NDArray[np.int64]) -> NDArray[np.int32]:
        place = self._starts[self._buckets(values)]
        behind = np.flatnonzero(self._ids[place] < values)
        while len(behind):
            place[behind] += 1
            behind = behind[self._ids[place[behind]] < values[behind]]
        return place
