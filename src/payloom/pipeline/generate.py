"""Generate: from a source to a committed unit in a folder or a bucket."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from payloom.engine.budget import check_memory
from payloom.engine.progress import ProgressCallback
from payloom.engine.run import run_jobs
from payloom.engine.stop import Stop, stop_on_signals
from payloom.engine.task import Resources, RunResult, RunTask
from payloom.errors import TransientError
from payloom.pipeline.places import open_target
from payloom.storage.address import StoreOptions
from payloom.storage.keys import OWN_FOLDER
from payloom.storage.store import Store
from payloom.version import __version__
from payloom.write.contract import Job, Source
from payloom.write.dataset import Dataset
from payloom.write.documents import canonical
from payloom.write.encoding import FileFormat
from payloom.write.identity import Identity
from payloom.write.manifest import Manifest
from payloom.write.parts import part_key, receipt_key
from payloom.write.records import DATA_PREFIXES, MADE_WITH
from payloom.write.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateOptions:
    """What a run may choose without changing the rows.

    Attributes
    ----------
    unit
        What the run covers: everything, or a range of days.
    file_format
        Codec and row group target; part of the source's layout digest.
    resources
        Processes, memory and cluster.
    overwrite
        Whether to replace what another config left in the folder.
    store
        How to talk to an object store.
    """

    unit: Unit = field(default_factory=Unit)
    file_format: FileFormat = field(default_factory=FileFormat)
    resources: Resources = field(default_factory=Resources)
    overwrite: bool = False
    store: StoreOptions = field(default_factory=StoreOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What a run did.

    Attributes
    ----------
    out
        The data set's folder, as it was given.
    unit
        Name of what was published.
    rows, fraud_rows
        Payments, and those that are fraud.
    rows_by_table
        Rows of every table.
    files, size_bytes
        Parts, and their bytes.
    seconds
        Wall time.
    peak_rss_bytes
        Sum of each process's largest resident size.
    workers
        Processes that made rows.
    kept_parts
        Parts that an earlier run left and that verified.
    more_memory_bytes
        Memory that would have let more CPUs work; 0 if memory bounded nothing.
    """

    out: str
    unit: str
    rows: int
    fraud_rows: int
    rows_by_table: dict[str, int]
    files: int
    size_bytes: int
    seconds: float
    peak_rss_bytes: int
    workers: int
    kept_parts: int
    more_memory_bytes: int

    @property
    def rows_per_second(self) -> float:
        """Payments per second of wall time."""
        return self.rows / self.seconds if self.seconds else 0.0


def generate(
    source: Source,
    out: str | Path,
    options: GenerateOptions | None = None,
    progress: ProgressCallback | None = None,
) -> RunSummary:
    """Write a unit of the source's data set into a folder or a bucket, or finish what an interrupted run began.

    Parameters
    ----------
    source
        Makes the rows.
    out
        The data set's folder, or an address such as ``s3://bucket/prefix``.
    options
        What may be chosen without changing the rows.
    progress
        Told how far the run is, in the caller's thread.

    Raises
    ------
    ConflictError
        If the folder holds another world or layout, an overlapping unit, or foreign files.
    StorageError, TransientError
        If storage refuses.
    CorruptionError
        If the folder's own records are damaged beyond repair.
    FailedJobsError
        If jobs failed every time that they were begun; the others are finished, and a later run keeps them.
    InterruptedRunError
        If SIGINT or SIGTERM came.
    """
    options = options or GenerateOptions()
    started = time.monotonic()
    with stop_on_signals() as stop:
        manifest, result = _generate(source, out, options, progress, stop)
    return _summary(str(out), manifest, result, time.monotonic() - started)


def _generate(
    source: Source, out: str | Path, options: GenerateOptions, progress: ProgressCallback | None, stop: Stop
) -> tuple[Manifest, RunResult]:
    store = open_target(out, options.store)
    dataset = Dataset(store, Identity.of(source))
    problem = dataset.conflict(options.unit)
    # Before the lock files are made: a run that is refused leaves no trace.
    if problem and (refusal := dataset.foreign() if options.overwrite else problem):
        raise refusal
    jobs = _checked(source.jobs(), dataset.identity.digest, store.upload_bytes)
    check_memory(jobs, options.resources.max_memory_bytes)
    stop.check()
    if problem:
        with store.writing(alone=True):
            dataset.replace(options.unit)
    with store.writing(alone=False):
        dataset.admit(options.unit)
        committed = dataset.manifest(options.unit)
        task = RunTask(
            source,
            store,
            dataset.identity.digest,
            options.file_format,
            {part.key: part for part in committed.parts} if committed else {},
        )
        with _out_of_memory_explained():
            result = run_jobs(task, jobs, options.resources, progress, stop)
        stop.check()
        _note_versions(store, options.unit)
        manifest = Manifest.of(options.unit, source.world_digest, source.layout_digest, result.receipts)
        dataset.commit(manifest, replace=options.overwrite)
    return manifest, result


def _checked(jobs: Sequence[Job], digest: str, upload_bytes: int) -> tuple[Job, ...]:
    """Return the jobs, with the memory of their uploads, after making sure that none can overwrite another's files."""
    keys = Counter(key for job in jobs for key in _keys(job, digest))
    for key, count in keys.items():
        if count > 1:
            raise ValueError(f"the source gives {count} jobs the file {key}")
        if key.partition("/")[0] not in (*DATA_PREFIXES, OWN_FOLDER):
            raise ValueError(f"the source puts {key} outside the folders of the declared tables")
    return tuple(replace(job, memory_bytes=job.memory_bytes + upload_bytes * len(job.outputs)) for job in jobs)


def _keys(job: Job, digest: str) -> list[str]:
    if not job.outputs:
        raise ValueError(f"the job {job.name} leaves no file")
    return [receipt_key(job), *(part_key(output, digest) for output in job.outputs)]


@contextmanager
def _out_of_memory_explained() -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise TransientError(
            "this machine ran out of memory",
            hint="lower --workers, --max-memory or --row-group-mb, then run the same command again",
        ) from error


def _note_versions(store: Store, unit: Unit) -> None:
    """Leave a note of what wrote the bytes, for whoever must write the same ones again."""
    key = f"{MADE_WITH}/{unit.name}.json"
    if store.size(key) is not None:
        return
    import numpy as np  # noqa: PLC0415 - a run that keeps everything needs neither
    import pyarrow as pa  # noqa: PLC0415

    python = ".".join(map(str, sys.version_info[:3]))
    made_with = {"payloom": __version__, "python": python, "numpy": np.__version__, "pyarrow": pa.__version__}
    store.put(key, canonical(made_with))


def _summary(out: str, manifest: Manifest, result: RunResult, seconds: float) -> RunSummary:
    rows_by_table: dict[str, int] = {}
    for part in manifest.parts:
        rows_by_table[part.table] = rows_by_table.get(part.table, 0) + part.rows
    return RunSummary(
        out=out,
        unit=manifest.unit.name,
        rows=manifest.rows,
        fraud_rows=manifest.fraud_rows,
        rows_by_table=rows_by_table,
        files=len(manifest.parts),
        size_bytes=manifest.size_bytes,
        seconds=seconds,
        peak_rss_bytes=result.peak_rss_bytes,
        workers=result.workers,
        kept_parts=result.kept_parts,
        more_memory_bytes=result.more_memory_bytes,
    )
