"""The effective config as TOML that can be fed back, or as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from payloom.config.allowed import source_of, unit_of
from payloom.config.digest import layout_digest, world_digest
from payloom.config.load import LoadedConfig
from payloom.config.section import Section
from payloom.config.shown import shown_text

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_COMMENT_COLUMN = 40


def config_toml(loaded: LoadedConfig, *, explain: bool = True) -> str:
    """Return the whole config as TOML, each value with its source beside it.

    Parameters
    ----------
    loaded : LoadedConfig
        The config.
    explain : bool, optional
        Whether a comment above each value says what it does, its unit, and where its
        default comes from.
    """
    lines = [
        f"# world  sha256 {world_digest(loaded.config)}",
        f"# layout sha256 {layout_digest(loaded.config)}",
    ]
    for name, field in type(loaded.config).model_fields.items():
        value = getattr(loaded.config, name)
        lines.extend(["", *_entry(loaded, name, field, value, explain=explain)])
    return "\n".join(lines) + "\n"


def config_values(loaded: LoadedConfig) -> dict[str, Any]:
    """Return the config as JSON types: value and source of every setting, and the digests."""
    settings = {
        path: {"value": _plain(value), "source": loaded.source_of(path)} for path, value in _leaves(loaded.config, "")
    }
    return {
        "world_digest": world_digest(loaded.config),
        "layout_digest": layout_digest(loaded.config),
        "derived": {
            "customers": loaded.config.world.customer_count,
            "merchants": loaded.config.world.merchant_count,
            "fraud_rows": loaded.config.world.fraud_rows,
        },
        "settings": settings,
    }


def _entry(loaded: LoadedConfig, path: str, field: FieldInfo, value: Any, *, explain: bool) -> Iterator[str]:
    """Yield the lines of one setting; a section goes on with its own settings."""
    if isinstance(value, Section):
        yield f"[{path}]"
        plain_first = sorted(type(value).model_fields.items(), key=lambda item: _is_table(getattr(value, item[0])))
        for name, inner in plain_first:
            yield from _entry(loaded, f"{path}.{name}", inner, getattr(value, name), explain=explain)
        return
    if explain:
        yield from _explained(field)
    source = f"# {shown_text(loaded.source_of(path))}"
    if isinstance(value, dict):
        yield _with_comment(f"[{path}]", source)
        yield from (f"{_key(name)} = {_toml(part)}" for name, part in value.items())
    elif _is_table(value):
        for part in value:
            yield _with_comment(f"[[{path}]]", source)
            yield from (f"{name} = {_toml(getattr(part, name))}" for name in type(part).model_fields)
    elif value is None:
        yield _with_comment(f"# {path.rpartition('.')[2]} = {_derived(loaded, path)}", f"{source}, derived")
    else:
        yield _with_comment(f"{path.rpartition('.')[2]} = {_toml(value)}", source)


def _explained(field: FieldInfo) -> Iterator[str]:
    notes = "; ".join(note for note in (unit_of(field), source_of(field)) if note)
    yield f"# {field.description}" + (f" ({notes})" if notes else "")


def _with_comment(text: str, comment: str) -> str:
    return f"{text:<{_COMMENT_COLUMN}} {comment}"


def _derived(loaded: LoadedConfig, path: str) -> str:
    world = loaded.config.world
    counts = {"world.customers": world.customer_count, "world.merchants": world.merchant_count}
    return _toml(counts[path]) if path in counts else "unset"


def _is_table(value: Any) -> bool:
    """Whether TOML needs a header of its own for the value."""
    if isinstance(value, tuple):
        return bool(value) and isinstance(value[0], Section)
    return isinstance(value, dict)


def _leaves(section: Section, prefix: str) -> Iterator[tuple[str, Any]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return {name: _plain(part) for name, part in value}
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, (Decimal, date)) else value


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(part) for part in value)}]"
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    if isinstance(value, date):
        return value.isoformat()
    return _toml_number(value)


def _toml_number(value: bool | float | Decimal) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:_}"
    return format(value, "f") if isinstance(value, Decimal) else repr(float(value))
