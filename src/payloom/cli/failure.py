"""How a failure looks: one line with the cause, one with the way out, and an exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from contextlib import suppress
from typing import Any, Final

import click

from payloom.errors import ConfigError, PayloomError

MAX_PROBLEMS: Final = 18
"""Problems that are shown; with the lines around them they fit on one screen."""

MAX_LINE: Final = 300

DEBUG: Final = "PAYLOOM_DEBUG"

_WHERE_TO_LOOK: Final = "payloom config prints every setting, payloom COMMAND --help every option"

BUG: Final = 1
INTERRUPTED: Final = 130
TERMINATED: Final = 143
OUTPUT_CLOSED: Final = 141
"""128 + signal: SIGINT, SIGTERM, SIGPIPE."""

OUT_OF_MEMORY: Final = 6
CANNOT_WRITE: Final = 5


def show_payloom_error(error: PayloomError, *, as_json: bool) -> int:
    """Print an error of ours and return its exit code."""
    fix = _show_problems(error) if isinstance(error, ConfigError) else _show_message(error)
    if fix:
        _say("fix", fix)
    _show_trace_if_asked()
    if as_json:
        _print_json(_as_json(error))
    return error.exit_code


def show_failure(message: str, fix: str, exit_code: int, *, as_json: bool) -> int:
    """Print a failure that is no error of ours and return `exit_code`."""
    _say("error", message)
    if fix:
        _say("fix", fix)
    _show_trace_if_asked()
    if as_json:
        _print_json({"status": "error", "exit_code": exit_code, "error": message, "fix": fix})
    return exit_code


def show_bug(error: BaseException, *, as_json: bool) -> int:
    """Print one line for an exception that nobody expected."""
    message = f"{type(error).__name__}: {error}; this is a bug in payloom"
    fix = f"run it again with {DEBUG}=1 to see the traceback, and report it"
    return show_failure(message, fix, BUG, as_json=as_json)


def _show_message(error: PayloomError) -> str:
    _say("error", error.message)
    further = [text for text in error.values.get("problems", ())[1:] if isinstance(text, str)]
    _list(further)
    return error.hint


def _show_problems(error: ConfigError) -> str:
    """Print what is wrong with a config and return the fix."""
    problems = error.problems
    if len(problems) == 1:
        _say("error", problems[0].cause())
        return error.hint or problems[0].fix or _WHERE_TO_LOOK
    _say("error", f"{len(problems)} problems; nothing was written")
    _list([problem.line() for problem in problems])
    return error.hint or _WHERE_TO_LOOK


def _print_json(answer: dict[str, Any]) -> None:
    """Print the answer for programs; what failed may be standard output itself, and the message is out already."""
    with suppress(OSError):
        click.echo(json.dumps(answer))


def _list(lines: list[str]) -> None:
    """Print lines below a message, as many as fit on a screen."""
    for line in lines[:MAX_PROBLEMS]:
        click.echo(f"  {_one_line(line)}", err=True)
    if len(lines) > MAX_PROBLEMS:
        click.echo(f"  ... and {len(lines) - MAX_PROBLEMS} more", err=True)


def _say(word: str, text: str) -> None:
    color = {"error": "red", "fix": "green"}[word]
    click.echo(f"{click.style(f'{word}:', fg=color, bold=True)} {_one_line(text)}", err=True, color=_colors())


def _colors() -> bool | None:
    """Return False when the user wants no colours, None to let click decide."""
    return False if os.environ.get("NO_COLOR") else None


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 3]}..."


def _show_trace_if_asked() -> None:
    if os.environ.get(DEBUG) and sys.exc_info()[0] is not None:
        click.echo(traceback.format_exc(), err=True)


def _as_json(error: PayloomError) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "status": "error",
        "exit_code": error.exit_code,
        "retryable": error.retryable,
        "error": error.message,
        "fix": error.hint,
    }
    if error.kind:
        answer["kind"] = error.kind
    if isinstance(error, ConfigError):
        answer["problems"] = [vars(problem) for problem in error.problems]
    return answer
