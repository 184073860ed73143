"""Config: validated, frozen, with the source of every value."""

from payloom.config.days import ARGUMENT_WORDS, DayRange, day_problems, day_range
from payloom.config.digest import GENERATOR_VERSION, config_document, layout_digest, world_digest
from payloom.config.layers import Layer
from payloom.config.load import LoadedConfig, load_config, make_config
from payloom.config.preset_files import preset_names
from payloom.config.render import config_toml, config_values
from payloom.config.root import Config
from payloom.config.world import Region, WorldConfig

__all__ = [
    "ARGUMENT_WORDS",
    "GENERATOR_VERSION",
    "Config",
    "DayRange",
    "Layer",
    "LoadedConfig",
    "Region",
    "WorldConfig",
    "config_document",
    "config_toml",
    "config_values",
    "day_problems",
    "day_range",
    "layout_digest",
    "load_config",
    "make_config",
    "preset_names",
    "world_digest",
]
