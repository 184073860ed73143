"""Finding typologies: the modules of `payloom.fraud.typologies`, and what other packages add by entry point."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from inspect import isabstract
from pkgutil import iter_modules

from payloom.config.fraud import ENTRY_POINTS
from payloom.errors import ConfigError, Problem
from payloom.fraud import typologies
from payloom.fraud.typology import Typology


@cache
def shipped() -> dict[str, type[Typology]]:
    """Typologies of this package by name: every module beside the others has one class."""
    found: dict[str, type[Typology]] = {}
    for module in iter_modules(typologies.__path__):
        path = f"{typologies.__name__}.{module.name}"
        for value in vars(import_module(path)).values():
            if isinstance(value, type) and issubclass(value, Typology) and not isabstract(value):
                found[value.name] = value
    return found


def find_typologies(names: Iterable[str]) -> tuple[type[Typology], ...]:
    """Classes of typologies by name, in order of their names.

    Raises
    ------
    ConfigError
        If a name belongs to no typology that can be made here.
    """
    known = dict(shipped())
    wanted = sorted(names)
    if any(name not in known for name in wanted):
        known |= {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}
    for name in wanted:
        if name not in known:
            have = ", ".join(sorted(known))
            raise ConfigError([Problem("fraud.mix", f'"{name}"', f"expected a typology that can be made: {have}")])
    return tuple(known[name] for name in wanted)
