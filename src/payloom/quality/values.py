"""Rules of single values: the codes and the ranges that the schema and the standards allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from payloom.quality.rule import RowRule, Rule
from payloom.schema import Column, Table

ID_BITS: Final = 53
"""Ids have as many bits as a float keeps."""

UNKNOWN_CODE: Final = "code?{}"
"""Name of the flag that marks a code outside its set: the code itself becomes null when the column is cast."""

_PATTERNS: Final = {
    "ISO 4217": ("three capital letters", r"^[A-Z]{3}$"),
    "ISO 3166-1": ("two capital letters", r"^[A-Z]{2}$"),
    "ISO 18245": ("four digits", r"^\d{4}$"),
}
"""What codes of a standard look like: payloom knows only some of them, data of others may hold all."""


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest and largest value of a column; both pass."""

    low: float
    high: float


_ID: Final = Range(1, 2**ID_BITS - 1)
_LATITUDE, _LONGITUDE = Range(-90, 90), Range(-180, 180)

RANGES: Final[dict[str, Range]] = {
    "local_offset_min": Range(-12 * 60, 14 * 60),
    "amount_minor": Range(0, 10**12),
    "amount_usd": Range(0, 10**9),
    "bin_id": Range(1, 10**8 - 1),
    "issuer_id": Range(0, 2**31 - 1),
    "acquirer_id": Range(0, 2**31 - 1),
    "latitude": _LATITUDE,
    "longitude": _LONGITUDE,
    "home_latitude": _LATITUDE,
    "home_longitude": _LONGITUDE,
    "terminals": Range(0, 1_000_000),
}
"""Ranges by column name; ids of 64 bits have `ID_BITS`."""


def code_kind(column: Column, *, ours: bool) -> str:
    """Return how the codes of a column are checked: ``set``, ``pattern``, or empty for not at all."""
    if column.kind != "enum" or not column.codes:
        return ""
    if not ours and _pattern(column) is not None:
        return "pattern"
    return "" if column.codes_open else "set"


def value_rules(table: Table, *, ours: bool) -> list[RowRule]:
    """Return the rules of codes and ranges of a table."""
    rules = []
    for column in table.columns:
        rules += [rule for rule in (_codes(table, column, ours=ours), _range(table, column, ours=ours)) if rule]
    return rules


def _pattern(column: Column) -> tuple[str, str] | None:
    return next((found for standard, found in _PATTERNS.items() if column.standard.startswith(standard)), None)


def _codes(table: Table, column: Column, *, ours: bool) -> RowRule | None:
    kind = code_kind(column, ours=ours)
    name = f"{table.name}.{column.name}.codes"
    if kind == "pattern":
        shape, pattern = _pattern(column) or ("", "")
        rule = Rule(name, table.name, (column.name,), "values", f"{column.name} has {shape} ({column.standard})")
        return RowRule(rule, ~pl.col(column.name).cast(pl.String).str.contains(pattern))
    if kind == "set":
        standard = f" ({column.standard})" if column.standard else ""
        holds = f"{column.name} is one of its {len(column.codes)} codes{standard}"
        return RowRule(
            Rule(name, table.name, (column.name,), "values", holds), pl.col(UNKNOWN_CODE.format(column.name))
        )
    return None


def _range(table: Table, column: Column, *, ours: bool) -> RowRule | None:
    limits = RANGES.get(column.name)
    if limits is None and column.kind == "int64" and column.role in ("key", "reference") and ours:
        limits = _ID
    if limits is None and column.name == "terminal_id" and ours:
        limits = _ID
    if limits is None or (not ours and column.name.endswith("_id")):
        return None
    holds = f"{column.name} is from {limits.low:,} to {limits.high:,}"
    rule = Rule(f"{table.name}.{column.name}.range", table.name, (column.name,), "values", holds)
    value = pl.col(column.name)
    # A NaN lies in no range.
    return RowRule(rule, ~value.is_between(limits.low, limits.high))
