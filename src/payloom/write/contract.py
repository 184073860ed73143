"""What a generator hands to the writer: jobs, their outputs and the batches in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import pyarrow as pa

Emit = Callable[[str, "pa.RecordBatch"], None]
"""`emit(table, batch)`: the next rows of one of the job's outputs, in final row order."""


@dataclass(frozen=True, slots=True)
class Output:
    """One file that a job leaves.

    Parameters
    ----------
    table
        Name of a declared table, such as ``"payments"``.
    folder
        Folder below the data set's root, POSIX, relative, such as ``"payments/year=2025/month=06"``.
    stem
        File name without digest and suffix; the part becomes ``{stem}-{digest12}.parquet``.
    """

    table: str
    folder: str
    stem: str


@dataclass(frozen=True, slots=True)
class Job:
    """A unit of work, retry, resume and distribution.

    Parameters
    ----------
    name
        Unique in the run; also the name of the receipt.
    outputs
        The files it leaves, one for each table it emits.
    rows
        Expected rows of ``outputs[0]``, for progress; 0 when unknown.
    memory_bytes
        Estimate of the peak memory of producing and encoding it, above the process's base.
    shared_bytes
        What of it a process does without if it is given what `Sharing.shared` builds.
    """

    name: str
    outputs: tuple[Output, ...]
    rows: int
    memory_bytes: int
    shared_bytes: int = 0


class Producer(Protocol):
    """Makes the rows of jobs; lives in one worker process."""

    def produce(self, job: Job, emit: Emit) -> None:
        """Emit the batches of all outputs of a job, about 16k rows each, in final row order."""
        ...


class Source(Protocol):
    """A run's jobs, cheap to pickle; `open` builds what is heavy, once for each process."""

    @property
    def world_digest(self) -> str:
        """Hex digest of what decides the rows."""
        ...

    @property
    def layout_digest(self) -> str:
        """Hex digest of what decides files and encoding, given the rows."""
        ...

    @property
    def config_document(self) -> dict[str, Any]:
        """The config in plain JSON values, for whoever finds the data later."""
        ...

    def jobs(self) -> Sequence[Job]:
        """All jobs, in the order in which they are best started."""
        ...

    def open(self) -> Producer:
        """Build the producer of this process."""
        ...


@runtime_checkable
class Sharing(Protocol):
    """A source whose processes can share what is heavy; sources that share nothing need not have these methods."""

    def shared(self) -> Any:
        """What all processes of a run can share, built once; read-only. None where nothing is worth it.

        It can be pickled, and consists of little else than NumPy arrays. It holds for sources of the same config only.
        """
        ...

    def open(self, shared: Any = None) -> Producer:
        """Build the producer of this process, with what is shared where that is at hand: it makes the same rows."""
        ...


def shared_of(source: Source) -> Any:
    """What all processes of a source's run can share, built now; None where there is nothing."""
    return source.shared() if isinstance(source, Sharing) else None


def open_with(source: Source, shared: Any) -> Producer:
    """Build the producer of this process, with what `shared_of` gave, whoever built it; None builds everything."""
    return source.open(shared) if shared is not None and isinstance(source, Sharing) else source.open()
