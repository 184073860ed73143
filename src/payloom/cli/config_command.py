"""``payloom config``: the effective config and the source of every value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from payloom.cli.options import CONFIG_OPTIONS
from payloom.config import Layer, LoadedConfig, config_toml, config_values, load_config
from payloom.pipeline.scenarios import require_makeable


def run_config(given: Mapping[str, Any], *, brief: bool, as_json: bool) -> None:
    """Print the effective config as TOML, or as one JSON object.

    Raises
    ------
    ConfigError
        If the config is wrong, or asks for what cannot be made here.
    """
    loaded = load_given(given)
    require_makeable(loaded.config)
    if as_json:
        click.echo(json.dumps(config_values(loaded), indent=2))
    else:
        click.echo(config_toml(loaded, explain=not brief), nl=False)


def load_given(given: Mapping[str, Any]) -> LoadedConfig:
    """Return the config that the options of a command ask for.

    Raises
    ------
    ConfigError
        With every problem of preset, file and options.
    """
    file = given["config_file"]
    return load_config(
        preset=given["preset"],
        file=None if file is None else Path(file),
        options=_option_layers(given),
        preset_source="option --preset",
    )


def _option_layers(given: Mapping[str, Any]) -> Iterator[Layer]:
    for option in CONFIG_OPTIONS:
        text = given[option.parameter]
        if text is not None:
            yield Layer(f"option {option.flag}", {option.section: {option.key: option.read(text)}})
