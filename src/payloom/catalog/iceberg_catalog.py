"""PyIceberg's SQL catalog: opened for one data set, with its failures as ours."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NamespaceAlreadyExistsError, ValidationException
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from payloom.errors import ConfigError, CorruptionError, PayloomError, Problem, StorageError, TransientError

if TYPE_CHECKING:
    from pyiceberg.table import CommitTableResponse, Table
    from pyiceberg.table.update import TableRequirement, TableUpdate

_ATTEMPTS: Final = 10
_PAUSE_SECONDS: Final = 0.1
_BUSY: Final = ("locked", "already exists", "busy", "timeout", "connection refused", "could not connect")
_SAID_MAX: Final = 160


class RacedError(ValidationException):
    """Somebody else has committed to the table meanwhile.

    PyIceberg itself would build the commit again on top of theirs without a look at what they added, and the same files
    would be in the table twice. This kind of error it hands on, after it has removed what it wrote.
    """


class OptimisticCatalog(SqlCatalog):
    """The SQL catalog, in which a commit that lost is told so."""

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        """Commit to a table.

        Raises
        ------
        RacedError
            If it is not what it was when the transaction began.
        """
        try:
            return super().commit_table(table, requirements, updates)
        except CommitFailedException as error:
            raise RacedError(str(error)) from error
        except OperationalError as error:
            # SQLite says so before anything is changed; what a server's broken connection left nobody knows.
            if "is locked" in str(error.orig):
                raise RacedError(_said(error)) from error
            raise


def open_catalog(name: str, url: str, namespace: str, properties: dict[str, str]) -> OptimisticCatalog:
    """Open a catalog, and make its database and the namespace where they are missing.

    Raises
    ------
    ConfigError
        If the address can't be read, or its driver is not installed.
    StorageError, TransientError
        If the database refuses.
    """
    with catalog_faults(f"open the catalog {shown_catalog(url)}"):
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                catalog = OptimisticCatalog(name, uri=url, **properties)
                with suppress(NamespaceAlreadyExistsError, IntegrityError):
                    catalog.create_namespace(namespace)
            except OperationalError as error:
                # Two that find no tables both make them.
                if attempt == _ATTEMPTS or not _is_busy(error):
                    raise
                pause(attempt)
            else:
                return catalog
    raise AssertionError("the last attempt returns or raises")


def shown_catalog(url: str) -> str:
    """Return the address of a catalog without its password and options."""
    try:
        return make_url(url).set(query={}).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return url.partition("://")[0]


def pause(attempt: int) -> None:
    """Wait a little, longer each time and never as long as somebody else."""
    time.sleep(_PAUSE_SECONDS * min(attempt, _ATTEMPTS) * (0.2 + os.urandom(1)[0] / 256))


@contextmanager
def catalog_faults(action: str) -> Iterator[None]:
    """Turn what the database, or metadata that does not parse, raises in the block into one line.

    Nothing is chained: statements and addresses may hold secrets.

    Raises
    ------
    ConfigError
        If the address can't be read, or its driver is not installed.
    StorageError, TransientError
        If the database refuses.
    CorruptionError
        If a file of the table's metadata is missing or damaged.
    """
    try:
        yield
    except PayloomError:
        raise
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        name = error.name if isinstance(error, ModuleNotFoundError) else ""
        allowed = f"needs the driver {name}, which is not installed" if name else "is no address that SQLAlchemy knows"
        fix = f"pip install {name}" if name else "expected one such as sqlite:///payloom-catalog.db"
        raise ConfigError([Problem("catalog", "", allowed, fix, "option --catalog")]) from None
    except SQLAlchemyError as error:
        if isinstance(error, OperationalError) and _is_busy(error):
            hint = "run the same command again: what has arrived is kept"
            raise TransientError(f"cannot {action}: {_said(error)}", hint=hint) from None
        hint = "check the file or server that --catalog names, and the right to write there"
        raise StorageError(f"cannot {action}: {_said(error)}", hint=hint) from None
    except (FileNotFoundError, ValidationError) as error:
        said = f"{error} is missing" if isinstance(error, FileNotFoundError) else "its metadata is damaged"
        hint = "the catalog is older than the files or of another place: name another --catalog or --namespace"
        raise CorruptionError(f"cannot {action}: {said}", hint=hint) from None


def _is_busy(error: OperationalError) -> bool:
    text = str(error.orig).lower()
    return any(sign in text for sign in _BUSY)


def _said(error: SQLAlchemyError) -> str:
    """Return what the driver said, without the statement and its values."""
    text = str(error.orig) if isinstance(error, DBAPIError) else type(error).__name__
    return " ".join(text.split())[:_SAID_MAX]
