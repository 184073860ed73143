"""Tables on standard output, as wide as the terminal."""

from __future__ import annotations

from typing import Final

import click
from rich.console import Console, RenderableType

_PIPE_WIDTH: Final = 120
"""Characters a line when the output is no terminal."""


def print_table(table: RenderableType) -> None:
    """Print what rich can draw; colours only on a terminal."""
    # Names that come from data may look like markup.
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_PIPE_WIDTH)
    # Printed by click, not by rich, which ends the process by itself when a pipe closes.
    with console.capture() as capture:
        console.print(table)
    click.echo(capture.get(), nl=False)
