"""What the run and its worker processes say to each other, one pickled object at a time."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

from payloom.errors import PayloomError
from payloom.write.parts import Receipt


@dataclass(frozen=True, slots=True)
class RowsMade:
    """A worker made this many more rows of its job's first output."""

    rows: int


@dataclass(frozen=True, slots=True)
class JobDone:
    """A job's files are durable.

    Attributes
    ----------
    receipt
        What it left.
    peak_rss_bytes
        Largest size that the worker had so far.
    """

    receipt: Receipt
    peak_rss_bytes: int


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A job raised.

    Attributes
    ----------
    error
        The pickled exception; empty if it can't be pickled.
    text
        Its traceback.
    """

    error: bytes
    text: str

    @classmethod
    def of(cls, error: BaseException, text: str) -> JobFailed:
        """Describe an exception."""
        try:
            data = pickle.dumps(error)
            pickle.loads(data)  # noqa: S301 - our own bytes
        except Exception:  # noqa: BLE001 - whatever a foreign class raises, the text remains
            data = b""
        return cls(data, text)

    def exception(self) -> BaseException:
        """Return the exception as it was, with the worker's traceback as a note unless it is one of ours."""
        error: BaseException
        error = pickle.loads(self.error) if self.error else RuntimeError("a job failed")  # noqa: S301
        if not isinstance(error, PayloomError):
            error.add_note(f"In a worker process:\n{self.text}")
        return error
