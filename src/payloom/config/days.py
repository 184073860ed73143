"""A slice of the configured period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from payloom.config.layers import ARGUMENT
from payloom.config.section import parse_day
from payloom.config.shown import shown_value
from payloom.config.world import WorldConfig
from payloom.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class SliceWords:
    """What the two ends and the one day of a slice are called, and who gives them."""

    first: str
    end: str
    day: str
    on_command_line: bool

    def source(self, name: str) -> str:
        """Return where the value of `name` came from."""
        return f"option --{name}" if self.on_command_line else ARGUMENT

    def spelled(self, name: str, value: date) -> str:
        """Return how to give `value` to `name`."""
        return f"--{name} {value}" if self.on_command_line else f'{name}="{value}"'


OPTION_WORDS: Final = SliceWords("from", "to", "day", on_command_line=True)
ARGUMENT_WORDS: Final = SliceWords("start", "end", "day", on_command_line=False)


@dataclass(frozen=True, slots=True)
class DayRange:
    """UTC days from `start` up to, without, `end`."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days."""
        return (self.end - self.start).days


def day_range(
    world: WorldConfig,
    *,
    first: str | None = None,
    end: str | None = None,
    day: str | None = None,
    words: SliceWords = OPTION_WORDS,
) -> DayRange:
    """Return the days of the period that a run is to make.

    Parameters
    ----------
    world : WorldConfig
        The world, whose period bounds the slice.
    first, end : str, optional
        First day and day after the last, ISO text; unset: those of the period.
    day : str, optional
        One day; excludes the other two.
    words : SliceWords, optional
        What a message calls them.

    Returns
    -------
    DayRange
        The slice; the whole period when nothing is asked for.

    Raises
    ------
    ConfigError
        With every problem: no such day, outside the period, reversed.
    """
    problems = day_problems(first=first, end=end, day=day, words=words)
    one, start, stop = (None if text is None else parse_day(text) for text in (day, first, end))
    if not problems:
        problems = _day_outside(world, one, words) if one else _slice_outside(world, start, stop, words)
    if problems:
        raise ConfigError(problems)
    if one is not None:
        return DayRange(one, one + timedelta(days=1))
    return DayRange(start or world.start, stop or world.end)


def day_problems(
    *, first: str | None, end: str | None, day: str | None, words: SliceWords = OPTION_WORDS
) -> list[Problem]:
    """Return what is wrong with the options of a slice, whatever the period is."""
    problems = []
    for name, text in ((words.first, first), (words.end, end), (words.day, day)):
        if text is not None and parse_day(text) is None:
            allowed = "expected a day that exists, such as 2025-01-31"
            problems.append(Problem(name, shown_value(text), allowed, source=words.source(name)))
    if day is not None and (first is not None or end is not None):
        allowed = f"one day, or {words.first} and {words.end}, not both"
        problems.append(Problem(words.day, shown_value(day), allowed, "leave one of them out", words.source(words.day)))
    return problems


def _period(world: WorldConfig) -> str:
    return f"the period, {world.start} up to, without, {world.end}"


def _day_outside(world: WorldConfig, day: date, words: SliceWords) -> list[Problem]:
    if world.start <= day < world.end:
        return []
    return [Problem(words.day, str(day), f"expected a day in {_period(world)}", source=words.source(words.day))]


def _slice_outside(world: WorldConfig, first: date | None, end: date | None, words: SliceWords) -> list[Problem]:
    problems = []
    if first is not None and not world.start <= first < world.end:
        allowed = f"expected a day in {_period(world)}"
        problems.append(Problem(words.first, str(first), allowed, source=words.source(words.first)))
    if end is not None and not world.start < end <= world.end:
        allowed = f"expected a day after {world.start}, up to {world.end}; the day itself is not made"
        problems.append(Problem(words.end, str(end), allowed, source=words.source(words.end)))
    if not problems and first is not None and end is not None and first >= end:
        one_more = words.spelled(words.end, first + timedelta(days=1))
        fix = f"the day itself is not made: write {one_more}" if first == end else "swap them"
        allowed = f"expected a day after {words.first} {first}"
        problems.append(Problem(words.end, str(end), allowed, fix, words.source(words.end)))
    return problems
