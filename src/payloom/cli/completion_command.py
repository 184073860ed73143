"""``payloom completion``: the script that a shell needs to complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class, shell_complete

from payloom.errors import StorageError

PROGRAM = "payloom"
VARIABLE = "_PAYLOOM_COMPLETE"


def run_completion(app: click.Command, shell: str) -> None:
    """Print the completion script of `shell`."""
    kind = get_completion_class(shell)
    if kind is None:
        raise StorageError(f"no completion for {shell}", hint="use bash, zsh or fish")
    click.echo(kind(app, {}, PROGRAM, VARIABLE).source())


def answer_shell(app: click.Command, instruction: str) -> int:
    """Answer a shell that asks for completions; return the exit code."""
    return shell_complete(app, {}, PROGRAM, VARIABLE, instruction)
