"""Parts and receipts: what a finished job says of the files that it left."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from payloom.schema import TABLES
from payloom.storage.keys import OWN_FOLDER, checked_key, checked_name
from payloom.storage.store import Store
from payloom.write.contract import Job, Output
from payloom.write.documents import Document, sealed, unsealed

RECEIPTS = f"{OWN_FOLDER}/receipts"
SUFFIX = ".parquet"

_PART_KEY = re.compile(
    r"(?P<table>\w+)(/year=\d{4}/month=\d{2})?/part(-\d{8}-\d{8})?-\d{5}-(?P<digest>[0-9a-f]{12})\.parquet", re.ASCII
)
"""Only a table's own folder and its partitions hold parts: a copy further down is somebody else's."""

OTHER_BYTES = "has other bytes than were written (sha256 differs)"


@dataclass(frozen=True, slots=True)
class Part:
    """A finished file.

    Attributes
    ----------
    key
        Where it lies, relative to the data set's root.
    table
        Table that it belongs to.
    rows, size_bytes, sha256
        What it holds.
    first_time_us, last_time_us
        Range of ``event_time``, microseconds since 1970-01-01 UTC; None without that column or rows.
    fraud_rows
        Rows that are fraud; None for a table without ``is_fraud``.
    typologies
        Rows by fraud typology; empty for a table without ``typology``.
    """

    key: str
    table: str
    rows: int
    size_bytes: int
    sha256: str
    first_time_us: int | None = None
    last_time_us: int | None = None
    fraud_rows: int | None = None
    typologies: Mapping[str, int] = field(default_factory=dict)

    def document(self) -> Document:
        """Return the part as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_document(cls, values: Mapping[str, Any]) -> Self:
        """Return the part that `document` described."""
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A finished job and its parts, in the order of its outputs."""

    job: str
    data_digest: str
    parts: tuple[Part, ...]

    def to_bytes(self) -> bytes:
        """Return the sealed JSON text."""
        return sealed(
            {"job": self.job, "data_digest": self.data_digest, "parts": [part.document() for part in self.parts]}
        )

    @classmethod
    def from_bytes(cls, data: bytes | None) -> Self | None:
        """Return the receipt, or None unless these are bytes that `to_bytes` made."""
        body = unsealed(data)
        if body is None:
            return None
        try:
            return cls(body["job"], body["data_digest"], tuple(map(Part.from_document, body["parts"])))
        except (KeyError, TypeError):
            return None


def data_digest(world_digest: str, layout_digest: str) -> str:
    """Return the digest of everything that decides the files of a data set."""
    return hashlib.sha256(f"{world_digest}\n{layout_digest}".encode()).hexdigest()


def part_key(output: Output, digest: str) -> str:
    """Return the deterministic key of an output's file."""
    return checked_key(f"{output.folder}/{output.stem}-{digest[:12]}{SUFFIX}")


def is_part_key(key: str, digest: str = "") -> bool:
    """Say whether a file bears the name of a part, of this data set if a digest is given."""
    match = _PART_KEY.fullmatch(key)
    return match is not None and match["table"] in TABLES and match["digest"].startswith(digest[:12])


def receipt_key(job: Job) -> str:
    """Return the key of a job's receipt."""
    return checked_key(f"{RECEIPTS}/{checked_name(job.name)}.json")


def damage(store: Store, part: Part) -> str:
    """Return what is wrong with a part's bytes, empty if nothing is."""
    size = store.size(part.key)
    if size is None:
        return "is missing"
    if size != part.size_bytes:
        return f"has {size} bytes instead of {part.size_bytes}"
    if store.sha256(part.key) != part.sha256:
        return OTHER_BYTES
    return ""


def trusted_receipt(store: Store, job: Job, digest: str, committed: Mapping[str, Part]) -> Receipt | None:
    """Return a job's receipt if it is this data set's and every part verifies, else None.

    Parameters
    ----------
    store
        Where the parts lie.
    job
        The job.
    digest
        Digest of world and layout.
    committed
        Parts that the unit's manifest lists, by key: they vouch for a job whose receipt is not there, as in a data set
        that was published.
    """
    keys = [part_key(output, digest) for output in job.outputs]
    receipt = Receipt.from_bytes(store.read(receipt_key(job)))
    if receipt is not None and _is_of(receipt, job, digest, keys) and not any(damage(store, p) for p in receipt.parts):
        return receipt
    if any(key not in committed or damage(store, committed[key]) for key in keys):
        return None
    receipt = Receipt(job.name, digest, tuple(committed[key] for key in keys))
    store.put(receipt_key(job), receipt.to_bytes())
    return receipt


def _is_of(receipt: Receipt, job: Job, digest: str, keys: list[str]) -> bool:
    same = (receipt.job, receipt.data_digest) == (job.name, digest)
    return same and [part.key for part in receipt.parts] == keys
