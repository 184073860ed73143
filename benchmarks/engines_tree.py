"""Run a command and say what all processes took that came of it, also those that nobody waits for.

`measure.run` takes CPU seconds from `wait4`, which knows only children that their parents waited for. Ray's raylet and
Spark's daemon let theirs go, so that here /proc is looked at while the command runs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import CommandFailedError

LOOK_SECONDS = 0.05
END_SECONDS = 15.0
_TICKS = os.sysconf("SC_CLK_TCK")

Key = tuple[int, int]
"""Number of a process and when it began: numbers come again."""


@dataclass(frozen=True)
class Took:
    """CPU and wall seconds of a command with all its processes, and what it printed last."""

    cpu_seconds: float
    wall_seconds: float
    processes: int
    left_behind: int
    exit_code: int
    peak_bytes: int
    last_line: str


@dataclass
class _Process:
    parent: Key | None
    own_seconds: float
    waited_seconds: float
    alive: bool = True


class Tree:
    """The processes that came of one process, as they were last seen."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.known: dict[Key, _Process] = {}

    def look(self) -> None:
        """Note who is there, and the CPU time of each."""
        seen = _all_processes()
        keys = {pid: (pid, stat[3]) for pid, stat in seen.items()}
        for process in self.known.values():
            process.alive = False
        # Parents have smaller numbers than their children, but for a wrap: that waits for the next look.
        for pid, (parent, session, times, _) in sorted(seen.items()):
            key = keys[pid]
            if key in self.known:
                found = self.known[key]
                found.own_seconds, found.waited_seconds, found.alive = *times, True
            elif session == self.root or keys.get(parent) in self.known:
                self.known[key] = _Process(self._known_parent(keys.get(parent)), *times)

    def living(self) -> list[int]:
        """Give the numbers of those that were there at the last look."""
        return [pid for (pid, _), process in self.known.items() if process.alive]

    def cpu_seconds(self, waited_of_root: float) -> float:
        """Sum everybody's time; what a parent waited for counts if it is more than what was seen of its children."""
        children: dict[Key | None, list[Key]] = {}
        for key, process in self.known.items():
            children.setdefault(process.parent, []).append(key)

        def below(key: Key) -> float:
            return sum(total(child) for child in children.get(key, []))

        def total(key: Key) -> float:
            process = self.known[key]
            return process.own_seconds + max(process.waited_seconds, below(key))

        seconds = 0.0
        for key in children.get(None, []):
            # `wait4` gives the root's own time to the end, which no look can.
            seen = total(key)
            seconds += max(waited_of_root, seen) if key[0] == self.root else seen
        return seconds

    def pss_bytes(self) -> int:
        """Sum the proportional set size of those that are there."""
        total = 0
        for pid in self.living():
            with suppress(OSError):
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
                total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        return total

    def _known_parent(self, key: Key | None) -> Key | None:
        return key if key in self.known else None


def _all_processes() -> dict[int, tuple[int, int, tuple[float, float], int]]:
    """Give parent, session, own and waited-for seconds, and the beginning of every process."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # Fields after the command's closing bracket begin with the state; see proc(5).
            fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        own, waited = (sum(map(int, fields[first : first + 2])) / _TICKS for first in (11, 13))
        found[int(folder.name)] = (int(fields[1]), int(fields[3]), (own, waited), int(fields[19]))
    return found


def run(
    command: list[str],
    log: Path,
    *,
    environment: dict[str, str] | None = None,
    watch_memory: bool = False,
    meanwhile: Callable[[Tree], None] | None = None,
    may_fail: bool = False,
    timeout_seconds: float = 300,
) -> Took:
    """Run a command until it and all that came of it have ended; what stays is killed and counted.

    Parameters
    ----------
    command, log
        Program and arguments, and the file that receives what it prints.
    environment
        Variables besides those of this process.
    watch_memory
        Whether to look at memory, which costs time.
    meanwhile
        Called after every look.
    may_fail
        Whether another exit code than 0 is an answer too.
    timeout_seconds
        When to kill it.

    Raises
    ------
    CommandFailedError
        With the last lines of the log.
    """
    start = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            env=os.environ | (environment or {}),
        )  # fmt: skip
    tree = Tree(process.pid)
    peak_bytes = 0
    try:
        while True:
            tree.look()
            if watch_memory:
                peak_bytes = max(peak_bytes, tree.pss_bytes())
            if meanwhile:
                meanwhile(tree)
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.perf_counter() - start > timeout_seconds:
                process.kill()
            time.sleep(LOOK_SECONDS)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_seconds = time.perf_counter() - start
    finally:
        left_behind = _end(tree)
    lines = log.read_text("utf-8", "replace").splitlines() or [""]
    if process.returncode and not may_fail:
        tail = "\n".join(lines[-15:])
        raise CommandFailedError(f"{' '.join(command)} exited with {process.returncode}\n{tail}")
    cpu_seconds = tree.cpu_seconds(usage.ru_utime + usage.ru_stime)
    return Took(
        cpu_seconds, wall_seconds, len(tree.known), left_behind, process.returncode, peak_bytes, lines[-1].strip()
    )


def _end(tree: Tree) -> int:
    """Wait for the rest of a tree, kill what stays, and say how many that were."""
    deadline = time.monotonic() + END_SECONDS
    tree.look()
    while tree.living() and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        tree.look()
    stayed = tree.living()
    for pid in stayed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(stayed)
