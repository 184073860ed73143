"""Short forms for the kinds of column that recur."""

from __future__ import annotations

from typing import Literal

from payloom.schema.column import NEVER, Column

Known = Literal["before", "after"]


def key(name: str, description: str) -> Column:
    """Return a column that identifies its row."""
    return Column(name=name, kind="int64", description=description, role="key")


def reference(name: str, description: str, *, null: str = NEVER) -> Column:
    """Return a column that points at another row by its id."""
    return Column(name=name, kind="int64", description=description, null=null, role="reference")


def token(name: str, description: str, *, null: str = NEVER) -> Column:
    """Return a column that names a party (BIN, issuer, acquirer) by a small token."""
    return Column(name=name, kind="int32", description=description, null=null, role="feature")


def code(
    name: str,
    codes: tuple[str, ...],
    description: str,
    *,
    null: str = NEVER,
    standard: str = "",
    wide: bool = False,
    missing: str = "",
    known: Known = "before",
    label: bool = False,
) -> Column:
    """Return an enum column; `wide` codes take 16 bits."""
    return Column(
        name=name,
        kind="enum",
        description=description,
        null=null,
        standard=standard,
        role="label" if label else "feature",
        known=known,
        codes=codes,
        index_bits=16 if wide else 8,
        missing=missing,
        encoding="dictionary",
    )


def day(name: str, description: str, *, null: str = NEVER) -> Column:
    """Return a date column."""
    return Column(name=name, kind="date", description=description, null=null, unit="day", role="time")


def degrees(name: str, description: str, *, null: str = NEVER, missing: str = "") -> Column:
    """Return a coordinate."""
    return Column(
        name=name,
        kind="float32",
        description=description,
        null=null,
        unit="degree",
        standard="WGS 84",
        role="feature",
        missing=missing,
    )
