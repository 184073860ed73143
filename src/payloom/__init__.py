"""Coherent synthetic payments with exact fraud counts, the same rows on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from payloom.version import __version__

if TYPE_CHECKING:
    from payloom.config import Config
    from payloom.pipeline.world import World

__all__ = ["Config", "World", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the public classes on first use, so that the command line starts without Polars and pyarrow."""
    from importlib import import_module  # noqa: PLC0415 - nothing is imported before it is needed

    homes = {"Config": "payloom.config", "World": "payloom.pipeline.world"}
    if name not in homes:
        raise AttributeError(f"module 'payloom' has no attribute {name!r}")
    return getattr(import_module(homes[name]), name)
