"""Layers of values, the later over the earlier, with the source of each value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from payloom.config.section import Section

DEFAULT: Final = "default"

ARGUMENT: Final = "argument"
"""Where the values of a caller of the library come from."""


@dataclass(frozen=True)
class Layer:
    """Values from one place.

    Attributes
    ----------
    name : str
        The place, such as ``preset demo``, ``file x.toml`` or ``option --rows``.
    values : dict
        Nested tables, as TOML gives them.
    """

    name: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Merged:
    """Result of laying layers over each other.

    Attributes
    ----------
    values : dict
        Nested tables.
    sources : dict of str to str
        Dotted path of each value that a layer gave, and the layer's name.
    """

    values: dict[str, Any]
    sources: dict[str, str]

    def source_of(self, path: str) -> str:
        """Return who gave the value at `path`, or the list or table around it."""
        while path not in self.sources:
            if not path:
                return DEFAULT
            path = path.rpartition(".")[0]
        return self.sources[path]


def merge(model: type[Section], layers: Iterable[Layer]) -> Merged:
    """Lay the layers over each other.

    Sections merge key by key; a list, or a table with free names, is replaced whole, so
    that shares which must sum to 1 are always written together.
    """
    merged = Merged({}, {})
    for layer in layers:
        _lay(model, layer.values, layer.name, merged.values, merged.sources, "")
    return merged


def section_of(model: type[Section], key: str) -> type[Section] | None:
    """Return the section class behind `key`, or None when it is no section."""
    field = model.model_fields.get(key)
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _lay(
    model: type[Section],
    values: dict[str, Any],
    name: str,
    into: dict[str, Any],
    sources: dict[str, str],
    prefix: str,
) -> None:
    for key, value in values.items():
        path = f"{prefix}{key}"
        section = section_of(model, key)
        below = into.get(key)
        if section is None or not isinstance(value, dict):
            into[key] = value
            sources[path] = name
            continue
        if not isinstance(below, dict):
            into[key] = below = {}
            sources.pop(path, None)
        _lay(section, value, name, below, sources, f"{path}.")
