"""Memory and CPUs: what this machine has, and what this process took."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_CGROUP: Final = Path("/sys/fs/cgroup")


def peak_rss_bytes() -> int:
    """Return the largest resident size that this process had."""
    try:
        # getrusage counts the parent's size before exec; this does not.
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    import resource  # noqa: PLC0415 - only where there is no /proc

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def available_cpus() -> int:
    """Return how many CPUs this process may use: affinity and control group."""
    try:
        cpus = len(os.sched_getaffinity(0))
    except AttributeError:
        cpus = os.cpu_count() or 1
    for folder in _cgroup_folders():
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        if quota.isdigit() and period.isdigit() and int(period):
            cpus = min(cpus, max(1, int(quota) // int(period)))
    return cpus


def available_memory_bytes() -> int | None:
    """Return how much memory may still be taken: free memory and control group; None if unknown."""
    lines = _read(Path("/proc/meminfo")).splitlines()
    limits = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    for folder in _cgroup_folders():
        limit, used = _read(folder / "memory.max"), _read(folder / "memory.current")
        if limit.isdigit() and used.isdigit():
            limits.append(max(0, int(limit) - int(used)))
    return min(limits, default=None)


def _cgroup_folders() -> list[Path]:
    """Return the folders of this process's control group (version 2) and its parents."""
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        if line.startswith("0::/"):
            folder = _CGROUP / line[4:]
            return [folder, *(parent for parent in folder.parents if parent.is_relative_to(_CGROUP))]
    return []


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
