"""Who encodes: the caller itself, or one thread beside it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Protocol

Task = Callable[[], None]


class Encoder(Protocol):
    """Runs tasks in the order in which they are submitted."""

    def submit(self, task: Task) -> None:
        """Run a task, now or later; raises what an earlier one raised."""
        ...

    def drain(self) -> None:
        """Return when every task has run; raises what one raised."""
        ...

    def close(self) -> None:
        """End; tasks that have not begun are dropped."""
        ...


class InlineEncoder:
    """Runs each task at once: no second row group in memory."""

    def submit(self, task: Task) -> None:
        """Run the task."""
        task()

    def drain(self) -> None:
        """Nothing is ever pending."""

    def close(self) -> None:
        """Nothing to end."""


class BackgroundEncoder:
    """Runs tasks on one thread while the caller makes the next row group.

    At most one task is pending or running, so that memory holds two row groups: the one being
    made and the one being encoded. Encoding and hashing release the interpreter lock.
    """

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(1)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="payloom-encoder", daemon=True)
        self._thread.start()

    def submit(self, task: Task) -> None:
        """Hand over a task as soon as the one before it is done."""
        self._idle.acquire()
        if self._failure is not None:
            self._idle.release()
            raise self._failure
        self._tasks.put(task)

    def drain(self) -> None:
        """Wait for the last task."""
        with self._idle:
            if self._failure is not None:
                raise self._failure

    def close(self) -> None:
        """End the thread after the task that is running."""
        if self._thread.is_alive():
            self._tasks.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except BaseException as error:  # noqa: BLE001 - the submitter raises it
                self._failure = error
            finally:
                del task
                self._idle.release()
