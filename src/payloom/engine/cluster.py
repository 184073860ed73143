"""Jobs as tasks of a Ray cluster: Ray places them, and begins again those whose process or node died."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from payloom.engine.budget import PROCESS_BYTES, process_bytes, worker_count
from payloom.engine.failures import Failures
from payloom.engine.memory import peak_rss_bytes
from payloom.engine.messages import JobFailed
from payloom.engine.progress import Meter
from payloom.engine.remote import Made, look, make, prepare, versions
from payloom.engine.stop import Stop
from payloom.engine.task import STARTED_HERE, Resources, RunResult, RunTask
from payloom.errors import ConfigError, Problem, TransientError
from payloom.extras import extra_libraries
from payloom.write.contract import Job
from payloom.write.parts import Receipt

with extra_libraries("ray", "--engine ray"):
    import ray
    from ray.exceptions import GetTimeoutError, ObjectLostError, RayError, RayTaskError

if TYPE_CHECKING:
    from ray import ObjectRef

DEATHS_MAX: Final = 10
"""Times that Ray begins a job whose process or node died; a job that shares a dying process counts too."""

WAITING_MIN: Final = 64
"""Jobs that Ray is given at least, so that a cluster that grows by demand sees some."""

_POLL_SECONDS: Final = 0.1
_ABORT_SECONDS: Final = 1.5
"""Time that jobs have to abort uploads; with Ray's own end within what a stopping run has."""

_KNOCK_SECONDS: Final = 10.0

_OBJECT_STORE_BYTES: Final = 100_000_000
"""Of a cluster for one run: rows never pass through it."""


def run_cluster(
    task: RunTask, jobs: Sequence[Job], resources: Resources, meter: Meter, failures: Failures, stop: Stop
) -> RunResult:
    """Run the jobs on a cluster; parts go from its nodes to the store, and only receipts come here.

    Parameters
    ----------
    task
        Source and store; every node must be able to reach the store.
    jobs
        What to run; the first ones are started first. Each is looked for on the nodes before it is made.
    resources
        Address of the cluster; jobs at a time, and their memory.
    meter
        Told of jobs done.
    failures
        Told of what fails; says what is begun again.
    stop
        Looked at ten times a second.

    Raises
    ------
    ConfigError
        If there is no such cluster, or its nodes can't run this.
    InterruptedRunError
        If a signal came. Jobs are cancelled then, as after any error: nothing that they had begun is visible.
    PayloomError
        What storage raised, or what `failures` raises.
    """
    address = resources.cluster or STARTED_HERE
    cpus = worker_count(jobs, workers=resources.workers, max_memory_bytes=resources.max_memory_bytes)
    with _connection(address, cpus):
        run = _Run(task, jobs, resources, meter, failures, stop)
        try:
            run.get_ready()
            run.all()
        except BaseException:
            run.cancel()
            raise
    peaks = run.peaks_bytes
    return RunResult(tuple(run.receipts), run.kept_parts, len(peaks), peak_rss_bytes() + sum(peaks.values()))


class _Run:
    """The state of a run on a cluster."""

    def __init__(
        self,
        task: RunTask,
        jobs: Sequence[Job],
        resources: Resources,
        meter: Meter,
        failures: Failures,
        stop: Stop,
    ) -> None:
        self._resources, self._meter, self._failures, self._stop = resources, meter, failures, stop
        self._name = os.urandom(8).hex()
        self._waiting = deque(jobs)
        self._begun: dict[ObjectRef[Any], Job] = {}
        # What processes share lies on each node once, and Ray counts it itself; building it takes all.
        self._alone_bytes = process_bytes(jobs)
        self._job_bytes = process_bytes(jobs, sharing=True)
        self._make = self._remote(make, self._job_bytes)
        # By value, it is small: an object of this driver's could be lost on its way to another node.
        self._task = task
        self._shared: ObjectRef[Any] | None = None
        self._preparing: list[ObjectRef[Any]] = []
        self.receipts: list[Receipt] = []
        self.kept_parts = 0
        self.peaks_bytes: dict[str, int] = {}

    def _remote(self, function: Callable[..., Any], memory_bytes: int) -> Any:
        return ray.remote(num_cpus=1, memory=memory_bytes, max_retries=DEATHS_MAX - 1)(function)

    def get_ready(self) -> None:
        """Make sure that a node can do the work, and have what all processes share built on one."""
        self._check_sizes()
        seen = self._result_of(look)
        wrong = [f"{name} {seen[name]} instead of {own}" for name, own in versions().items() if seen[name] != own]
        if wrong:
            raise _unusable(
                f"a node has {', '.join(wrong)}", "install the same versions on all nodes: others write other bytes"
            )
        # A reference: what is shared goes from node to node, never through this process.
        self._shared = self._remote(prepare, self._alone_bytes).remote(self._task)

    def all(self) -> None:
        """Run the jobs."""
        while self._waiting or self._begun:
            self._stop.check()
            self._begin()
            done, _ = ray.wait(list(self._begun), num_returns=1, timeout=_POLL_SECONDS)
            if done:
                # Whatever else is done by now.
                done, _ = ray.wait(list(self._begun), num_returns=len(self._begun), timeout=0)
            for ref in done:
                self._hear(ref, self._begun.pop(ref))

    def cancel(self) -> None:
        """End all jobs at once; what they upload to a bucket would stay there unseen, so they may abort it."""
        refs = [*self._begun, *self._preparing, *([self._shared] if self._shared else [])]
        for ref in refs:
            ray.cancel(ref)
        _, running = ray.wait(refs, num_returns=len(refs), timeout=_ABORT_SECONDS) if refs else ([], [])
        for ref in running:
            ray.cancel(ref, force=True)

    def _check_sizes(self) -> None:
        need_bytes = self._alone_bytes
        all_nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        nodes = [node["Resources"] for node in all_nodes if node["Alive"] and node["Resources"].get("CPU")]
        largest_bytes = max((int(node.get("memory", 0)) for node in nodes), default=need_bytes)
        if largest_bytes < need_bytes:
            raise _unusable(
                f"a job needs {need_bytes / 1e6:,.0f} MB, and no node has more than {largest_bytes / 1e6:,.0f}",
                "add larger nodes, or lower --row-group-mb",
            )

    def _result_of(self, function: Any) -> Any:
        """Run a function of the task on a node."""
        ref = self._remote(function, self._job_bytes).remote(self._task)
        self._preparing.append(ref)
        while True:
            self._stop.check()
            try:
                return ray.get(ref, timeout=_POLL_SECONDS)
            except GetTimeoutError:
                continue
            except RayTaskError as error:
                if isinstance(error.cause, Exception) and type(error.cause).__module__.startswith("payloom"):
                    raise error.cause from None
                raise _unusable(f"a node can't run payloom: {_last_line(error)}", _INSTALL) from error
            except RayError as error:
                raise TransientError(f"a node died: {_last_line(error)}", hint="run the same command again") from error

    def _begin(self) -> None:
        """Hand over jobs, as many as may be under way."""
        room = self._width() - len(self._begun)
        while self._waiting and room > 0:
            job = self._waiting.popleft()
            ref = self._make.options(name=job.name).remote(self._name, self._task, self._shared, job)
            self._begun[ref] = job
            room -= 1

    def _width(self) -> int:
        """Return how many jobs may be under way; without a word from the user, Ray lets as many run as fit."""
        cap = self._resources.max_memory_bytes
        fitting = max(1, (cap - PROCESS_BYTES // 2) // self._job_bytes) if cap else None
        limits = [limit for limit in (self._resources.workers, fitting) if limit]
        return min(limits) if limits else max(WAITING_MIN, 2 * _cpus())

    def _hear(self, ref: ObjectRef[Any], job: Job) -> None:
        """Act on what became of a job."""
        try:
            answer: Made | JobFailed = ray.get(ref)
        except ObjectLostError as error:
            self._failed(job, again=self._failures.killed(job, f"without what all share: {_last_line(error)}"))
        except RayTaskError as error:
            if isinstance(error.cause, RayError):
                self._failed(job, again=self._failures.killed(job, f"without an object of Ray: {_last_line(error)}"))
                return
            cause = error.cause if isinstance(error.cause, Exception) else RuntimeError(_last_line(error))
            self._failed(job, again=self._failures.raised(job, cause))
        except RayError as error:
            self._failures.gave_up(job, f"its process or node died {DEATHS_MAX} times; Ray says: {_last_line(error)}")
        else:
            if isinstance(answer, JobFailed):
                self._failed(job, again=self._failures.raised(job, answer.exception()))
                return
            self.receipts.append(answer.receipt)
            self.kept_parts += len(answer.receipt.parts) if answer.kept else 0
            self.peaks_bytes[answer.process] = max(answer.peak_rss_bytes, self.peaks_bytes.get(answer.process, 0))
            self._meter.add_job(job, kept=answer.kept)

    def _failed(self, job: Job, *, again: bool) -> None:
        if again:
            self._waiting.appendleft(job)


def _cpus() -> int:
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return int(resources.get("CPU", 0))


_INSTALL: Final = 'install the same payloom on every node: pip install "payloom[ray,s3]"'


@contextmanager
def _connection(address: str, cpus: int) -> Iterator[None]:
    """Hold a connection to the cluster, unless the caller of this library has one already."""
    if ray.is_initialized():
        yield
        return
    try:
        _connect(address, cpus)
        yield
    finally:
        ray.shutdown()


def _connect(address: str, cpus: int) -> None:
    _knock(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray announces every start and every finding; what goes wrong is raised.
    given: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address == STARTED_HERE:
        given |= {"num_cpus": cpus, "include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES}
    with _own_signals():
        try:
            ray.init(address=address, **given)
        except (RayError, RuntimeError, ValueError, OSError) as error:
            raise _no_cluster(address, error) from error


def _knock(address: str) -> None:
    """See whether anybody answers at HOST:PORT; Ray would try for most of a minute."""
    host, _, port = address.rpartition(":")
    if not host:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> ConfigError:
    return _unusable(
        f"there is no cluster at {address} that can be used: {_last_line(error)}",
        "start one with `ray start --head`, or leave out --address to start one for this run; a cluster with a token "
        "wants RAY_AUTH_MODE=token here too",
    )


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the handler of SIGTERM, which Ray replaces by its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _unusable(what: str, fix: str) -> ConfigError:
    return ConfigError([Problem("address", "", what)], hint=fix)


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
