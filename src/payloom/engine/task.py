"""What every way of running jobs is given, light enough to be sent to a process, and what it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from payloom.storage.store import Store
from payloom.write.contract import Source
from payloom.write.encoding import FileFormat
from payloom.write.parts import Part, Receipt

STARTED_HERE: Final = "local"
"""Address of a cluster that is started on this machine, for one run."""


@dataclass(frozen=True, slots=True)
class RunTask:
    """Where rows come from and where they go.

    Attributes
    ----------
    source
        Makes the rows.
    store
        Keeps the files.
    digest
        Digest of world and layout.
    file_format
        Codec and row group target.
    committed
        Parts that the unit's manifest lists already, by key.
    """

    source: Source
    store: Store
    digest: str
    file_format: FileFormat
    committed: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class Resources:
    """What a run may use.

    Attributes
    ----------
    workers
        Processes that make rows; None to choose.
    max_memory_bytes
        What all processes may take together; None for what `payloom.engine.budget` chooses.
    cluster
        Address of a Ray cluster, `STARTED_HERE`, or None for processes of this machine alone.
    """

    workers: int | None = None
    max_memory_bytes: int | None = None
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run of jobs left.

    Attributes
    ----------
    receipts
        One for each job, kept or new.
    kept_parts
        Parts that were there and verified.
    workers
        Processes that made rows.
    peak_rss_bytes
        Sum of each process's largest resident size; shared pages count more than once.
    more_memory_bytes
        What `Resources.max_memory_bytes` would have to be for more CPUs to work; 0 if memory bounded nothing.
    """

    receipts: tuple[Receipt, ...]
    kept_parts: int
    workers: int
    peak_rss_bytes: int
    more_memory_bytes: int = 0
