"""Base of all config sections, and how a setting is declared."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, NoReturn

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

REFUSED = "payloom_refused"

_ISO_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Section(BaseModel):
    """A part of the config: frozen, strict about types, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True)


def setting(
    default: Any,
    description: str,
    *,
    source: str,
    unit: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
) -> Any:
    """Declare one setting.

    Parameters
    ----------
    default : Any
        Value of the default world; ``...`` when the setting must be given.
    description : str
        What it does, one line.
    source : str
        Where the default comes from: its reference after a tag ([C] computed from real
        records, [R] read, [S] second-hand, [D] derived), ``"estimate"`` for a guess, or
        ``"our choice"``.
    unit : str, optional
        Unit, in the plural; empty for names.
    ge, gt, le, lt : float, optional
        Bounds.
    """
    return Field(
        default=default,
        description=description,
        ge=ge,
        gt=gt,
        le=le,
        lt=lt,
        json_schema_extra={"unit": unit, "source": source},
    )


def portion(default: Any, description: str, *, source: str, of: str = "", le: float = 1) -> Any:
    """Declare a share between 0 and `le`; `of` says of what."""
    unit = f"share of {of}" if of else "share"
    return setting(default, description, source=source, unit=unit, ge=0, le=le)


def refuse(allowed: str, fix: str = "") -> NoReturn:
    """Refuse the value under validation.

    Parameters
    ----------
    allowed : str
        What the field accepts.
    fix : str, optional
        What to write instead.
    """
    raise PydanticCustomError(REFUSED, "{allowed}", {"allowed": allowed, "fix": fix})


def parse_day(text: str) -> date | None:
    """Read a day such as ``2025-01-31``; None when there is no such day or it is spelt in another way."""
    # Python also takes 20250131 and the ISO week 2025-W05-5.
    if not _ISO_DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _as_day(value: Any) -> Any:
    if isinstance(value, datetime):
        refuse("a day such as 2025-01-31, without a time", f"write {value.date().isoformat()}")
    if isinstance(value, str):
        return parse_day(value) or refuse("a day that exists, such as 2025-01-31")
    return value


def _as_decimal(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return value
    text = getattr(value, "text", None) or str(value)
    try:
        number = Decimal(text)
    except InvalidOperation:
        return value
    if not number.is_finite():
        refuse("a finite decimal number")
    return number


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Many = BeforeValidator(_as_tuple)
"""Marks a tuple that a TOML array may fill."""

Day = Annotated[date, BeforeValidator(_as_day)]
"""A calendar day; ISO text is accepted, a time of day is not."""

Exact = Annotated[Decimal, BeforeValidator(_as_decimal)]
"""A decimal number, kept exactly as it was written."""
