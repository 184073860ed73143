"""Finding typologies: the modules of `payloom.fraud.typologies`, and what other packages add by entry point."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from inspect import isabstract
from pkgutil import iter_modules
from types import ModuleType

from payloom.config.fraud import ENTRY_POINTS
from payloom.errors import ConfigError, Problem
from payloom.fraud import planted, typologies
from payloom.fraud.typology import Typology


@cache
def shipped() -> dict[str, type[Typology]]:
    """Typologies of fraud in this package by name: every module beside the others has one class."""
    return _in_folder(typologies)


@cache
def shipped_planted() -> dict[str, type[Typology]]:
    """Kinds of planted payments in this package by name."""
    return _in_folder(planted)


def _in_folder(package: ModuleType) -> dict[str, type[Typology]]:
    found: dict[str, type[Typology]] = {}
    for module in iter_modules(package.__path__):
        path = f"{package.__name__}.{module.name}"
        for value in vars(import_module(path)).values():
            # What several typologies build on is imported, and none itself.
            own = isinstance(value, type) and value.__module__ == path
            if own and issubclass(value, Typology) and not isabstract(value):
                found[value.name] = value
    return found


def find_planted(names: Iterable[str]) -> tuple[type[Typology], ...]:
    """Classes of planted kinds by name, in order of their names."""
    known = shipped_planted()
    return tuple(known[name] for name in sorted(names))


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
