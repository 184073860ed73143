"""Which positions belong to a cell: whole blocks of spending, and everything else by time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.identity import STRATUM
from payloom.plan.daytables import DayTables
from payloom.plan.periods import DAY_US

I64 = NDArray[np.int64]

BLOCK = 1024
"""Spending positions in a block; cells begin and end between blocks."""

CHUNK = 65_536
"""Spending positions that are made together, before they are cut into tiles that fit the cache."""

_STRATA_PER_BLOCK = BLOCK // STRATUM


@dataclass(frozen=True, slots=True, order=True)
class Border:
    """A point between two blocks.

    Attributes
    ----------
    day
        Day number.
    block
        Blocks of this day before the point; 0 is midnight.
    """

    day: int
    block: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Positions made together.

    Attributes
    ----------
    start_us, end_us
        Window of time in which rows of the other streams join.
    row, stratum
        Strata of spending: row of the day in the tables, and number within the day.
    """

    start_us: int
    end_us: int
    row: I64
    stratum: I64


def blocks_of(spending: int) -> int:
    """Blocks of a day with so many spending payments."""
    return -(-spending // BLOCK)


def cell_borders(first_day: int, rows: I64, spending: I64, cell_rows: int) -> list[Border]:
    """Cut consecutive days into cells of nearly equal size, at most `cell_rows` rows each if blocks allow.

    Parameters
    ----------
    first_day
        First of the days.
    rows, spending
        All payments and spending payments of each day.
    cell_rows
        Target.

    Returns
    -------
    list of Border
        Rising; one more than there are cells.
    """
    running = np.concatenate([[0], np.cumsum(rows)])
    total = int(running[-1])
    cells = max(1, -(-total // cell_rows))
    borders = [Border(first_day, 0)]
    for cell in range(1, cells):
        target = total * cell // cells
        day = int(np.searchsorted(running, target, side="right")) - 1
        blocks = blocks_of(int(spending[day]))
        block = (target - int(running[day])) * blocks // int(rows[day]) if rows[day] else 0
        border = Border(first_day + day, block)
        if border > borders[-1]:
            borders.append(border)
    return [*borders, Border(first_day + len(rows), 0)]


def border_us(tables: DayTables, sizes: I64, border: Border) -> int:
    """Time of a border; what comes before it happens before."""
    row = border.day - tables.first_day
    if border.block == 0:
        return border.day * DAY_US
    mass = np.array([border.block * BLOCK / int(sizes[row])])
    return int(tables.time_us(np.array([row]), mass)[0])


def chunks(tables: DayTables, sizes: I64, start: Border, end: Border) -> Iterator[Chunk]:
    """Cut a cell into chunks of at most `CHUNK` spending positions, at borders between blocks."""
    here, pieces, filled = start, [], 0
    position = start
    while position < end:
        blocks = blocks_of(int(sizes[position.day - tables.first_day]))
        last = end.block if end.day == position.day else blocks
        taken = min(last - position.block, max((CHUNK - filled) // BLOCK, 1))
        pieces.append((position.day - tables.first_day, position.block, position.block + taken))
        filled += taken * BLOCK
        reached = position.block + taken
        position = Border(position.day + 1, 0) if reached >= blocks else Border(position.day, reached)
        if filled + BLOCK > CHUNK or position >= end:
            yield _chunk(tables, sizes, here, position, pieces)
            here, pieces, filled = position, [], 0


def _chunk(tables: DayTables, sizes: I64, start: Border, end: Border, pieces: list[tuple[int, int, int]]) -> Chunk:
    rows: list[I64] = []
    strata: list[I64] = []
    for row, first, last in pieces:
        count = -(-int(sizes[row]) // STRATUM)
        numbers = np.arange(first * _STRATA_PER_BLOCK, min(last * _STRATA_PER_BLOCK, count))
        rows.append(np.full(len(numbers), row))
        strata.append(numbers)
    return Chunk(
        start_us=border_us(tables, sizes, start),
        end_us=border_us(tables, sizes, end),
        row=np.concatenate(rows),
        stratum=np.concatenate(strata),
    )
