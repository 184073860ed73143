"""Progress of a run: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

import click

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

SECONDS_BETWEEN_LINES: Final = 5.0


class Progress(Protocol):
    """Told of rows as they are done; used as a context manager around a run."""

    def __enter__(self) -> Self:
        """Start to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop showing, leaving the terminal as it was."""
        ...

    def update(self, rows_done: int, rows_total: int) -> None:
        """Show that `rows_done` of `rows_total` rows are made."""
        ...


def progress_for(*, quiet: bool) -> Progress:
    """Return the progress that suits the output: none, a bar or lines, always on stderr."""
    if quiet:
        return Silence()
    return Bar() if sys.stderr.isatty() else Lines()


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""

    def update(self, rows_done: int, rows_total: int) -> None:
        """Do nothing."""


class Lines:
    """A plain line every few seconds, for logs."""

    def __init__(self) -> None:
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

    def update(self, rows_done: int, rows_total: int) -> None:
        """Print a line if the last one is old enough."""
        now_s = time.monotonic()
        if now_s - self._said_s < SECONDS_BETWEEN_LINES:
            return
        self._said_s = now_s
        share = rows_done / rows_total if rows_total else 0.0
        rate = rows_done / (now_s - self._started_s)
        click.echo(f"{rows_done:,} of {rows_total:,} rows ({share:.0%}), {rate:,.0f} rows/s", err=True)


class Bar:
    """A bar with rows, share, rows per second and time left."""

    def __init__(self) -> None:
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

    def update(self, rows_done: int, rows_total: int) -> None:
        """Move the bar."""
        if self._bar is None:
            return
        task = self._bar.tasks[0]
        rate = f", {rows_done / task.elapsed:,.0f} rows/s" if task.elapsed else ""
        text = f"{rows_done:,} of {rows_total:,} rows{rate}"
        self._bar.update(task.id, completed=rows_done, total=rows_total, description=text)
