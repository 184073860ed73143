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

_RERUN: Final = "run the same command again to finish: finished parts are kept"
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
        self._timer: threading.Timer | None = None

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
                hint=_RERUN,
                exit_code=128 + self.signal_number,
            )

    def watch(self, pipe: int) -> None:
        """Hear signals from the pipe into which Python writes their numbers at once, whatever the main thread does."""
        while heard := os.read(pipe, 1):
            if heard[0] in _SIGNALS:
                self.receive(heard[0])

    def receive(self, number: int) -> None:
        """Note the first signal, die of the second."""
        if self.signal_number:
            os._exit(128 + number)
        self.signal_number = number
        self._timer = threading.Timer(GRACE_SECONDS, self._end)
        self._timer.daemon = True
        self._timer.start()

    def settle(self) -> None:
        """The run has stopped: cancel the hard end."""
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        """End a process that waits for something that does not answer."""
        name = signal.Signals(self.signal_number).name
        os.write(2, f"error: stopped by {name} while waiting for an answer\nfix: {_RERUN}\n".encode())
        os._exit(128 + self.signal_number)


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Give the flag that SIGINT and SIGTERM raise; Python hears signals in the main thread alone."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    watcher = threading.Thread(target=stop.watch, args=(reader,), name="payloom-signals", daemon=True)
    watcher.start()
    # A handler of Python's own runs between two steps of the main thread, which may wait in a library for minutes.
    pipe_before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    before = {number: signal.signal(number, _unheard) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(pipe_before)
        os.close(writer)
        watcher.join()
        os.close(reader)
        stop.settle()


def _unheard(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the watcher hears it."""
