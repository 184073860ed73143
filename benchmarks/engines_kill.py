"""Kill a process in the middle of a run, and look at what is left."""

from __future__ import annotations

import hashlib
import os
import signal
from contextlib import suppress
from pathlib import Path

from benchmarks.engines_tree import Tree

OWN = "_payloom"
RECEIPTS_BEFORE = 8
"""Jobs that are done when the worker is killed: all entities, and the first cells."""


class WorkerKiller:
    """Kills one worker of a run with SIGKILL while it writes a part; a worker is who has a part open."""

    def __init__(self, out: Path) -> None:
        self._staging, self._receipts = out / OWN / "staging", out / OWN / "receipts"
        self.killed: str = ""

    def __call__(self, tree: Tree) -> None:
        """Look, and kill once."""
        if self.killed or not self._receipts.exists() or sum(1 for _ in self._receipts.iterdir()) < RECEIPTS_BEFORE:
            return
        for pid in tree.living():
            if pid != tree.root and _has_open(pid, self._staging):
                name = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                os.kill(pid, signal.SIGKILL)
                self.killed = name.strip().split(" ")[0].rpartition("/")[2]
                return


class CommandKiller:
    """Kills a whole command with SIGKILL when what it writes has reached a size, under whatever name."""

    def __init__(self, folder: Path, size_bytes: int) -> None:
        self._folder, self._size_bytes = folder, size_bytes
        self.killed = False

    def __call__(self, tree: Tree) -> None:
        """Look, and kill once."""
        with suppress(FileNotFoundError, ProcessLookupError):
            written_bytes = sum(path.stat().st_size for path in self._folder.iterdir())
            if not self.killed and written_bytes >= self._size_bytes:
                os.kill(tree.root, signal.SIGKILL)
                self.killed = True


def _has_open(pid: int, folder: Path) -> bool:
    with suppress(OSError):
        return any(folder in link.readlink().parents for link in Path(f"/proc/{pid}/fd").iterdir())
    return False


def digests(out: Path) -> dict[str, str]:
    """Give the sha256 of every published part of a data set."""
    parts = (path for path in sorted(out.rglob("*.parquet")) if OWN not in path.parts)
    return {path.relative_to(out).as_posix(): file_digest(path) for path in parts}


def file_digest(path: Path) -> str:
    """Give the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unfinished_files(out: Path) -> int:
    """Count what a killed worker had begun and nobody took away."""
    staging = out / OWN / "staging"
    return sum(1 for path in staging.rglob("*") if path.is_file()) if staging.exists() else 0
