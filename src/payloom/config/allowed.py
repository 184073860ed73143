"""What a field accepts, in words, from its own declaration."""

from __future__ import annotations

import types
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, Union, get_args, get_origin

from payloom.config.section import Section

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_RULES: Final = ("ge", "gt", "le", "lt")

_MANY_NAMES, _SOME_NAMES = 14, 8
"""From so many names on, a message gives only some."""

_WORDS: Final[dict[Any, str]] = {
    int: "a whole number",
    float: "a finite number",
    Decimal: "a finite decimal number",
    bool: "true or false",
    str: "text in quotes",
    date: "a day such as 2025-01-31",
}


def allowed_text(field: FieldInfo) -> str:
    """Return what `field` accepts, such as ``a whole number from 1 to 10``."""
    kind, optional = _without_none(field.annotation)
    text = _kind_text(kind)
    low, high = _bounds(field)
    text += f" {low}" if low else ""
    text += f" {high}" if high else ""
    unit = unit_of(field)
    if unit and kind in {int, float, Decimal}:
        text += f" ({unit})"
    return f"{text}, or unset" if optional else text


def unit_of(field: FieldInfo) -> str:
    """Return the unit that the field declares, or an empty text."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def source_of(field: FieldInfo) -> str:
    """Return where the field's default comes from, or an empty text."""
    extra = field.json_schema_extra
    return str(extra.get("source", "")) if isinstance(extra, dict) else ""


def likely_fix(field: FieldInfo, given: Any) -> str:
    """Return what to write instead of a value of the wrong type, if it can be told."""
    kind, _ = _without_none(field.annotation)
    if kind is int and isinstance(given, float) and abs(given) < 1e18 and given == int(given):
        return f"write {int(given)}"
    if kind in {int, float} and isinstance(given, str) and _is_number(given, kind):
        return "write it without quotes"
    if kind is float and isinstance(given, (int, float)) and not isinstance(given, bool):
        _, high = _bounds(field)
        if high == "to 1" and 1 < given <= 100:
            return f"{given:g} % is {given / 100:g}"
    if get_origin(kind) is tuple and isinstance(given, dict):
        return "write the table's name in double brackets, [[...]]"
    return ""


def names_text(names: Iterable[str]) -> str:
    """Return names in a row, the first few where there are many."""
    every = list(names)
    if len(every) <= _MANY_NAMES:
        return ", ".join(every)
    return f"{', '.join(every[:_SOME_NAMES])} and {len(every) - _SOME_NAMES} more"


def _is_number(text: str, kind: type[int | float]) -> bool:
    try:
        kind(text[:40])
    except ValueError:
        return False
    return True


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in {Union, types.UnionType}:
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        if len(kinds) == 1:
            return kinds[0], True
    return annotation, False


def _kind_text(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(f'"{value}"' for value in get_args(kind))
    if get_origin(kind) is tuple:
        element = get_args(kind)[0]
        tables = isinstance(element, type) and issubclass(element, Section)
        return "a list of tables, [[...]]" if tables else "a list"
    if get_origin(kind) is dict:
        return f"a table in which each name has {_kind_text(get_args(kind)[1])}"
    if isinstance(kind, type) and issubclass(kind, Section):
        return f"a table with {names_text(kind.model_fields)}"
    return _WORDS.get(kind, "another kind of value")


def _bounds(field: FieldInfo) -> tuple[str, str]:
    """Return the lower and the upper bound in words, empty where there is none."""
    rule = {name: getattr(part, name) for part in field.metadata for name in _RULES if hasattr(part, name)}
    low = high = ""
    if "ge" in rule:
        low = f"from {_number(rule['ge'])}"
    elif "gt" in rule:
        low = f"above {_number(rule['gt'])}"
    if "le" in rule:
        high = f"{'to' if 'ge' in rule else 'up to'} {_number(rule['le'])}"
    elif "lt" in rule:
        high = f"below {_number(rule['lt'])}"
    return low, high


def _number(bound: Any) -> str:
    return f"{bound:,}"
