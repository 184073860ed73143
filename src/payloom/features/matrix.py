"""A feature frame as the matrix that models take: numbers as they are, codes numbered, null as NaN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Encoding:
    """How each column becomes numbers; what was seen in training decides.

    Attributes
    ----------
    columns
        Columns in the order of the matrix.
    codes
        Values of each code column, by name; a value that is not among them becomes NaN.
    """

    columns: tuple[str, ...]
    codes: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Self:
        """Learn the values of the code columns, in alphabetical order."""
        coded = [name for name, kind in frame.schema.items() if not kind.is_numeric()]
        values = {name: tuple(frame[name].cast(pl.String).drop_nulls().unique().sort().to_list()) for name in coded}
        return cls(tuple(frame.columns), values)

    @property
    def code_places(self) -> list[int]:
        """Places of the code columns in the matrix."""
        return [place for place, name in enumerate(self.columns) if name in self.codes]

    def matrix(self, frame: pl.DataFrame) -> Matrix:
        """Turn a frame with these columns into numbers."""
        made = np.empty((len(frame), len(self.columns)), dtype=np.float32, order="F")
        for place, name in enumerate(self.columns):
            values = frame[name]
            if name in self.codes:
                known = pl.Enum(self.codes[name])
                values = values.cast(pl.String).cast(known, strict=False).to_physical()
            made[:, place] = values.cast(pl.Float32).to_numpy()
        return made
