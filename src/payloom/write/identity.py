"""What a data set is: its world, its layout, and the config that both come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Self

from payloom.errors import CorruptionError, StorageError
from payloom.storage.keys import OWN_FOLDER
from payloom.storage.store import Store
from payloom.write.contract import Source
from payloom.write.documents import Document, sealed, unsealed
from payloom.write.parts import data_digest

MARKER: Final = f"{OWN_FOLDER}/dataset.json"

_FORMAT: Final = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """Which data set it is; two are the same when their digests are.

    Attributes
    ----------
    world_digest, layout_digest
        What decides the rows, and the files.
    config
        The whole config in plain values, for whoever finds the data later.
    """

    world_digest: str
    layout_digest: str
    config: Document = field(compare=False, hash=False)

    @classmethod
    def of(cls, source: Source) -> Self:
        """Return the identity of what a source makes."""
        return cls(source.world_digest, source.layout_digest, source.config_document)

    @property
    def digest(self) -> str:
        """Digest of world and layout: it is in the name of every part."""
        return data_digest(self.world_digest, self.layout_digest)

    def to_bytes(self) -> bytes:
        """Return the root marker."""
        return sealed(
            {
                "format": _FORMAT,
                "world_digest": self.world_digest,
                "layout_digest": self.layout_digest,
                "config": self.config,
            }
        )


def read_identity(store: Store) -> Identity | None:
    """Return what the root marker says, or None if there is no marker.

    Raises
    ------
    CorruptionError
        If it is damaged, or of a version that this one does not know.
    """
    data = store.read(MARKER)
    if data is None:
        return None
    marker = unsealed(data) or {}
    if marker.get("format") != _FORMAT or not {"world_digest", "layout_digest", "config"} <= marker.keys():
        raise CorruptionError(
            f"{store.location}/{MARKER} is damaged or from another version",
            hint="choose another place, or move the data away and generate again",
        )
    return Identity(marker["world_digest"], marker["layout_digest"], marker["config"])


def no_data_set(store: Store) -> StorageError:
    """Return the error for a place without a data set."""
    hint = "name the folder or the address of a data set"
    return StorageError(f"{store.location} holds no data set of payloom", hint=hint)
