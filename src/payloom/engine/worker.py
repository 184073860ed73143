"""A worker process: builds the world once, then runs the jobs that it is sent."""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from multiprocessing.connection import Connection
from types import FrameType
from typing import Final

from payloom.engine.making import make_job
from payloom.engine.memory import peak_rss_bytes
from payloom.engine.messages import JobDone, JobFailed, RowsMade
from payloom.engine.task import RunTask
from payloom.write.contract import Job, Producer

_TELL_SECONDS: Final = 0.2


class _Stopped(BaseException):
    """The run asks this process to end."""


def main(channel: int, lifeline: int) -> None:
    """Serve until the channel closes.

    Parameters
    ----------
    channel
        File descriptor of the socket to the run.
    lifeline
        File descriptor of a pipe that the run holds open; when the run dies, so does this process.
    """
    # The run started this process with SIGINT held back; what came meanwhile is dropped here.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_die_with, args=(lifeline,), daemon=True).start()
    connection = Connection(channel)
    try:
        task: RunTask = connection.recv()
        producer: Producer | None = None
        while (job := connection.recv()) is not None:
            try:
                producer = producer or task.source.open()
                _run(task, producer, job, connection)
            except _Stopped:
                return
            except BaseException as error:  # noqa: BLE001 - the run raises it
                connection.send(JobFailed.of(error, traceback.format_exc()))
    except (EOFError, BrokenPipeError, ConnectionResetError, _Stopped):
        return


def _stop(number: int, _frame: FrameType | None) -> None:
    # The clean-up that follows is not to be interrupted.
    signal.signal(number, signal.SIG_IGN)
    raise _Stopped


def _die_with(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)


def _run(task: RunTask, producer: Producer, job: Job, connection: Connection) -> None:
    untold = 0
    told_at = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal untold, told_at
        untold += rows
        if (now := time.monotonic()) - told_at > _TELL_SECONDS:
            connection.send(RowsMade(untold))
            untold, told_at = 0, now

    receipt = make_job(task, producer, job, tell)
    connection.send(JobDone(receipt, peak_rss_bytes()))
