"""Jobs on worker processes: one job each at a time, a killed worker costs only its job."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, Final

from payloom.engine.failures import Failures
from payloom.engine.messages import JobDone, JobFailed, RowsMade
from payloom.engine.progress import Meter
from payloom.engine.stop import Stop
from payloom.engine.task import RunTask
from payloom.errors import TransientError
from payloom.write.contract import Job
from payloom.write.parts import Receipt

_POLL_SECONDS: Final = 0.1
_ABORT_SECONDS: Final = 2.5
"""Time that workers have to abort uploads; well within what a stopping run has."""

_ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold SIGINT back; a process started meanwhile inherits that, so Ctrl-C can't hit it while it imports."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Worker:
    """A worker process as the run sees it."""

    def __init__(self, task: RunTask) -> None:
        ours, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        try:
            # Not multiprocessing: that would import the caller's main module in every worker.
            code = (
                f"import sys; sys.path[:] = {sys.path!r}; from payloom.engine.worker import main; "
                f"main({theirs.fileno()}, {lifeline})"
            )
            with _interrupts_held():
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                    [sys.executable, "-c", code],
                    pass_fds=(theirs.fileno(), lifeline),
                    stdin=subprocess.DEVNULL,
                    env=os.environ | _ONE_THREAD,
                )
        except BaseException:
            os.close(self._lifeline)
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(lifeline)
        self.connection = Connection(ours.detach())
        self.job: Job | None = None
        self.peak_rss_bytes = 0
        self._send(task)

    def give(self, job: Job) -> None:
        """Send the next job."""
        self.job = job
        self._send(job)

    def receive(self) -> RowsMade | JobDone | JobFailed | None:
        """Return what the worker says; None if it died."""
        try:
            message: RowsMade | JobDone | JobFailed = self.connection.recv()
        except (EOFError, OSError):
            return None
        return message

    def ask_to_end(self) -> None:
        """Ask the process to abort what it is writing."""
        self._process.terminate()

    def end_within(self, seconds: float) -> int:
        """Wait for a process that was asked to end, then kill it."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=max(0.0, seconds))
        return self.end()

    def end(self) -> int:
        """Kill the process, which may be in the middle of anything, and return its exit code."""
        self.connection.close()
        self._process.kill()
        code = self._process.wait()
        os.close(self._lifeline)
        return code

    def died(self) -> int:
        """Wait for a process that closed its channel and return its exit code."""
        return self.end_within(5)

    def _send(self, message: Any) -> None:
        try:
            self.connection.send(message)
        except OSError:
            return  # it is dead: `receive` says so


class _Pool:
    """The state of a run on workers."""

    def __init__(self, task: RunTask, jobs: Sequence[Job], meter: Meter, failures: Failures) -> None:
        self.task, self.meter, self.failures = task, meter, failures
        self.waiting = deque(jobs)
        self.workers: list[_Worker] = []
        self.receipts: list[Receipt] = []
        self.peaks: list[int] = []

    def dispatch(self, worker: _Worker) -> None:
        """Give a free worker the next job, or let it go."""
        if self.waiting:
            worker.give(self.waiting.popleft())
        else:
            self.dismiss(worker)

    def dismiss(self, worker: _Worker) -> int:
        """Take a worker out; return its exit code."""
        self.workers.remove(worker)
        self.peaks.append(worker.peak_rss_bytes)
        return worker.died() if worker.job else worker.end()

    def end_all(self) -> None:
        """End all workers at once; what they upload to a bucket would stay there unseen, so they may abort it."""
        deadline = time.monotonic()
        if self.task.store.is_shared:
            deadline += _ABORT_SECONDS
            for worker in self.workers:
                worker.ask_to_end()
        for worker in self.workers:
            worker.end_within(deadline - time.monotonic())

    def hear(self, worker: _Worker) -> None:
        """Act on a worker's next message."""
        message = worker.receive()
        if isinstance(message, RowsMade) and worker.job:
            self.meter.add_rows(worker.job, message.rows)
        elif isinstance(message, JobDone) and worker.job:
            self.meter.add_job(worker.job)
            worker.peak_rss_bytes = message.peak_rss_bytes
            worker.job = None
            self.receipts.append(message.receipt)
            self.dispatch(worker)
        elif isinstance(message, JobFailed) and worker.job:
            job, worker.job = worker.job, None
            self.take_back(job, again=self.failures.raised(job, message.exception()))
            self.dispatch(worker)
        else:
            self.replace(worker)

    def take_back(self, job: Job, *, again: bool) -> None:
        """Forget what was made of a job, and queue it again if it is to be."""
        self.meter.take_back(job)
        if again:
            self.waiting.appendleft(job)

    def replace(self, worker: _Worker) -> None:
        """Start another worker for one that was killed."""
        job = worker.job
        code = self.dismiss(worker)
        how = f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
        if job is None:
            raise TransientError(f"a worker process was {how}", hint="run the same command again")
        self.take_back(job, again=self.failures.killed(job, how))
        if self.waiting:
            self.workers.append(_Worker(self.task))
            self.dispatch(self.workers[-1])


def run_pool(
    task: RunTask, jobs: Sequence[Job], meter: Meter, failures: Failures, stop: Stop, *, workers: int
) -> tuple[list[Receipt], list[int]]:
    """Run the jobs on worker processes.

    Parameters
    ----------
    task
        Source and store; pickled once for each worker.
    jobs
        What to run; the first ones are started first.
    meter
        Told of rows made and jobs done.
    failures
        Told of what fails; says what is begun again.
    stop
        Looked at ten times a second.
    workers
        Number of processes.

    Returns
    -------
    receipts, peak_rss_bytes
        One receipt for each job that did not fail, in the order of finishing, and each worker's largest size.

    Raises
    ------
    InterruptedRunError
        If a signal came. Workers are ended then, as after any error: nothing that they had begun is visible.
    PayloomError
        What storage raised, or what `failures` raises.
    """
    pool = _Pool(task, jobs, meter, failures)
    try:
        for _ in range(workers):
            pool.workers.append(_Worker(task))
        for worker in list(pool.workers):
            pool.dispatch(worker)
        while pool.workers:
            stop.check()
            ready = wait([worker.connection for worker in pool.workers], timeout=_POLL_SECONDS)
            for worker in list(pool.workers):
                if worker.connection in ready:
                    pool.hear(worker)
    except BaseException:
        pool.end_all()
        raise
    return pool.receipts, pool.peaks
