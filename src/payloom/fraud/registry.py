"""Finding typologies: the modules of `payloom.fraud.typologies`, and what other packages add by entry point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from inspect import isabstract
from pkgutil import iter_modules
from types import ModuleType

from payloom.config.fraud import ENTRY_POINTS
from payloom.config.near import did_you_mean
from payloom.config.shown import shown_value
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


def available() -> dict[str, type[Typology]]:
    """All typologies of fraud by name: those of this package and, where they can be loaded, those of others."""
    found = dict(shipped())
    for point in entry_points(group=ENTRY_POINTS):
        if point.name not in found and (made := _loaded(point)) is not None:
            found[point.name] = made
    return dict(sorted(found.items()))


def _loaded(point: EntryPoint) -> type[Typology] | None:
    """Load a class of another package; None where that fails, whatever it raises."""
    try:
        made = point.load()
    except Exception:  # noqa: BLE001 - a broken package must not take the others along
        return None
    fits = isinstance(made, type) and issubclass(made, Typology) and not isabstract(made)
    return made if fits and made.name == point.name else None


def find_planted(names: Iterable[str]) -> tuple[type[Typology], ...]:
    """Classes of planted kinds by name, in order of their names.

    Raises
    ------
    ConfigError
        If a name belongs to no kind that can be made here.
    """
    return _find(names, shipped_planted(), "planted.mix", "a look-alike")


def find_typologies(names: Iterable[str]) -> tuple[type[Typology], ...]:
    """Classes of typologies by name, in order of their names.

    Raises
    ------
    ConfigError
        If a name belongs to no typology that can be made here.
    """
    wanted = list(names)
    known = shipped() if all(name in shipped() for name in wanted) else available()
    return _find(wanted, known, "fraud.mix", "a typology")


def _find(
    names: Iterable[str], known: Mapping[str, type[Typology]], field: str, what: str
) -> tuple[type[Typology], ...]:
    """Look names up."""
    wanted = sorted(names)
    for name in wanted:
        if name not in known:
            allowed = f"expected {what} that can be made: {', '.join(sorted(known))}"
            raise ConfigError([Problem(field, shown_value(name), allowed, did_you_mean(name, known))])
    return tuple(known[name] for name in wanted)
