"""Keys that can't lead out of the data set."""

from __future__ import annotations

from payloom.errors import StorageError

OWN_FOLDER = "_payloom"
"""Folder of everything that is not data; readers of a data prefix never meet it."""

CLAIMS = f"{OWN_FOLDER}/claims"
"""Folder of the claims of runs that are being admitted; in a local folder they go with what dead runs left."""

_KEY_BYTES_MAX = 1_000
_PART_BYTES_MAX = 240


def checked_key(key: str) -> str:
    """Return the key if every store can hold it and it stays below the root.

    Raises
    ------
    StorageError
        If it is absolute, climbs, has empty parts, control characters or a backslash, or is too long.
    """
    parts = key.split("/")
    if (
        any(part in {"", ".", ".."} or len(part.encode(errors="replace")) > _PART_BYTES_MAX for part in parts)
        or not key.isprintable()
        or "\\" in key
        or len(key.encode()) > _KEY_BYTES_MAX
    ):
        raise StorageError(
            f"refused to use the file name {key[:120]!r}: it could lead outside the data set",
            hint="use letters, digits, '-', '_', '=' and '.' in names",
            key=key,
        )
    return key


def checked_name(name: str) -> str:
    """Return the name if it can be one part of a key, else raise as `checked_key` does."""
    return checked_key(name if "/" not in name else f"{name}/..")


def folder_of(key: str) -> str:
    """Return the folder part of a key, empty at the root."""
    return key.rpartition("/")[0]
