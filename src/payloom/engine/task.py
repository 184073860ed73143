"""What every way of running jobs needs to know, light enough to be sent to a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from payloom.storage.store import Store
from payloom.write.contract import Source
from payloom.write.encoding import FileFormat
from payloom.write.parts import Part


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
