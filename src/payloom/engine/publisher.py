"""A thread that waits for the disk while the next job is made."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Task = Callable[[], None]


class Publisher:
    """Runs tasks on one thread, in order; at most one is pending or running."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(1)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="payloom-publisher", daemon=True)
        self._thread.start()

    def submit(self, task: Task) -> None:
        """Hand over a task as soon as the one before it is done; raises what that one raised."""
        self._idle.acquire()
        if self._failure is not None:
            self._idle.release()
            raise self._failure
        self._tasks.put(task)

    def drain(self) -> None:
        """Return when the last task has run; raises what it raised."""
        with self._idle:
            if self._failure is not None:
                raise self._failure

    def close(self) -> None:
        """End the thread after the task that is running."""
        self._tasks.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except BaseException as error:  # noqa: BLE001 - the submitter raises it
                self._failure = error
            finally:
                self._idle.release()
