"""Reads the CSV files that ship in ``payloom/reference/data``."""

from __future__ import annotations

import csv
from pathlib import Path

from payloom.errors import CorruptionError

DATA_FOLDER = Path(__file__).with_name("data")


def damaged(name: str, found: object, expected: object) -> CorruptionError:
    """The error for a data file that is not the one this version ships."""
    return CorruptionError(
        f"reference file {name}: found {found}, expected {expected}", hint="reinstall payloom", file=name
    )


def read_table(name: str, header: tuple[str, ...]) -> list[list[str]]:
    """Rows of a table, without its header.

    Parameters
    ----------
    name
        File name in the data folder.
    header
        Column names that the file must start with.

    Raises
    ------
    CorruptionError
        If the file is missing or has other columns.
    """
    try:
        # Always UTF-8: the locale's encoding must not matter.
        text = (DATA_FOLDER / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise damaged(name, "no such file", "one file") from None
    rows = list(csv.reader(text.splitlines()))
    if not rows or tuple(rows[0]) != header:
        raise damaged(name, f"columns {rows[:1]}", f"columns {list(header)}")
    return rows[1:]
