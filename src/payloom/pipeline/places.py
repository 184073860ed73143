"""Places that data sets are written to."""

from __future__ import annotations

from pathlib import Path

from payloom.errors import ConflictError
from payloom.storage.address import Address, StoreOptions, is_remote, open_store
from payloom.storage.keys import OWN_FOLDER
from payloom.storage.store import Store
from payloom.write.dataset import DATA_PREFIXES
from payloom.write.identity import MARKER


def open_target(location: str | Path, options: StoreOptions) -> Store:
    """Return the store at a place that is to be written to.

    Raises
    ------
    ConflictError
        If it lies inside of another data set: readers of a table there would read both.
    ConfigError, StorageError, TransientError
        As `open_store` does.
    """
    store = open_store(location, options)
    for parent in _suspects(location):
        if open_store(parent, options).size(MARKER) is not None:
            raise ConflictError(
                f"{location} lies inside of the data set in {parent}", hint="choose a place beside it, not below it"
            )
    return store


def _suspects(location: str | Path) -> list[str | Path]:
    """Return the places above, of which this one is a table's folder or lies below one."""
    folders = {*DATA_PREFIXES, OWN_FOLDER}
    if not is_remote(location):
        path = Path(location).absolute()
        return [folder.parent for folder in (path, *path.parents) if folder.name in folders]
    address = Address.parse(str(location))
    names = address.prefix.split("/") if address.prefix else []
    above = [names[:index] for index, name in enumerate(names) if name in folders]
    return [str(Address(address.scheme, address.bucket, "/".join(prefix))) for prefix in above]
