"""Errors of payloom: one root, and each says by type whether a retry can help.

A caller reads three things from an error: ``exit_code`` (what the process
should leave with), ``retryable`` (may the same call work later?) and ``hint``
(the way out, one sentence). Everything else is kept as an attribute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class PayloomError(Exception):
    """Root of every error that payloom raises on purpose.

    Parameters
    ----------
    message : str
        One line: what is wrong, with the value that is wrong.
    hint : str, optional
        One line: what to do about it.
    **values : Any
        Facts about the error; each becomes an attribute.
    """

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    kind: ClassVar[str] = ""
    """What programs tell it by where the exit code is not enough; empty if it is."""

    def __init__(self, message: str, *, hint: str = "", **values: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.values = values
        for name, value in values.items():
            setattr(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep hint and values when a worker process hands the error over."""
        return _rebuild, (type(self), self.message, self.hint, self.values)


def _rebuild(kind: type[PayloomError], message: str, hint: str, values: dict[str, Any]) -> PayloomError:
    error = kind.__new__(kind)
    PayloomError.__init__(error, message, hint=hint, **values)
    return error


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a config.

    Attributes
    ----------
    field : str
        Dotted path of the field, such as ``world.rows`` or ``regions[1].share``.
    given : str
        The value as it was given, shortened for one line; empty if there is none.
    allowed : str
        What the field accepts.
    fix : str
        What to write instead, or the nearest name that exists.
    source : str
        Where the value came from: a file, an option, a preset.
    """

    field: str
    given: str
    allowed: str
    fix: str = ""
    source: str = ""

    def cause(self) -> str:
        """Return what is wrong, without the fix, as one line of text."""
        given = f" = {self.given}" if self.given else ""
        where = f" ({self.source})" if self.source else ""
        return f"{self.field}{given}{where}: {self.allowed}"

    def line(self) -> str:
        """Return the problem with its fix as one line of text."""
        return f"{self.cause()}; {self.fix}" if self.fix else self.cause()


class ConfigError(PayloomError):
    """The config asks for something that can't be made; nothing was written.

    Parameters
    ----------
    problems : iterable of Problem
        Every problem found, in the order of the config.
    hint : str, optional
        The way out that holds for all of them.
    """

    exit_code = 2
    subject: ClassVar[str] = "the config"

    def __init__(self, problems: Iterable[Problem], *, hint: str = "") -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        count = len(self.problems)
        message = (
            self.problems[0].line()
            if count == 1
            else f"{self.subject} has {count} problems: " + " | ".join(problem.line() for problem in self.problems)
        )
        super().__init__(message, hint=hint, problems=self.problems)


class TrainingDataError(ConfigError):
    """The data can't teach a model, or can't be scored by one: a column, a class or time is missing."""

    subject = "the data"


class TooLittleDataError(TrainingDataError):
    """There are too few payments, days or frauds yet; with more of them the same call may work."""

    kind = "too_little_data"


class GateError(PayloomError):
    """The data was made and does not pass its quality gate."""

    exit_code = 3


class ConflictError(PayloomError):
    """The target already holds something else: another world, layout or unit."""

    exit_code = 4


class StorageError(PayloomError):
    """Storage refuses for good: no space, no permission, no such bucket."""

    exit_code = 5


class TransientError(PayloomError):
    """Storage failed in a way that may pass; the retries are used up."""

    exit_code = 6
    retryable = True


class CorruptionError(PayloomError):
    """Bytes on disk are not the bytes that were written."""

    exit_code = 7
