"""Presets: named configs that ship with the package."""

from __future__ import annotations

from importlib import resources
from typing import Any

from payloom.config.near import did_you_mean
from payloom.config.shown import shown_value
from payloom.config.toml_file import parse_toml
from payloom.errors import ConfigError, Problem


def preset_names() -> tuple[str, ...]:
    """Return the names of all presets, sorted."""
    folder = resources.files("payloom.config") / "presets"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def read_preset(name: str, *, source: str) -> dict[str, Any]:
    """Return the tables of a preset; `source` is who named it, for messages.

    Raises
    ------
    ConfigError
        If there is no preset of that name.
    """
    names = preset_names()
    if name not in names:
        problem = Problem(
            field="preset",
            given=shown_value(name),
            allowed=f"expected one of {', '.join(names)}",
            fix=did_you_mean(str(name), names),
            source=source,
        )
        raise ConfigError([problem])
    file = resources.files("payloom.config") / "presets" / f"{name}.toml"
    return parse_toml(file.read_bytes(), name=f"preset {name}")
