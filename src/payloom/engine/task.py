"""What every way of running jobs needs to know, light enough to be sent to a process."""

from __future__ import annotations

from dataclasses import dataclass

from payloom.storage.store import Store
from payloom.write.contract import Source
from payloom.write.encoding import FileFormat


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
    """

    source: Source
    store: Store
    digest: str
    file_format: FileFormat
