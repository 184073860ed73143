"""Digests of files."""

from __future__ import annotations

import hashlib
from typing import BinaryIO, Final

_READ_BYTES: Final = 1 << 20


def file_sha256(file: BinaryIO) -> str:
    """Return the sha256, in hex, of what is left of an open file."""
    digest = hashlib.sha256()
    while block := file.read(_READ_BYTES):
        digest.update(block)
    return digest.hexdigest()
