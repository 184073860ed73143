"""From layers to one validated config that knows the source of every value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from payloom.config.layers import ARGUMENT, Layer, Merged, merge
from payloom.config.preset_files import read_preset
from payloom.config.problems import problems_of
from payloom.config.root import Config
from payloom.config.shown import shown_text, shown_value
from payloom.config.toml_file import read_toml
from payloom.errors import ConfigError, Problem


@dataclass(frozen=True)
class LoadedConfig:
    """A config, and where its values come from.

    Attributes
    ----------
    config : Config
        The validated config.
    merged : Merged
        The layers it was made of.
    """

    config: Config
    merged: Merged

    def source_of(self, path: str) -> str:
        """Return ``default``, ``preset demo``, ``file x.toml`` or ``option --rows``."""
        return self.merged.source_of(path)


def load_config(
    *,
    preset: str | None = None,
    file: Path | None = None,
    options: Iterable[Layer] = (),
    preset_source: str = ARGUMENT,
) -> LoadedConfig:
    """Lay preset, file and options over the defaults and validate the result.

    Parameters
    ----------
    preset : str, optional
        Name of a preset.
    file : Path, optional
        TOML file.
    options : iterable of Layer, optional
        One layer per command-line option, or any further layers.
    preset_source : str, optional
        Who named the preset, for messages.

    Returns
    -------
    LoadedConfig
        The config with the source of every value.

    Raises
    ------
    ConfigError
        With every problem of every layer.
    """
    problems: list[Problem] = []
    layers: list[Layer] = []
    try:
        if preset is not None:
            layers.append(Layer(f"preset {preset}", read_preset(preset, source=preset_source)))
    except ConfigError as error:
        problems.extend(error.problems)
    try:
        if file is not None:
            layers.append(Layer(f"file {shown_text(str(file))}", read_toml(file)))
    except ConfigError as error:
        problems.extend(error.problems)
    layers.extend(options)
    merged = merge(Config, layers)
    try:
        config = Config.model_validate(merged.values)
    except ValidationError as error:
        problems.extend(problems_of(Config, error, merged))
        raise ConfigError(problems) from None
    if problems:
        raise ConfigError(problems)
    return LoadedConfig(config, merged)


def make_config(values: Mapping[str, Any] | None = None, *, preset: str | None = None) -> Config:
    """Return the config that nested `values` over a preset give; for use as a library.

    Raises
    ------
    ConfigError
        With every problem found.
    """
    given: object = values
    if not isinstance(given, Mapping | None):
        allowed = "expected a Config, or a mapping of sections to their settings"
        raise ConfigError([Problem("config", shown_value(given), allowed, "use World.from_file for a file", ARGUMENT)])
    layers = [Layer(ARGUMENT, dict(values))] if values else []
    return load_config(preset=preset, options=layers).config
