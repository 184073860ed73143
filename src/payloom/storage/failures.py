"""What the operating system says about storage, as one line with the next step."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from payloom.errors import StorageError, TransientError

_RERUN: Final = "then run the same command again: finished parts are kept"

_PERMANENT: Final[dict[int, tuple[str, str]]] = {
    errno.ENOSPC: ("no space is left", f"free some space or choose another place, {_RERUN}"),
    errno.EDQUOT: ("the disk quota is used up", f"free some space or choose another place, {_RERUN}"),
    errno.EFBIG: ("the file is larger than this system allows", f"raise the limit (ulimit -f), {_RERUN}"),
    errno.EROFS: ("the file system is read-only", "remount it writable or choose another place"),
    errno.EACCES: ("permission denied", "make the folder writable for this user or choose another place"),
    errno.EPERM: ("the operation is not permitted", "check owner and mount options, or choose another place"),
    errno.EIO: ("the device reports an input/output error", f"check the disk, {_RERUN}"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "choose another place"),
    errno.EISDIR: ("a folder stands where a file belongs", "move it away or choose another place"),
    errno.ENAMETOOLONG: ("the path is too long", "choose a shorter path"),
    errno.ELOOP: ("the path runs in a circle of links", "choose another place"),
    errno.EMFILE: ("too many files are open", f"raise the limit (ulimit -n), {_RERUN}"),
    errno.ENFILE: ("too many files are open on this machine", f"close some programs, {_RERUN}"),
}

_PASSING: Final = frozenset({errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EBUSY, errno.ENOLCK})


def storage_error(error: OSError, action: str) -> StorageError | TransientError:
    """Return the error of this package for one of the operating system's.

    Parameters
    ----------
    error
        What the system raised.
    action
        What was tried, such as ``"write data/x.parquet"``.
    """
    code = error.errno or 0
    if code in _PASSING:
        return TransientError(
            f"cannot {action}: {error.strerror}", hint="run the same command again: finished parts are kept", errno=code
        )
    cause, hint = _PERMANENT.get(code, (error.strerror or str(error) or "the system refused", f"check it, {_RERUN}"))
    return StorageError(f"cannot {action}: {cause}", hint=hint, errno=code)


@contextmanager
def storage_faults(action: str) -> Iterator[None]:
    """Turn an `OSError` of the block into a `StorageError` or `TransientError`."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, action) from error
