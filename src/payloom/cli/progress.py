"""Progress of a run: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

import click

from payloom.cli.values import size_text

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

SECONDS_BETWEEN_LINES: Final = 5.0


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

    def update(self, done: int, total: int) -> None:
        """Show that `done` of `total` are done."""
        ...


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted: how a number of it is written, and what follows the number."""

    amount: Callable[[float], str]
    suffix: str

    def text(self, done: int, total: int) -> str:
        """Return how far it is."""
        return f"{self.amount(done)} of {self.amount(total)}{self.suffix}"

    def rate(self, per_second: float) -> str:
        """Return how fast it is."""
        return f"{self.amount(per_second)}{self.suffix}/s"


ROWS: Final = Counted(lambda number: f"{number:,.0f}", " rows")
BYTES: Final = Counted(lambda number: size_text(int(number)), "")


def progress_for(counted: Counted, *, quiet: bool) -> Progress:
    """Return the progress that suits the output: none, a bar or lines, always on stderr."""
    if quiet:
        return Silence()
    return Bar(counted) if sys.stderr.isatty() else Lines(counted)


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""

    def update(self, done: int, total: int) -> None:
        """Do nothing."""


class Lines:
    """A plain line every few seconds, for logs."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._started_s = 0.0
        self._said_s = 0.0

    def __enter__(self) -> Self:
        """Start the clock."""
        self._started_s = self._said_s = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last line as it is."""

    def update(self, done: int, total: int) -> None:
        """Print a line if the last one is old enough."""
        now_s = time.monotonic()
        if now_s - self._said_s < SECONDS_BETWEEN_LINES:
            return
        self._said_s = now_s
        share = done / total if total else 0.0
        rate = self._counted.rate(done / (now_s - self._started_s))
        click.echo(f"{self._counted.text(done, total)} ({share:.0%}), {rate}", err=True)


class Bar:
    """A bar with the amount, the share, the rate and the time left."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._bar: RichProgress | None = None

    def __enter__(self) -> Self:
        """Draw the empty bar."""
        # A run in a log or a pipe does not wait for rich.
        from rich.console import Console  # noqa: PLC0415 - slow to import
        from rich.progress import (  # noqa: PLC0415 - slow to import
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            refresh_per_second=5,
            transient=True,
        )
        self._bar.add_task("getting ready", total=None)
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing and give the cursor back."""
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int) -> None:
        """Move the bar."""
        if self._bar is None:
            return
        task = self._bar.tasks[0]
        rate = f", {self._counted.rate(done / task.elapsed)}" if task.elapsed else ""
        text = self._counted.text(done, total) + rate
        self._bar.update(task.id, completed=done, total=total, description=text)
