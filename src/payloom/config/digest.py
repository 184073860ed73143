"""Digests that name a world and a layout."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel

from payloom.config.root import Config

GENERATOR_VERSION: Final = 1
"""Raised whenever the same config gives other rows."""

LAYOUT_VERSION: Final = 1
"""Raised whenever the same rows are laid out in other files."""


def config_document(config: Config) -> dict[str, Any]:
    """Return the config in plain JSON values, one spelling for equal numbers."""
    document: dict[str, Any] = _plain(config)
    return document


def world_digest(config: Config) -> str:
    """Return the SHA-256, in hex, of everything that decides the rows.

    Derived values stand in for unset ones, so that writing a default down changes nothing.
    """
    parts = _plain(config)
    del parts["layout"]
    parts["world"]["customers"] = config.world.customer_count
    parts["world"]["merchants"] = config.world.merchant_count
    return _digest({"generator_version": GENERATOR_VERSION, "config": parts})


def layout_digest(config: Config) -> str:
    """Return the SHA-256, in hex, of everything that decides the files but not the rows."""
    return _digest({"layout_version": LAYOUT_VERSION, "layout": _plain(config.layout)})


def _digest(value: dict[str, Any]) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: Any) -> Any:
    """Return `value` as JSON types, one spelling for equal numbers."""
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    if isinstance(value, date):
        return value.isoformat()
    # Adding 0.0 turns -0.0 into 0.0.
    return value + 0.0 if isinstance(value, float) else value
