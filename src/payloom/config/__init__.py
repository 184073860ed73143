"""Config: validated, frozen, with the source of every value."""

from payloom.config.digest import layout_digest, world_digest
from payloom.config.root import Config
from payloom.config.world import Region, WorldConfig

__all__ = ["Config", "Region", "WorldConfig", "layout_digest", "world_digest"]
