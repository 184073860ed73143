"""Run a command as a whole process and say what it took: CPU, wall time, peak memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.01


@dataclass(frozen=True)
class Timing:
    """CPU seconds (user + system, children included) and wall seconds of one run."""

    cpu_seconds: float
    wall_seconds: float
    max_rss_bytes: int


class CommandFailedError(Exception):
    """A measured command exited with something else than 0."""


def run(command: list[str], log: Path) -> Timing:
    """Run a command from start to exit, unobserved.

    Parameters
    ----------
    command
        Program and arguments.
    log
        File that receives what the command prints.

    Raises
    ------
    CommandFailedError
        With the last lines of the log.
    """
    start = time.perf_counter()
    process = _start(command, log)
    return _wait(process, start, command, log)


def peak_memory_bytes(command: list[str], log: Path) -> int:
    """Run a command and give the largest summed PSS of its processes; where /proc is missing, its largest RSS.

    Watching costs time, so a run that is watched is not timed.
    """
    process = _start(command, log)
    if not Path("/proc/self/smaps_rollup").exists():
        return _wait(process, time.perf_counter(), command, log).max_rss_bytes
    peak_bytes = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak_bytes
        while not done.is_set():
            peak_bytes = max(peak_bytes, _session_pss_bytes(process.pid))
            done.wait(SAMPLE_SECONDS)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        _wait(process, time.perf_counter(), command, log)
    finally:
        done.set()
        watcher.join()
    return peak_bytes


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        # A session of its own marks all its processes, workers included.
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )


def _wait(process: subprocess.Popen[bytes], start: float, command: list[str], log: Path) -> Timing:
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    wall_seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
        raise CommandFailedError(f"{' '.join(command)} exited with {process.returncode}\n{tail}")
    rss_unit_bytes = 1 if sys.platform == "darwin" else 1024
    return Timing(usage.ru_utime + usage.ru_stime, wall_seconds, usage.ru_maxrss * rss_unit_bytes)


def _session_pss_bytes(session: int) -> int:
    """Sum the proportional set size of every process of a session."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # Fields after the command's closing bracket: state, parent, group, session.
            fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            if int(fields[3]) == session:
                total += _pss_bytes(folder / "smaps_rollup")
        except (OSError, IndexError):
            continue  # it has just ended
    return total


def _pss_bytes(rollup: Path) -> int:
    for line in rollup.read_text("utf-8").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
