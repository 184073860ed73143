"""A data set in a local folder: stage beside the data, fsync, rename, fsync the folder."""

from __future__ import annotations

import builtins
import errno
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from itertools import count
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import BinaryIO

from payloom.errors import StorageError
from payloom.storage.digests import file_sha256
from payloom.storage.failures import storage_faults
from payloom.storage.keys import CLAIMS, OWN_FOLDER, checked_key, folder_of
from payloom.storage.locks import writing
from payloom.storage.store import Entry

STAGING = f"{OWN_FOLDER}/staging"

_MKDIR_ATTEMPTS = 5
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_folder(root: Path, shown: str) -> None:
    """Refuse a root that is a file or lies behind a broken link; it need not exist."""
    try:
        is_folder = S_ISDIR(root.stat().st_mode)
    except FileNotFoundError:
        for path in (root, *root.parents):
            if path.is_symlink() and not path.exists():
                raise StorageError(
                    f"cannot use {shown}: {path} is a broken link, to {path.readlink()}",
                    hint="make the folder that it points to, remove the link, or choose another place",
                ) from None
        return
    if not is_folder:
        raise StorageError(f"cannot use {shown}: it is a file, not a folder", hint="choose another place")


class LocalStore:
    """Files below a folder.

    Parameters
    ----------
    root
        The data set's folder; made when the first file is written.
    token
        Name of this run's own staging folder; drawn by the system if empty.
    """

    is_shared = False
    upload_bytes = 0

    def __init__(self, root: str | Path, *, token: str = "") -> None:
        if "\0" in str(root):
            raise StorageError("the output folder's name holds a NUL character", hint="choose another place")
        with storage_faults(f"use {root}"):
            self.root = Path(root).absolute()
            _check_folder(self.root, str(root))
        self._shown = str(root)
        self._token = token or os.urandom(6).hex()
        self._begin()

    def __getstate__(self) -> tuple[str, str, str]:
        return str(self.root), self._shown, self._token

    def __setstate__(self, state: tuple[str, str, str]) -> None:
        root, self._shown, self._token = state
        self.root = Path(root)
        self._begin()

    def _begin(self) -> None:
        # Processes of other machines may have the same number, where they share a folder.
        self._writer = os.urandom(6).hex()
        self._numbers = count()

    @property
    def location(self) -> str:
        """The folder as it was given."""
        return self._shown

    def shown(self, key: str) -> str:
        """Return the path of a key as it appears in messages."""
        return f"{self._shown.rstrip('/')}/{key}"

    def upload(self, key: str, sha256: str = "") -> LocalUpload:
        """Begin to write a file in the staging folder."""
        del sha256
        final = self._path(key)
        with storage_faults(f"write {self.shown(key)}"):
            return LocalUpload(self._new_staged(key), final, self._made_folder(folder_of(key)), self.shown(key))

    def put(self, key: str, data: bytes) -> None:
        """Write a small file whole; replaces what was there."""
        upload = self.upload(key)
        try:
            upload.write(data)
            upload.commit(sha256="")
        finally:
            upload.abort()

    def create(self, key: str, data: bytes) -> bool:
        """Write a small file whole unless the key exists; say whether this call made it."""
        upload = self.upload(key)
        try:
            upload.write(data)
            return upload.commit_new()
        finally:
            upload.abort()

    def read(self, key: str) -> bytes | None:
        """Return the content of a small file, or None if there is none."""
        path = self._path(key)
        with storage_faults(f"read {self.shown(key)}"):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading; it must exist."""
        path = self._path(key)
        with storage_faults(f"read {self.shown(key)}"):
            return path.open("rb", buffering=0)

    def open_ranges(self, key: str) -> BinaryIO:
        """Open a file of which only some places are read; it must exist."""
        return self.open(key)

    def size(self, key: str) -> int | None:
        """Return the size in bytes, or None if there is no such regular file."""
        path = self._path(key)
        with storage_faults(f"read {self.shown(key)}"):
            try:
                status = path.lstat()
            except FileNotFoundError:
                return None
        return status.st_size if S_ISREG(status.st_mode) else None

    def sha256(self, key: str) -> str | None:
        """Return the digest of a file's bytes, or None if there is no such file."""
        if self.size(key) is None:
            return None
        with storage_faults(f"read {self.shown(key)}"), self.open(key) as file:
            return file_sha256(file)

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield every file below a folder, sorted by key; links are named, never followed."""
        top = self._path(prefix) if prefix else self.root
        with storage_faults(f"list {self.shown(prefix)}"):
            yield from _walk(top, f"{prefix}/" if prefix else "")

    def delete(self, key: str) -> None:
        """Remove a file and the folders that it leaves empty; those of records stay, other runs may need them."""
        path = self._path(key)
        with storage_faults(f"delete {self.shown(key)}"):
            path.unlink(missing_ok=True)
            folder = path.parent
            while folder != self.root and not key.startswith(f"{OWN_FOLDER}/"):
                try:
                    folder.rmdir()
                except OSError:
                    break
                folder = folder.parent
            with suppress(FileNotFoundError):
                fsync_folder(folder)

    def writing(self, *, alone: bool) -> AbstractContextManager[None]:
        """Hold the right to write, and clear what dead runs left in staging."""
        return writing(self, alone=alone)

    def unfinished(self) -> builtins.list[Entry]:
        """Return staged files, of dead runs and of living ones."""
        return list(self.list(STAGING))

    def now_s(self) -> float:
        """Return the time by this machine's clock."""
        return time.time()

    def discard_unfinished(self, entries: Iterable[Entry]) -> None:
        """Remove staged files."""
        for entry in entries:
            self.delete(entry.key)

    def clear_staging(self, *, every_run: bool) -> None:
        """Remove this run's staged files, or those and the claims of every run (when no other is alive)."""
        top = self.root / STAGING
        folders = [*top.glob("*"), self.root / CLAIMS] if every_run else [top / self._token]
        with suppress(OSError):
            for folder in folders:
                for path in folder.glob("*"):
                    path.unlink(missing_ok=True)
                folder.rmdir()
        with suppress(OSError):
            top.rmdir()

    def own_folder(self) -> Path:
        """Return the folder for what is not data; make it if need be."""
        with storage_faults(f"create the folder {self._shown}"):
            return self._made_folder(OWN_FOLDER)

    def _path(self, key: str) -> Path:
        """Return the path of a key after making sure that no link leads outside."""
        path = self.root
        for part in checked_key(key).split("/"):
            path = path / part
            if path.is_symlink():
                raise StorageError(
                    f"refused to follow the link {path}: it could lead outside the data set",
                    hint="replace the link with a folder, or choose another place",
                    key=key,
                )
        return path

    def _made_folder(self, folder: str) -> Path:
        """Make a folder and its parents durable, from the outermost to the innermost."""
        made = self.root / folder if folder else self.root
        for attempt in range(_MKDIR_ATTEMPTS):
            missing = [path for path in (made, *made.parents) if not path.is_dir()]
            try:
                for path in reversed(missing):
                    with suppress(FileExistsError):
                        path.mkdir()
                    fsync_folder(path.parent)
            except FileNotFoundError:
                # Another run has just removed a folder that its last file left empty.
                if attempt + 1 == _MKDIR_ATTEMPTS:
                    raise
            else:
                break
        return made

    def _new_staged(self, key: str) -> Path:
        """Return a path in the staging folder that nobody else uses."""
        folder = self._made_folder(f"{STAGING}/{self._token}")
        return folder / f"{self._writer}-{next(self._numbers)}-{key.rpartition('/')[2]}"


class LocalUpload:
    """A staged file that becomes visible by a rename."""

    def __init__(self, staged: Path, final: Path, folder: Path, shown: str) -> None:
        self._staged, self._final, self._folder, self._shown = staged, final, folder, shown
        self._descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)

    def write(self, data: bytes | memoryview) -> int:
        """Append all of `data`."""
        view = memoryview(data)
        total = view.nbytes
        with storage_faults(f"write {self._shown}"):
            while view.nbytes:
                view = view[os.write(self._descriptor, view) :]
        return total

    def commit(self, sha256: str) -> None:
        """Make the bytes durable, then the name."""
        del sha256
        with storage_faults(f"write {self._shown}"):
            self._finish_bytes()
            self._staged.rename(self._final)
            fsync_folder(self._folder)

    def commit_new(self) -> bool:
        """Do the same unless the name exists; say whether this call made it."""
        with storage_faults(f"write {self._shown}"):
            self._finish_bytes()
            try:
                self._final.hardlink_to(self._staged)
            except FileExistsError:
                return False
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                if self._final.exists():
                    return False
                self._staged.rename(self._final)
            fsync_folder(self._folder)
            return True

    def abort(self) -> None:
        """Remove the staged file if it is still there."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        with suppress(OSError):
            self._staged.unlink(missing_ok=True)

    def _finish_bytes(self) -> None:
        os.fsync(self._descriptor)
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)


def _walk(folder: Path, prefix: str) -> Iterator[Entry]:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names are needed, not paths
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        try:
            status = (folder / name).lstat()
        except FileNotFoundError:
            continue
        if S_ISDIR(status.st_mode):
            yield from _walk(folder / name, f"{prefix}{name}/")
        else:
            size = status.st_size if S_ISREG(status.st_mode) else -1
            yield Entry(f"{prefix}{name}", size, status.st_mtime)
