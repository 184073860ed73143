"""What a run accepts besides its config and its days, checked before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeGuard

from payloom.config.layers import ARGUMENT
from payloom.config.shown import shown_value
from payloom.engine.task import Resources
from payloom.errors import Problem

MIN_MEMORY_BYTES: Final = 64_000_000
"""Less than a Python with NumPy and pyarrow takes: surely a slip, such as 512 for 512MB."""

MAX_WORKERS: Final = 1_024


def run_problems(out: object, resources: Resources, *, overwrite: object) -> Iterator[Problem]:
    """Yield what is wrong with the arguments of a run, each of which may be of any type."""
    workers: object = resources.workers
    max_memory_bytes: object = resources.max_memory_bytes
    cluster: object = resources.cluster
    if not isinstance(out, str | Path) or not str(out) or "\0" in str(out):
        yield Problem("out", shown_value(out), "expected a folder", source=ARGUMENT)
    if workers is not None and not (_is_whole(workers) and 1 <= workers <= MAX_WORKERS):
        allowed = f"expected a whole number from 1 to {MAX_WORKERS:,} (processes)"
        yield Problem("workers", shown_value(workers), allowed, source=ARGUMENT)
    if max_memory_bytes is not None and not (_is_whole(max_memory_bytes) and max_memory_bytes >= MIN_MEMORY_BYTES):
        allowed = f"expected a whole number from {MIN_MEMORY_BYTES:,} (bytes)"
        yield Problem("max_memory_bytes", shown_value(max_memory_bytes), allowed, source=ARGUMENT)
    if cluster is not None and not (isinstance(cluster, str) and cluster):
        yield Problem("cluster", shown_value(cluster), 'expected an address, "auto" or "local"', source=ARGUMENT)
    if not isinstance(overwrite, bool):
        yield Problem("overwrite", shown_value(overwrite), "expected True or False", source=ARGUMENT)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
