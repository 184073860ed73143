"""A data set as Iceberg tables: what may be chosen, and the way in; PyIceberg is imported when it is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from payloom.config.shown import shown_value
from payloom.errors import ConfigError, Problem
from payloom.extras import extra_libraries
from payloom.storage.address import StoreOptions, is_remote
from payloom.storage.store import Store

if TYPE_CHECKING:
    from payloom.catalog.iceberg_tables import IcebergTables

DEFAULT_CATALOG: Final = "sqlite:///payloom-catalog.db"
DEFAULT_NAMESPACE: Final = "payloom"
CATALOG_NAME: Final = "payloom"
"""Name of the catalog inside of its database: a reader needs it."""

CATALOG_VARIABLE: Final = "PYICEBERG_CATALOG__PAYLOOM__URI"
"""Where PyIceberg itself looks for the address of the catalog of that name; keeps a password off the command line."""

_NAMESPACE: Final = re.compile(r"[a-z_][a-z0-9_]{0,127}")
_IN_MEMORY: Final = re.compile(r"sqlite(\+\w+)?:(//)?(/:memory:)?/?(\?.*)?")
_MISREAD: Final = re.compile(r"[#?%\x00-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class IcebergOptions:
    """What may be chosen of the tables.

    Attributes
    ----------
    catalog
        SQLAlchemy URL of the database of PyIceberg's SQL catalog. It may hold a password, and is never shown.
    namespace
        Namespace of the tables in it.
    """

    catalog: str = DEFAULT_CATALOG
    namespace: str = DEFAULT_NAMESPACE

    def __repr__(self) -> str:
        """Return the options without the address, which may hold a password."""
        return f"IcebergOptions(namespace={self.namespace!r})"


@dataclass(frozen=True, slots=True)
class TableChange:
    """What a publication did to a table.

    Attributes
    ----------
    name
        The table, with its namespace.
    snapshots
        Snapshots that it made: one for each unit that was new or had changed.
    added_files, removed_files
        Data files that went into the table, and out of it.
    rows
        Rows that the table has now.
    metadata_location
        The table's metadata now: readers without a catalog open that.
    """

    name: str
    snapshots: int
    added_files: int
    removed_files: int
    rows: int
    metadata_location: str


@contextmanager
def iceberg_tables(
    store: Store, options: IcebergOptions | None, store_options: StoreOptions
) -> Iterator[IcebergTables | None]:
    """Open the tables of the data set in `store`, and close them; gives None without options.

    Raises
    ------
    ConfigError
        If an option can't be used, or PyIceberg is missing.
    ConflictError
        If a table stands in the way.
    StorageError, TransientError
        If the catalog's database refuses.
    """
    if options is None:
        yield None
        return
    problems = [*_catalog_problems(options.catalog), *_namespace_problems(options.namespace), *_place_problems(store)]
    if problems:
        raise ConfigError(problems)
    with extra_libraries("iceberg", "--table-format iceberg"):
        from payloom.catalog.iceberg_tables import IcebergTables  # noqa: PLC0415 - needs the extra

    with closing(IcebergTables(store, options, store_options)) as tables:
        tables.check()
        yield tables


def _catalog_problems(url: str) -> list[Problem]:
    source = f"option --catalog, or {CATALOG_VARIABLE}"
    if "://" not in url:
        allowed = "expected the address of a database, such as sqlite:///payloom-catalog.db"
        return [Problem("catalog", "", allowed, source=source)]
    if _IN_MEMORY.fullmatch(url):
        return [Problem("catalog", shown_value(url), "a catalog in memory would be gone at once", source=source)]
    return []


def _namespace_problems(name: str) -> list[Problem]:
    if _NAMESPACE.fullmatch(name):
        return []
    allowed = "expected small letters, digits and '_', at most 128 of them, and no digit first"
    return [Problem("namespace", shown_value(name), allowed, source="option --namespace")]


def _place_problems(store: Store) -> list[Problem]:
    place = store.location
    if place.startswith("az://"):
        allowed = "readers of Iceberg do not know az:// addresses; expected s3://, gs:// or a folder"
        return [Problem("location", shown_value(place), allowed)]
    if not is_remote(place) and _MISREAD.search(place):
        allowed = "readers of Iceberg misread '#', '?' and '%' in the name of a folder"
        return [Problem("location", shown_value(place), allowed)]
    return []
