"""Progress of a run: a bar on a terminal, a line now and then elsewhere, JSON for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

import click

from payloom.cli.values import duration_text, size_text

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

SECONDS_BETWEEN_LINES: Final = 5.0
SECONDS_BETWEEN_RECORDS: Final = 1.0

FORMATS: Final = ("auto", "bar", "lines", "json", "none")
"""How progress can be shown; ``auto`` is a bar on a terminal and lines elsewhere."""


class Progress(Protocol):
    """Told of what is done; used as a context manager around a run."""

    def __enter__(self) -> Self:
        """Start to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing, leaving the terminal as it was."""
        ...

    def update(self, done: int, total: int, kept: int = 0) -> None:
        """Show that `done` of `total` are done, `kept` of them by an earlier run."""
        ...


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted: its name for programs, how a number of it is written, and what follows the number."""

    unit: str
    amount: Callable[[float], str]
    suffix: str

    def text(self, done: int, total: int) -> str:
        """Return how far it is."""
        return f"{self.amount(done)} of {self.amount(total)}{self.suffix}"

    def rate(self, per_second: float) -> str:
        """Return how fast it is."""
        return f"{self.amount(per_second)}{self.suffix}/s"


ROWS: Final = Counted("rows", lambda number: f"{number:,.0f}", " rows")
BYTES: Final = Counted("bytes", lambda number: size_text(int(number)), "")


def progress_for(counted: Counted, *, quiet: bool, form: str = "auto") -> Progress:
    """Return the progress of this form, one of `FORMATS`, always on stderr; silence if quiet."""
    if quiet or form == "none":
        return Silence()
    if form == "json":
        return Records(counted)
    as_bar = form == "bar" or (form == "auto" and sys.stderr.isatty())
    return Bar(counted) if as_bar else Lines(counted)


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""

    def update(self, done: int, total: int, kept: int = 0) -> None:
        """Do nothing."""


class Pace:
    """How fast it goes, and how long it still takes; what an earlier run did says nothing of that."""

    def __init__(self) -> None:
        self._started_s = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self._started_s

    def per_second(self, done: int, kept: int) -> float:
        """Return the rate since the start."""
        return (done - kept) / max(self.seconds, 1e-9)

    def seconds_left(self, done: int, total: int, kept: int) -> float | None:
        """Return how long it takes at the rate so far; None before there is one."""
        rate = self.per_second(done, kept)
        return (total - done) / rate if rate else None


class Lines:
    """A plain line every few seconds, for logs."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._pace = Pace()
        self._said_s = 0.0

    def __enter__(self) -> Self:
        """Start the clock."""
        self._pace = Pace()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last line as it is."""

    def update(self, done: int, total: int, kept: int = 0) -> None:
        """Print a line if the last one is old enough."""
        now_s = self._pace.seconds
        if now_s - self._said_s < SECONDS_BETWEEN_LINES:
            return
        self._said_s = now_s
        share = done / total if total else 0.0
        left_s = self._pace.seconds_left(done, total, kept)
        ending = "" if left_s is None else f", {duration_text(left_s)} left"
        rate = self._counted.rate(self._pace.per_second(done, kept))
        click.echo(f"{self._counted.text(done, total)} ({share:.0%}), {rate}{ending}", err=True)


class Records:
    """A line of JSON now and then, and one at the end, for programs."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._pace = Pace()
        self._said_s = -SECONDS_BETWEEN_RECORDS
        self._last: dict[str, object] | None = None

    def __enter__(self) -> Self:
        """Start the clock."""
        self._pace = Pace()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Print the last state if nobody saw it."""
        if self._last is not None:
            self._say(self._last)

    def update(self, done: int, total: int, kept: int = 0) -> None:
        """Print a record if the last one is old enough."""
        now_s = self._pace.seconds
        left_s = self._pace.seconds_left(done, total, kept)
        self._last = {
            "event": "progress",
            "unit": self._counted.unit,
            "done": done,
            "total": total,
            "kept": kept,
            "per_second": round(self._pace.per_second(done, kept), 1),
            "seconds": round(now_s, 1),
            "seconds_left": None if left_s is None else round(left_s, 1),
        }
        if now_s - self._said_s >= SECONDS_BETWEEN_RECORDS:
            self._said_s = now_s
            self._say(self._last)

    def _say(self, record: dict[str, object]) -> None:
        click.echo(json.dumps(record), err=True)
        self._last = None


class Bar:
    """A bar with the amount, the share, the rate and the time left."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._bar: RichProgress | None = None
        self._pace = Pace()

    def __enter__(self) -> Self:
        """Draw the empty bar."""
        # A run in a log or a pipe does not wait for rich.
        from rich.console import Console  # noqa: PLC0415 - slow to import
        from rich.progress import (  # noqa: PLC0415 - slow to import
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
        )

        self._bar = Progress(
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
            refresh_per_second=5,
            transient=True,
        )
        self._bar.add_task("getting ready", total=None)
        self._bar.start()
        self._pace = Pace()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing and give the cursor back."""
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int, kept: int = 0) -> None:
        """Move the bar."""
        if self._bar is None:
            return
        left_s = self._pace.seconds_left(done, total, kept)
        ending = "" if left_s is None else f", {duration_text(left_s)} left"
        rate = self._counted.rate(self._pace.per_second(done, kept))
        text = f"{self._counted.text(done, total)}, {rate}{ending}"
        self._bar.update(self._bar.tasks[0].id, completed=done, total=total, description=text)
