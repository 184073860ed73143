"""Clusters of Ray on this machine, one process for each node, and what becomes of their processes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
JOB = re.compile(r"ray::[a-z_]+-\d")
ROOT = Path(__file__).resolve().parents[2]
NODE: dict[str, Any] = {"num_cpus": 1, "memory": 4 * 10**9, "object_store_memory": 100_000_000}
"""One CPU, so that as many jobs run at a time as there are nodes."""


class Nodes:
    """A cluster whose files, and those of all its processes, lie in `folder`; no job runs on an idle head."""

    def __init__(self, count: int, folder: Path, env: Mapping[str, str], *, idle_head: bool) -> None:
        from ray.cluster_utils import Cluster

        self.folder, self.env = folder, dict(env)
        with _as_environment(self.env):
            head = {**NODE, "include_dashboard": False, "num_cpus": 0 if idle_head else 1}
            self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.others = [self.add() for _ in range(count - 1)]

    @property
    def address(self) -> str:
        """Host and port of the head."""
        return str(self._cluster.address)

    def add(self) -> Any:
        """Start another node and wait for it."""
        with _as_environment(self.env):
            node = self._cluster.add_node(**NODE)
            self._cluster.wait_for_nodes()
        return node

    def kill(self, node: Any) -> None:
        """End a node as a power cut would."""
        self._cluster.remove_node(node, allow_graceful=False)

    def at_work(self, node: Any | None = None) -> list[int]:
        """Processes that run a job at this moment, on a node or on all."""
        parent = node.all_processes["raylet"][0].process.pid if node else None
        return [pid for pid in at_work(self.folder) if parent is None or _parent(pid) == parent]

    def end(self) -> None:
        """Stop all nodes."""
        self._cluster.shutdown()  # type: ignore[no-untyped-call]


@contextmanager
def cluster_of(nodes: int, *, idle_head: bool = False, **more: str) -> Iterator[Nodes]:
    """Run a cluster; `more` is added to the environment of its processes, in which they find the tests."""
    with short_folder() as folder:
        cluster = Nodes(nodes, folder, {**environment(folder), **more}, idle_head=idle_head)
        try:
            yield cluster
        finally:
            cluster.end()


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder for Ray's files; the path of a socket has at most 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    (folder / "ray").mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(folder: Path) -> dict[str, str]:
    """What a process that uses Ray is started with; a cluster of its own has its files in `folder`."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": str(folder)}


def processes_of(folder: Path) -> list[int]:
    """Processes of Ray, workers too, that have a file in the folder open or its name in their command."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            open_files = [str(link.readlink()) for link in (place / "fd").iterdir()]
            command = (place / "cmdline").read_bytes().decode(errors="replace")
        except OSError:  # it has ended
            continue
        theirs = any(name.startswith(f"{folder}/") for name in open_files) or str(folder) in command
        if theirs and int(place.name) != os.getpid():
            found.append(int(place.name))
    return found


def at_work(folder: Path) -> list[int]:
    """Of these the ones that run a job at this moment; Ray names a process after it."""
    return [pid for pid in processes_of(folder) if JOB.match(_title(pid))]


def kill_one_at_work(folder: Path) -> int:
    """Kill a process that runs a job."""
    pid = wait_for(lambda: at_work(folder), 30, "nobody works")[0]
    os.kill(pid, signal.SIGKILL)
    return pid


def wait_for(condition: Callable[[], T], seconds: float = 60.0, otherwise: str = "it never happened") -> T:
    """Wait until the condition holds; give what it said."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
    return found


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@contextmanager
def _as_environment(env: Mapping[str, str]) -> Iterator[None]:
    """Nodes inherit this process's environment."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
