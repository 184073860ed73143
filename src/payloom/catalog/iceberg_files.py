"""Files of Iceberg tables through the store of the data set.

PyIceberg's own ways into S3 are not used for writing: they take keys as plain properties, retry and encrypt on their
own terms, and one of them publishes a shorter file when an exception passes through it.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.typedef import EMPTY_DICT, Properties

from payloom.errors import ConflictError
from payloom.storage.address import StoreOptions, is_remote, open_store
from payloom.storage.store import Store

_PLACE: Final = "payloom.place"
_OPTIONS: Final = "payloom.store-options"


def io_properties(store: Store, options: StoreOptions) -> dict[str, str]:
    """Return the catalog properties that lead PyIceberg to a store; there is no secret among them."""
    return {
        "py-io-impl": f"{StoreIO.__module__}.{StoreIO.__name__}",
        _PLACE: store.location if is_remote(store.location) else str(Path(store.location).absolute()),
        _OPTIONS: json.dumps(asdict(options)),
    }


def root_uri(store: Store) -> str:
    """Return the address of a store's root as readers of Iceberg want it, without a slash at its end."""
    return store.location if is_remote(store.location) else f"file://{Path(store.location).absolute()}"


class StoreIO(FileIO):
    """What PyIceberg reads and writes, below the root of one store.

    Parameters
    ----------
    properties
        Those of `io_properties`, and whatever else the catalog and the table have.
    """

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)
        self._store = _opened(properties[_PLACE], properties[_OPTIONS])
        self._root = f"{root_uri(self._store)}/"

    def new_input(self, location: str) -> StoreFile:
        """Return a file for reading."""
        return StoreFile(self._store, self._key(location), location)

    def new_output(self, location: str) -> StoreFile:
        """Return a file for writing."""
        return self.new_input(location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Remove a file; harmless if there is none."""
        self._store.delete(self._key(location if isinstance(location, str) else location.location))

    def _key(self, location: str) -> str:
        if not location.startswith(self._root):
            raise ConflictError(
                f"the catalog has a table with the file {location}, which lies outside of {self._store.location}",
                hint="choose another --namespace or --catalog for this data set",
            )
        return location.removeprefix(self._root)


class StoreFile(InputFile, OutputFile):
    """A file of a store.

    Parameters
    ----------
    store
        Where it lies.
    key
        Its key there.
    location
        Its address.
    """

    def __init__(self, store: Store, key: str, location: str) -> None:
        super().__init__(location)
        self._store, self._key = store, key

    def __len__(self) -> int:
        """Return the size in bytes.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        """
        size = self._store.size(self._key)
        if size is None:
            raise FileNotFoundError(self.location)
        return size

    def exists(self) -> bool:
        """Say whether the file is there."""
        return self._store.size(self._key) is not None

    def open(self, seekable: bool = True) -> InputStream:
        """Open it for reading.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        """
        del seekable
        # Metadata is read whole; of a part only the footer is.
        if self._key.endswith(".parquet"):
            if not self.exists():
                raise FileNotFoundError(self.location)
            return cast("InputStream", self._store.open_ranges(self._key))
        data = self._store.read(self._key)
        if data is None:
            raise FileNotFoundError(self.location)
        return cast("InputStream", io.BytesIO(data))

    def to_input_file(self) -> StoreFile:
        """Return the same file for reading."""
        return self

    def create(self, overwrite: bool = False) -> OutputStream:
        """Begin to write it; nobody sees it before it is closed, and then whole."""
        return WholeFile(self._store, self._key, overwrite=overwrite)


class WholeFile:
    """Gathers a small file and puts it into the store when it is closed; after an exception it does not.

    Parameters
    ----------
    store
        Where it goes.
    key
        Its key there.
    overwrite
        Whether it may replace another.
    """

    def __init__(self, store: Store, key: str, *, overwrite: bool) -> None:
        self._store, self._key, self._overwrite = store, key, overwrite
        self._gathered: bytearray | None = bytearray()
        self._size = 0

    def write(self, data: bytes) -> int:
        """Append `data`."""
        if self._gathered is None:
            raise ValueError(f"{self._key} is closed")
        self._gathered += data
        self._size = len(self._gathered)
        return len(data)

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._size

    def close(self) -> None:
        """Make the file visible; harmless when called twice.

        Raises
        ------
        FileExistsError
            If there is one already, and it may not be replaced.
        """
        if self._gathered is None:
            return
        data, self._gathered = bytes(self._gathered), None
        if self._overwrite:
            self._store.put(self._key, data)
        elif not self._store.create(self._key, data):
            raise FileExistsError(self._key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._gathered = None
        self.close()


@lru_cache(maxsize=4)
def _opened(place: str, options: str) -> Store:
    """Return the store of one publication: PyIceberg asks for it with every table that it loads."""
    return open_store(place, StoreOptions(**json.loads(options)))


def forget_stores() -> None:
    """Drop the stores that were opened, with their credentials."""
    _opened.cache_clear()
