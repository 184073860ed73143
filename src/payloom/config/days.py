"""A slice of the configured period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from payloom.config.shown import shown_value
from payloom.config.world import WorldConfig
from payloom.errors import ConfigError, Problem


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
    world: WorldConfig, *, first: str | None = None, end: str | None = None, day: str | None = None
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

    Returns
    -------
    DayRange
        The slice; the whole period when nothing is asked for.

    Raises
    ------
    ConfigError
        With every problem: no such day, outside the period, reversed.
    """
    problems = day_problems(first=first, end=end, day=day)
    if problems:
        raise ConfigError(problems)
    if day is not None:
        start = date.fromisoformat(day)
        stop = start + timedelta(days=1)
    else:
        start = world.start if first is None else date.fromisoformat(first)
        stop = world.end if end is None else date.fromisoformat(end)
    problems = _outside(world, DayRange(start, stop), first=first, end=end, day=day)
    if problems:
        raise ConfigError(problems)
    return DayRange(start, stop)


def day_problems(*, first: str | None, end: str | None, day: str | None) -> list[Problem]:
    """Return what is wrong with the options of a slice, whatever the period is."""
    problems = []
    for flag, text in (("from", first), ("to", end), ("day", day)):
        if text is not None and not _is_day(text):
            allowed = "expected a day that exists, such as 2025-01-31"
            problems.append(Problem(flag, shown_value(text), allowed, source=f"option --{flag}"))
    if day is not None and (first is not None or end is not None):
        allowed = "one day, or from and to, not both"
        problems.append(Problem("day", shown_value(day), allowed, "leave one of them out", "option --day"))
    return problems


def _outside(
    world: WorldConfig, days: DayRange, *, first: str | None, end: str | None, day: str | None
) -> list[Problem]:
    period = f"the period, {world.start} up to, without, {world.end}"
    if day is not None:
        inside = world.start <= days.start < world.end
        return [] if inside else [Problem("day", day, f"expected a day in {period}", source="option --day")]
    problems = []
    if first is not None and not world.start <= days.start < world.end:
        problems.append(Problem("from", first, f"expected a day in {period}", source="option --from"))
    if end is not None and not world.start < days.end <= world.end:
        allowed = f"expected a day after {world.start}, up to {world.end}; the day itself is not made"
        problems.append(Problem("to", end, allowed, source="option --to"))
    if not problems and days.start >= days.end:
        problems.append(Problem("to", str(days.end), f"expected a day after from {days.start}", "swap them"))
    return problems


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
