"""A good data set in memory, and ways to change it."""

from __future__ import annotations

import dataclasses
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from payloom import World
from payloom.quality.dataset import Data, open_data
from payloom.quality.gate import measure
from payloom.quality.pieces import BATCH_ROWS, Piece, arrow_types, month_of
from payloom.quality.rule import Result
from payloom.schema import TABLES

ROWS = 30_000
SEED = 41

Change = Callable[[pl.DataFrame], pl.DataFrame]


@dataclasses.dataclass(frozen=True)
class FramePiece:
    """Rows in memory, under the name of the file that they stand for."""

    table: str
    name: str
    frame: pl.DataFrame = dataclasses.field(repr=False)
    rows: int | None = None

    @property
    def month(self) -> tuple[int, int] | None:
        """Year and month in its name."""
        return month_of(self.name)

    def types(self) -> dict[str, str]:
        """Return the types of the frame."""
        return arrow_types(self.frame.head(0).to_arrow().schema)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Yield the frame in slices."""
        frame = self.frame if columns is None else self.frame.select(c for c in columns if c in self.frame.columns)
        yield from frame.iter_slices(BATCH_ROWS)


def frame_of(piece: Piece) -> pl.DataFrame:
    """All rows of a piece."""
    batches = list(piece.batches())
    return pl.concat(batches) if batches else pl.DataFrame(TABLES[piece.table].arrow_schema().empty_table())


def frames_of(data: Data) -> dict[str, list[FramePiece]]:
    """Pieces of a data set, read into memory under their names."""
    return {
        table: [FramePiece(piece.table, piece.name, frame_of(piece), piece.rows) for piece in pieces]
        for table, pieces in data.pieces.items()
    }


@cache
def good() -> Data:
    """The default world with `ROWS` payments."""
    return world(ROWS, SEED)


def world(rows: int, seed: int, **world: Any) -> Data:
    """A world in memory, with the manifests that its folder had."""
    with tempfile.TemporaryDirectory() as folder:
        World({"world": {"rows": rows, "seed": seed, **world}}).generate(Path(folder) / "data", workers=1)
        data = open_data(Path(folder) / "data")
        return Data("good", frames_of(data), data.declared)


def changed(data: Data, table: str, change: Change, *, only: int | None = None) -> Data:
    """The data with every piece of a table changed, or only one; what the manifests promise stays."""
    pieces = [
        dataclasses.replace(piece, frame=change(piece.frame)) if only is None or number == only else piece
        for number, piece in enumerate(map(as_frame, data.pieces[table]))
    ]
    return with_pieces(data, table, pieces)


def as_frame(piece: Piece) -> FramePiece:
    assert isinstance(piece, FramePiece)
    return piece


def with_pieces(data: Data, table: str, pieces: Sequence[Piece]) -> Data:
    """The data with other pieces of one table."""
    return dataclasses.replace(data, pieces={**data.pieces, table: pieces})


def of_days(data: Data, first: date, end: date) -> Data:
    """The slice that `generate --from --to` would give: those days of the facts, all entities, and its own manifest."""
    keep = pl.col("event_time").dt.date().is_between(first, end, closed="left")
    pieces: dict[str, Sequence[Piece]] = dict(data.pieces)
    for table in ("payments", "fraud_labels"):
        own = []
        for piece in map(as_frame, data.pieces[table]):
            frame = piece.frame.filter(keep)
            if frame.height:
                own.append(dataclasses.replace(piece, frame=frame, rows=frame.height))
        pieces[table] = own
    payments = [as_frame(piece).frame for piece in pieces["payments"]]
    labels = [as_frame(piece).frame["typology"].cast(pl.String).to_list() for piece in pieces["fraud_labels"]]
    declared = dataclasses.replace(
        data.declared,
        days=((first.toordinal(), end.toordinal()),),
        rows=sum(frame.height for frame in payments),
        fraud_rows=sum(int(frame["is_fraud"].sum()) for frame in payments),
        typologies=dict(Counter(name for names in labels for name in names)),
    )
    return Data(data.source, pieces, declared)


def results(data: Data, reference: Data | None = None) -> dict[str, Result]:
    """What the gate measures, by rule."""
    return {result.rule.name: result for result in measure(data, sample_rows=0, reference=reference).results}


def failed(data: Data, reference: Data | None = None) -> list[str]:
    """Names of the rules that do not hold."""
    return [name for name, result in results(data, reference).items() if result.verdict == "failed"]
