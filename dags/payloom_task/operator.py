"""The operator: one command of payloom, whose exit code decides what Airflow does next."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from airflow.sdk import BaseOperator

from payloom_task.credentials import child_environment, secrets_of
from payloom_task.names import AirflowException, AirflowFailException, AirflowSkipException
from payloom_task.process import Command, Ended
from payloom_task.run import Run, run_of
from payloom_task.settings import read_settings

TRANSIENT: Final = 6
FIRST_SIGNAL: Final = 128
"""A shell, and payloom itself, leave with 128 + the signal that ended them."""

TEXT_CHARACTERS: Final = 500
RULES_SHOWN: Final = 5

Document = dict[str, Any]


class PayloomOperator(BaseOperator):
    """Run one command of payloom in a process of its own.

    Exit code 0 is done. Exit code 6 and death by a signal may pass, so Airflow tries again. Anything else fails at
    once, with payloom's own line and its way out.

    Parameters
    ----------
    arguments
        Gives the arguments of the command, without `--json`; called when the task runs.
    keep
        Keys of the command's answer that become the XCom, with a dot for a key within a key: references and counts.
    skip
        Gives the reason to skip the task instead of running the command, if there is one.
    skip_answer
        Gives the reason to skip the task, if the command has failed with an answer that is one.
    """

    def __init__(
        self,
        *,
        arguments: Callable[[Run], Sequence[str]],
        keep: Sequence[str] = (),
        skip: Callable[[Run], str] | None = None,
        skip_answer: Callable[[Document], str] | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(**rest)
        self.arguments = arguments
        self.keep = tuple(keep)
        self.skip = skip
        self.skip_answer = skip_answer
        self._command: Command | None = None

    def execute(self, context: Any) -> Document:
        """Run the command and return references to what it made.

        Raises
        ------
        AirflowException
            If it may work later.
        AirflowFailException
            If it may not.
        AirflowSkipException
            If there is nothing to do.
        """
        run = run_of(context, read_settings())
        if self.skip is not None and (reason := self.skip(run)):
            raise self._skipped(reason)
        command = [run.settings.command, *self.arguments(run), "--json"]
        answer = self._answer(command, self._run(command, run))
        kept = {name: value for name in self.keep if (value := _reference(answer, name)) is not None}
        for name, value in kept.items():
            self.log.info("%s: %s", name, value)
        for asset in self.outlets:
            context["outlet_events"][asset].extra = {"day": str(run.day), "location": run.dataset}
        return kept

    def on_kill(self) -> None:
        """End the command and whatever it has started."""
        if self._command is not None:
            self._command.stop()

    def _skipped(self, reason: str) -> AirflowSkipException:
        # Airflow's own line says "skipping" and not why.
        self.log.info("skipped: %s", reason)
        return AirflowSkipException(reason)

    def _run(self, command: Sequence[str], run: Run) -> Ended:
        environment = child_environment(run.settings)
        self.log.info("command: %s", " ".join(command))
        self._command = Command(command, environment, self._say, secrets_of(environment))
        try:
            return self._command.run()
        except OSError as error:
            raise AirflowFailException(
                f"{command[0]} can't be started: {error.strerror or error}; PAYLOOM_COMMAND (or the Variable "
                "payloom_command) names payloom's executable"
            ) from None

    def _say(self, line: str) -> None:
        self.log.info("%s", line)

    def _answer(self, command: Sequence[str], ended: Ended) -> Document:
        """Return what the command answered, or raise what its exit code means."""
        what = f"payloom {command[1]}"
        answer = _document(ended.output)
        if ended.code == 0:
            if answer is None:
                raise AirflowFailException(f"{what} ended well without an answer in JSON: is {command[0]} payloom?")
            return answer
        if ended.code < 0 or ended.code >= FIRST_SIGNAL:
            number = -ended.code if ended.code < 0 else ended.code - FIRST_SIGNAL
            raise AirflowException(f"{what} was ended by signal {number}")
        reason = f"{what} left with exit code {ended.code}: {_reason(answer, ended)}"
        if ended.code == TRANSIENT:
            raise AirflowException(reason)
        if answer is not None and self.skip_answer is not None and (why := self.skip_answer(answer)):
            raise self._skipped(why)
        raise AirflowFailException(reason)


def _document(output: str | None) -> Document | None:
    try:
        found = json.loads(output or "")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _reason(answer: Document | None, ended: Ended) -> str:
    """Return why a command failed, in one line: its answer's words, else what it said last."""
    if answer is not None and "error" in answer:
        fix = f"; fix: {answer['fix']}" if answer.get("fix") else ""
        return f"{answer['error']}{fix}"
    if answer is not None and "results" in answer:
        return _verdict(answer)
    told = [line for line in ended.last_lines if line.startswith(("error:", "fix:"))]
    return "; ".join(told or ended.last_lines[-1:]) or "it said nothing"


def _verdict(answer: Document) -> str:
    """Return which rules of the quality gate do not hold, and where the pages are that show it."""
    failed = [result["rule"] for result in answer["results"] if result.get("verdict") == "failed"]
    more = f" and {len(failed) - RULES_SHOWN} more" if len(failed) > RULES_SHOWN else ""
    holds = "does not hold" if len(failed) == 1 else "do not hold"
    return f"{', '.join(failed[:RULES_SHOWN])}{more} {holds}; the report: {answer.get('docs') or 'none was written'}"


def _reference(answer: Document, name: str) -> str | int | float | bool | None:
    """Return a small value of an answer, None if it has none of this name; never a table or a text without end."""
    value: Any = answer
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value[:TEXT_CHARACTERS]
    return value if isinstance(value, int | float) else None
