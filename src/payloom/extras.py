"""Libraries that only some commands need: a missing one is a line that says how to get it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from payloom.errors import ConfigError, Problem


@contextmanager
def extra_libraries(extra: str, needed_by: str) -> Iterator[None]:
    """Turn a missing library into the line that says how to get it.

    Parameters
    ----------
    extra
        Name of the extra that brings it.
    needed_by
        What needs it, such as ``"the report"``.

    Raises
    ------
    ConfigError
        If a library that the block imports is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("payloom"):
            raise
        problem = Problem(error.name, "", f"is not installed; {needed_by} needs it")
        raise ConfigError([problem], hint=f'pip install "payloom[{extra}]"') from error
