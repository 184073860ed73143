"""Imports a slow module when it is first used, for a library that imports it and seldom needs it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module: every name is looked up in the real one, which is imported at the first."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # The machinery of imports asks for these; nobody needs the module for them.
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def imported_when_used(package: str, name: str) -> Iterator[None]:
    """Let ``from package import name`` give a stand-in, as long as this lasts, unless the module is there already.

    What was imported meanwhile keeps the stand-in; afterwards everybody gets the module itself.
    """
    full = f"{package}.{name}"
    if full in sys.modules:
        yield
        return
    parent, later = importlib.import_module(package), _Later(full)
    setattr(parent, name, later)
    try:
        yield
    finally:
        # An import of the module itself has put it there instead.
        if vars(parent).get(name) is later:
            delattr(parent, name)
