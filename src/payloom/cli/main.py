"""Entry point: runs a command and turns whatever happens into a message and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn, TextIO

import click

from payloom.cli.app import app
from payloom.cli.completion_command import PROGRAM, VARIABLE, answer_shell
from payloom.cli.failure import (
    CANNOT_WRITE,
    INTERRUPTED,
    OUT_OF_MEMORY,
    OUTPUT_CLOSED,
    TERMINATED,
    show_bug,
    show_failure,
    show_payloom_error,
)
from payloom.errors import PayloomError


class Terminated(BaseException):
    """SIGTERM came; not an Exception, so that no handler on the way takes it for an error."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave the process with its exit code."""
    _prepare_streams()
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; nothing is raised."""
    as_json = "--json" in arguments
    try:
        return _finish(_guarded(arguments, as_json=as_json))
    except BrokenPipeError:
        return _close_quietly()


def _guarded(arguments: list[str], *, as_json: bool) -> int:
    try:
        return _invoke(arguments)
    except BrokenPipeError:
        raise
    except PayloomError as error:
        return show_payloom_error(error, as_json=as_json)
    except (KeyboardInterrupt, click.Abort, Terminated, click.ClickException, MemoryError, OSError) as error:
        return show_failure(*_explained(error), as_json=as_json)
    except (SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - no traceback for users; a panic of a library is no Exception
        return show_bug(error, as_json=as_json)


def _explained(error: BaseException) -> tuple[str, str, int]:
    """Return message, fix and exit code for a failure that is neither ours nor a bug."""
    if isinstance(error, click.ClickException):
        return error.format_message(), _help_command(error), error.exit_code
    if isinstance(error, MemoryError):
        return "out of memory", "lower --max-memory, --workers or --row-group-mb", OUT_OF_MEMORY
    if isinstance(error, OSError):
        # Writing to a stream leaves no file name.
        return (
            f"{error.filename or 'output'}: {error.strerror or error}",
            "check the path, its permissions and the free space",
            CANNOT_WRITE,
        )
    code = TERMINATED if isinstance(error, Terminated) else INTERRUPTED
    return "terminated" if code == TERMINATED else "interrupted", "run the same command to go on", code


def _invoke(arguments: list[str]) -> int:
    # Not app.main(): that one ends the process by itself when a pipe closes.
    instruction = os.environ.get(VARIABLE)
    if instruction:
        return answer_shell(app, instruction)
    try:
        with app.make_context(PROGRAM, arguments) as context:
            app.invoke(context)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as leave:
        return leave.exit_code
    return 0


def _help_command(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else PROGRAM} --help lists what there is"


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    # A second one kills at once.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise Terminated


def _prepare_streams() -> None:
    """Make output safe for closed streams and for terminals that don't speak UTF-8."""
    sys.stdout = _usable(sys.stdout)
    sys.stderr = _usable(sys.stderr)


def _usable(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open until the end
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _finish(code: int) -> int:
    """Flush while errors can still be told."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _silence(sys.stdout)
        return code or show_failure(f"output: {error.strerror}", "check where it goes", CANNOT_WRITE, as_json=False)
    return code


def _close_quietly() -> int:
    """The reader has gone, as `head` does: say nothing, also not at exit."""
    _silence(sys.stdout)
    return OUTPUT_CLOSED


def _silence(stream: TextIO) -> None:
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, stream.fileno())
    os.close(sink)
