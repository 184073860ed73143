"""Days of a command line, read once for all commands; `generate` has those of its config's period besides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from payloom.config import day_problems
from payloom.config.section import parse_day
from payloom.errors import ConfigError, Problem


def given_day(given: Mapping[str, Any]) -> date | None:
    """Return the day of ``--day``; None without one.

    Raises
    ------
    ConfigError
        If there is no such day.
    """
    problems = day_problems(first=None, end=None, day=given["day"])
    if problems:
        raise ConfigError(problems)
    return None if given["day"] is None else parse_day(given["day"])


def given_days(given: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """Return the days of ``--from`` and ``--to``; None where one is left open.

    Raises
    ------
    ConfigError
        If there is no such day, or no day between them.
    """
    problems = day_problems(first=given["start"], end=given["end"], day=None)
    if problems:
        raise ConfigError(problems)
    start, end = (None if text is None else parse_day(text) for text in (given["start"], given["end"]))
    if start is not None and end is not None and start >= end:
        allowed = f"expected a day after --from {start}; the day itself is left out"
        raise ConfigError([Problem("to", str(end), allowed, source="option --to")])
    return start, end
