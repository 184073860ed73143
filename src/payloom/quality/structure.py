"""Rules of files and days: columns, order, types, promised rows, no day without payments."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from payloom.quality.bounds import LOG_FAMILY
from payloom.quality.pieces import Piece, UnreadableError
from payloom.quality.rule import EXAMPLES_MAX, Declared, Result, Rule
from payloom.quality.tally import Tally
from payloom.schema import Table

GAP_FLOOR_ROWS: Final = LOG_FAMILY
"""A day is missed where so many rows are the rule: its chance of having none by itself is exp(-25) and less."""

QUIET_SHARE: Final = 0.5
"""Share of the average that the quietest day of a world may be expected to have."""

VOLUME_FACTOR: Final = 6.0
"""No day has so many times more, or less, rows than the median day."""


def structure_results(table: Table, pieces: Sequence[Piece], tally: Tally, declared: Declared) -> list[Result]:
    """Judge files and days of a table."""
    results = [*_columns(table, pieces, ours=declared.ours), *_rows(table, pieces, tally, declared)]
    if table.name == "payments" and "event_time" in _known(pieces):
        results += _days(tally, declared)
    return results


def _known(pieces: Sequence[Piece]) -> dict[str, str]:
    for piece in pieces:
        try:
            return piece.types()
        except UnreadableError:
            continue
    return {}


def _columns(table: Table, pieces: Sequence[Piece], *, ours: bool) -> list[Result]:
    """Judge columns, their order and their types, file by file; data of others may lack columns and order."""
    names, order = list(table.names), _rule(table, "columns", "its columns are the declared ones, in their order")
    wrong: dict[str, list[Mapping[str, Any]]] = {}
    bad_order: list[Mapping[str, Any]] = []
    for piece in pieces:
        try:
            types = piece.types()
        except UnreadableError:
            continue
        if ours and list(types) != names:
            missing, foreign = [n for n in names if n not in types], [n for n in types if n not in names]
            bad_order.append({"file": piece.name, "missing": missing, "unknown": foreign})
        for column in table.columns:
            stored = types.get(column.name)
            if stored is not None and not _right_type(stored, column.kind, ours=ours):
                wrong.setdefault(column.name, []).append(
                    {"file": piece.name, "column": column.name, "expected": column.kind, "found": stored}
                )
    results = [_files(order, bad_order)] if ours else []
    present = {name for name in names if name in _known(pieces)}
    for column in table.columns:
        rule = Rule(
            f"{table.name}.{column.name}.type", table.name, (column.name,), "structure",
            f"{column.name} is stored as {column.kind}", "files that break it",
        )  # fmt: skip
        if column.name in present or ours:
            results.append(_files(rule, wrong.get(column.name, [])))
    return results


def _right_type(stored: str, wanted: str, *, ours: bool) -> bool:
    if ours or stored == wanted:
        return stored == wanted
    loose = {"enum": ("string", "enum"), "int64": ("int32", "int16"), "int32": ("int64",), "int16": ("int64", "int32")}
    loose |= {"float32": ("float64",), "float64": ("float32",)}
    return stored in loose.get(wanted, ())


def _files(rule: Rule, wrong: list[Mapping[str, Any]]) -> Result:
    found = f"{len(wrong):,} files"
    if wrong and "found" in wrong[0]:
        found = f"{wrong[0]['found']} in {found}"
    expected = "0 files"
    return Result(rule, float(len(wrong)), 0.0, 0.0, expected, found, tuple(wrong[:EXAMPLES_MAX]))


def _rule(table: Table, name: str, holds: str, counted: str = "files that break it") -> Rule:
    return Rule(f"{table.name}.{name}", table.name, (), "structure", holds, counted)


def _rows(table: Table, pieces: Sequence[Piece], tally: Tally, declared: Declared) -> list[Result]:
    if any(piece.rows is None for piece in pieces) or not pieces:
        return []
    rule = _rule(table, "rows", "it has as many rows as the manifests promise", "rows")
    listed = declared.rows if table.name == "payments" else None
    promised = float(sum(piece.rows or 0 for piece in pieces) if listed is None else listed)
    results = [Result(rule, float(tally.rows), promised, promised, f"{promised:,.0f}", f"{tally.rows:,}")]
    if table.name == "payments" and declared.whole:
        every = _rule(table, "config_rows", "a whole data set has as many rows as its config says", "rows")
        wanted = declared.setting("world", "rows") or 0.0
        results.append(Result(every, float(tally.rows), wanted, wanted, f"{wanted:,.0f}", f"{tally.rows:,}"))
    if table.name == "payments" and declared.fraud_rows is not None:
        fraud = _rule(table, "is_fraud.rows", "it has as many frauds as the manifests promise", "rows")
        count = float(declared.fraud_rows)
        results.append(Result(fraud, float(tally.frauds), count, count, f"{count:,.0f}", f"{tally.frauds:,}"))
    if table.name == "fraud_labels" and declared.typologies:
        kinds = _rule(
            table, "typology.rows", "labels by typology are as the manifests promise", "typologies that differ"
        )
        off = [
            {"typology": name, "expected": declared.typologies.get(name, 0), "found": tally.typologies.get(name, 0)}
            for name in sorted({*declared.typologies, *tally.typologies})
            if declared.typologies.get(name, 0) != tally.typologies.get(name, 0)
        ]
        results.append(Result(kinds, float(len(off)), 0.0, 0.0, "0", f"{len(off)}", tuple(off[:EXAMPLES_MAX])))
    return results


def _days(tally: Tally, declared: Declared) -> list[Result]:
    ranges = declared.days or _span(tally)
    days = [day for first, end in ranges for day in range(first, end)]
    counts = sorted(tally.days.get(day, 0) for day in days)
    gap = Rule(
        "payments.event_time.gaps",
        "payments",
        ("event_time",),
        "structure",
        "no covered day is without payments",
        "days",
    )
    volume = Rule(
        "payments.event_time.volume", "payments", ("event_time",), "distribution",
        f"no day has {VOLUME_FACTOR:g} times more or fewer payments than the median day", "days",
    )  # fmt: skip
    if not days:
        return []
    median = float(counts[len(counts) // 2])
    if median * QUIET_SHARE < GAP_FLOOR_ROWS:
        why = f"{median:,.0f} payments on the median day: too few to miss a day"
        return [Result.not_judged(gap, why), Result.not_judged(volume, why)]
    gaps = [day for day in days if not tally.days.get(day)]
    # Three standard deviations more than chance alone gives: clusters, see `payloom.quality.bounds`.
    slack = 3.0 * math.sqrt(2.0 * LOG_FAMILY * median)
    low, high = median / VOLUME_FACTOR - slack, median * VOLUME_FACTOR + slack
    odd = [day for day in days if not low <= tally.days.get(day, 0) <= high]
    return [
        _of_days(gap, gaps, tally, "0 days"),
        _of_days(volume, odd, tally, f"0 days outside {max(low, 0):,.0f} to {high:,.0f} payments"),
    ]


def _of_days(rule: Rule, days: list[int], tally: Tally, expected: str) -> Result:
    rows = tuple(
        {"day": date.fromordinal(day).isoformat(), "payments": tally.days.get(day, 0)} for day in days[:EXAMPLES_MAX]
    )
    return Result(rule, float(len(days)), 0.0, 0.0, expected, f"{len(days):,} days", rows)


def _span(tally: Tally) -> tuple[tuple[int, int], ...]:
    return ((min(tally.days), max(tally.days) + 1),) if tally.days else ()
