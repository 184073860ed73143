"""Places that data sets are written to."""

from __future__ import annotations

from pathlib import Path

from payloom.errors import ConfigError, ConflictError, Problem
from payloom.storage.address import Address, StoreOptions, is_remote, open_store
from payloom.storage.keys import OWN_FOLDER
from payloom.storage.store import Store
from payloom.write.identity import MARKER
from payloom.write.records import DATA_PREFIXES


def open_target(location: str | Path, options: StoreOptions) -> Store:
    """Return the store at a place that is to be written to.

    Raises
    ------
    ConflictError
        If it lies inside of another data set: readers of a table there would read both.
    ConfigError, StorageError, TransientError
        As `open_store` does.
    """
    _refuse_unused(location, options)
    store = open_store(location, options)
    for parent in _suspects(location):
        if open_store(parent, options).size(MARKER) is not None:
            raise ConflictError(
                f"{location} lies inside of the data set in {parent}", hint="choose a place beside it, not below it"
            )
    return store


def _refuse_unused(location: str | Path, options: StoreOptions) -> None:
    """Refuse what the place would ignore: nobody should think that the data is encrypted when it is not."""
    scheme = Address.parse(str(location)).scheme if is_remote(location) else ""
    given = {
        "sse": options.server_side_encryption and scheme != "s3",
        "sse-kms-key-id": options.kms_key_id and scheme != "s3",
        "storage-class": options.storage_class and not scheme,
    }
    wrong = [name for name, is_ignored in given.items() if is_ignored]
    if wrong:
        allowed = f"has no meaning for {location}"
        raise ConfigError([Problem(name, "", allowed, f"leave out --{name}") for name in wrong])


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
