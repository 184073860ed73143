"""SIGINT and SIGTERM: the first stops the run in good order, the second kills it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from payloom.errors import PayloomError

GRACE_SECONDS: Final = 4.0
"""Time that a stopping run has before it is ended the hard way, which loses no more than kill -9 does."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class InterruptedRunError(PayloomError):
    """A signal stopped the run; `exit_code` is 128 plus its number."""


class Stop:
    """Whether a signal came.

    Attributes
    ----------
    signal_number
        The signal, or 0.
    """

    def __init__(self) -> None:
        self.signal_number = 0

    def check(self) -> None:
        """Return if no signal came.

        Raises
        ------
        InterruptedRunError
            Otherwise.
        """
        if self.signal_number:
            raise InterruptedRunError(
                f"stopped by {signal.Signals(self.signal_number).name}",
                hint="run the same command again to finish: finished parts are kept",
                exit_code=128 + self.signal_number,
            )

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal: note the first, die of the second."""
        if self.signal_number:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.signal_number = number
        timer = threading.Timer(GRACE_SECONDS, os._exit, (128 + number,))
        timer.daemon = True
        timer.start()
        self._timer = timer

    def settle(self) -> None:
        """The run has stopped: cancel the hard end."""
        if self.signal_number:
            self._timer.cancel()


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Give the flag that SIGINT and SIGTERM raise; Python hears signals in the main thread alone."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop.receive) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.settle()
