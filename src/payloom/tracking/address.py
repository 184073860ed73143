"""Addresses of tracking servers: which are taken, how they are shown, and whether anybody is there."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from payloom.errors import ConfigError, Problem, StorageError, TransientError

SERVER_SCHEMES: Final = frozenset({"http", "https"})
DATABASE_PORTS: Final = {"sqlite": 0, "postgresql": 5432, "mysql": 3306, "mssql": 1433}
"""Databases that MLflow can work on without a server, and the port where each listens by default."""

LATER: Final = "start it (`make mlflow` starts one on this machine), then run the same command again"
"""What to do when the server is not there."""

_CONNECT_SECONDS: Final = 5.0
_HEALTH_SECONDS: Final = 15.0
_SERVER_FAULT: Final = 500
_USER: Final = re.compile(r"://[^/@\s]*@")
_MAX_SAID: Final = 200
_SQLITE_MAGIC: Final = b"SQLite format 3\0"
_EXPECTED: Final = "the address of an MLflow server or database, such as http://127.0.0.1:5000 or sqlite:///mlflow.db"


def shown(address: str) -> str:
    """Return an address without the name and password that it may hold."""
    scheme, mark, rest = address.partition("://")
    # Whatever stands before the last @ may be a password, also in an address that is none.
    return one_line(f"{scheme}://{rest.rpartition('@')[2]}" if mark else address.rpartition("@")[2])


def one_line(text: str) -> str:
    """Return the first line of what somebody says, shortened, and without the password of an address."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    printable = "".join(letter if letter.isprintable() else "?" for letter in _USER.sub("://", first))
    return printable if len(printable) <= _MAX_SAID else f"{printable[: _MAX_SAID - 1]}…"


def scheme_of(address: str) -> str:
    """Return what kind of address it is, without the driver of a database.

    Raises
    ------
    ConfigError
        If it is none that MLflow works on.
    """
    scheme = address.partition(":")[0].partition("+")[0].lower() if ":" in address else ""
    if scheme in SERVER_SCHEMES and not _host(address):
        raise _refusal(address, f"has no host; {_EXPECTED}")
    if scheme in SERVER_SCHEMES or (scheme in DATABASE_PORTS and "://" in address):
        return scheme
    if scheme in {"", "file"}:
        allowed = "MLflow keeps no runs in plain folders any more"
        raise _refusal(address, allowed, fix=f"write sqlite:///{_path(address)}/mlflow.db, or a server's address")
    raise _refusal(address, f"expected {_EXPECTED}")


def make_sure_it_answers(address: str) -> None:
    """Return when somebody answers at an address, within seconds; what cannot be asked cheaply is let through.

    Raises
    ------
    ConfigError
        If it is no address.
    StorageError
        If a file is there that is no database.
    TransientError
        If nobody answers, or the server says that it is broken.
    """
    scheme = scheme_of(address)
    if scheme in SERVER_SCHEMES:
        _ask_server(address)
    elif scheme == "sqlite":
        _look_at_file(address)
    elif scheme in DATABASE_PORTS:
        _connect(address, DATABASE_PORTS[scheme])


def sqlite_file(address: str) -> Path | None:
    """Return the file of an SQLite address, if it is one with a file."""
    scheme, _, rest = address.partition(":///")
    name = rest.partition("?")[0]
    if scheme.partition("+")[0].lower() != "sqlite" or name in {"", ":memory:"}:
        return None
    return Path(name)


def nobody(address: str, reason: str) -> TransientError:
    """Return the error for a server that is not there."""
    return TransientError(f"the tracking server {shown(address)} does not answer: {reason}", hint=LATER)


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
        # Reading the port refuses one that is no number.
        return parts.hostname or "" if parts.port != 0 else ""
    except ValueError:
        return ""


def _ask_server(address: str) -> None:
    parts = urlsplit(address)
    # urllib takes what stands before an @ for a part of the host; who may ask is not what is asked here.
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], f"{parts.path.rstrip('/')}/health", "", ""))
    request = urllib.request.Request(bare, method="GET")  # noqa: S310 - http or https
    try:
        with urllib.request.urlopen(request, timeout=_HEALTH_SECONDS):  # noqa: S310 - http or https
            return
    except urllib.error.HTTPError as error:
        with error:
            if error.code >= _SERVER_FAULT:
                raise nobody(address, f"status {error.code}") from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLError) and error.reason.reason == "WRONG_VERSION_NUMBER":
            raise nobody(address, "it speaks no TLS; try http://") from None
        # MLflow has settings of its own for certificates: it shall judge them.
        if not isinstance(error.reason, ssl.SSLError):
            raise nobody(address, reason(error.reason)) from None
    except OSError as error:
        raise nobody(address, reason(error)) from None
    except (http.client.HTTPException, ValueError) as error:
        raise nobody(address, f"not in HTTP ({one_line(str(error)) or type(error).__name__})") from None


def reason(error: BaseException | str) -> str:
    """Return why a connection failed, in a few words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "no such host"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return one_line(str(error)) or type(error).__name__


def _look_at_file(address: str) -> None:
    file = sqlite_file(address)
    if file is None or not file.exists():
        return
    try:
        with file.open("rb") as opened:
            begin = opened.read(len(_SQLITE_MAGIC))
    except OSError as error:
        raise StorageError(f"{file}: {reason(error)}", hint="name a file that this user can read and write") from None
    if begin not in {b"", _SQLITE_MAGIC}:
        raise StorageError(f"{file} is no SQLite database", hint="name another file, or a server's address")


def _connect(address: str, port: int) -> None:
    host = _host(address)
    if not host:
        return
    try:
        socket.create_connection((host, urlsplit(address).port or port), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise nobody(address, reason(error)) from None


def _path(address: str) -> str:
    return one_line(address.removeprefix("file:").removeprefix("//")).rstrip("/") or "."


def _refusal(address: str, allowed: str, fix: str = "") -> ConfigError:
    return ConfigError([Problem("tracking-uri", shown(address)[:120], allowed, fix)])
