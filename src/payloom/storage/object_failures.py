"""What an object store says, as one line with the next step; never with what the server echoes of a request."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from obstore.exceptions import BaseError

from payloom.errors import PayloomError, StorageError, TransientError

RERUN: Final = "run the same command again: what has arrived is kept"

_PERMANENT: Final[dict[str, tuple[str, str]]] = {
    "NoSuchBucket": ("there is no such bucket", "create it, or check its name, the endpoint and the region"),
    "InvalidBucketName": ("that is no name of a bucket", "check the address"),
    "InvalidAccessKeyId": ("the access key is unknown there", "check AWS_ACCESS_KEY_ID, the profile and the endpoint"),
    "SignatureDoesNotMatch": ("the secret key is wrong", "check AWS_SECRET_ACCESS_KEY, the profile and the endpoint"),
    "AccessDenied": ("access is denied", "ask for the right to list, read, write and delete below the prefix"),
    "AllAccessDisabled": ("access is denied", "ask the owner of the bucket"),
    "AccountProblem": ("access is denied: there is a problem with the account", "ask the owner of the account"),
    "ExpiredToken": ("the session token has expired", f"log in again, then {RERUN}"),
    "ExpiredTokenException": ("the session token has expired", f"log in again, then {RERUN}"),
    "TokenRefreshRequired": ("the session token has expired", f"log in again, then {RERUN}"),
    "InvalidToken": ("the session token is not valid", "log in again; a token belongs to its key"),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", f"set the clock, then {RERUN}"),
    "PermanentRedirect": ("the bucket lies in another region", "name its region: --region or AWS_REGION"),
    "TemporaryRedirect": ("the bucket lies in another region", "name its region: --region or AWS_REGION"),
    "AuthorizationHeaderMalformed": ("the region is wrong", "name the bucket's region: --region or AWS_REGION"),
    "IllegalLocationConstraintException": ("the region is wrong", "name the bucket's region: --region or AWS_REGION"),
    "InvalidStorageClass": ("the store does not know that storage class", "choose another --storage-class"),
    "QuotaExceeded": ("no space is left: the quota is used up", f"free some space or raise the quota, then {RERUN}"),
    "InsufficientStorage": ("no space is left", f"free some space, then {RERUN}"),
    "XMinioStorageFull": ("no space is left", f"free some space, then {RERUN}"),
    "ReadOnly": ("the store is read-only", "make it writable or choose another address"),
    "MethodNotAllowed": ("the store does not allow that", "check that the endpoint is an object store"),
    "EntityTooLarge": ("the file is too large for this store", "choose a smaller --part-size or row group"),
    "InvalidPart": ("the store lost a part of the upload", RERUN),
    "KMS.NotFoundException": ("the encryption key does not exist", "check --sse-kms-key-id"),
    "KMS.DisabledException": ("the encryption key is disabled", "enable it, or name another --sse-kms-key-id"),
}

_PASSING: Final = frozenset(
    {
        "InternalError",
        "SlowDown",
        "ServiceUnavailable",
        "RequestTimeout",
        "RequestTimeoutException",
        "OperationAborted",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "ConditionalRequestConflict",
        # Bytes changed on the way: the store noticed and kept nothing.
        "BadDigest",
        "IncompleteBody",
        "InvalidDigest",
        "XAmzContentChecksumMismatch",
        "XAmzContentSHA256Mismatch",
    }
)
_PASSING_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_BY_STATUS: Final = {
    301: "PermanentRedirect",
    307: "TemporaryRedirect",
    405: "MethodNotAllowed",
    413: "EntityTooLarge",
    507: "InsufficientStorage",
}
_FORBIDDEN: Final = 403

ATTEMPTS: Final = 3
"""Timeouts for which a request is made again."""

_PAUSE_SECONDS: Final = 0.3
_Result = TypeVar("_Result")

_CODE: Final = re.compile(r"<Code>([\w.]{1,80})</Code>")
_STATUS: Final = re.compile(r"status code: (\d{3})|status: (\d{3})")
_INVALID_PATH: Final = "with invalid path"
_REDIRECTED: Final = "redirect without LOCATION"
_NOBODY: Final = "nobody listens there"
_LATE: Final = "no answer in time"
_CUT: Final = "the connection was cut"
_UNRESOLVED: Final = "its name can't be resolved"
_NO_WAY: Final = "the network can't be reached"
_NOT_TRUSTED: Final = "its certificate is not trusted"
_NO_ANSWER: Final = (
    ("dns error", _UNRESOLVED),
    ("onnectionRefused", _NOBODY),
    ("onnection refused", _NOBODY),
    ("NetworkUnreachable", _NO_WAY),
    ("invalid peer certificate", _NOT_TRUSTED),
    ("imedOut", _LATE),
    ("timed out", _LATE),
    ("onnectionReset", _CUT),
    ("IncompleteMessage", _CUT),
    ("error decoding response body", _CUT),
    ("error sending request", "the connection failed"),
    ("HTTP error", "the connection failed"),
)
_UNREACHABLE: Final = frozenset({_UNRESOLVED, _NOBODY, _NO_WAY, _NOT_TRUSTED})


def meaning_of_code(action: str, code: str, message: str, status: int) -> PayloomError:
    """Return the error for what a store answered.

    Parameters
    ----------
    action
        What was tried, such as ``"write s3://bucket/x"``.
    code
        The store's word for it; may be empty.
    message
        The store's sentence; may be empty.
    status
        The HTTP status; 0 if there was none.
    """
    code = code or _BY_STATUS.get(status, "")
    if code in _PASSING or (status in _PASSING_STATUS and code not in _PERMANENT):
        return TransientError(f"cannot {action}: the store answers {code or status} again and again", hint=RERUN)
    if code in _PERMANENT:
        cause, hint = _PERMANENT[code]
        return StorageError(f"cannot {action}: {cause} ({code})", hint=hint, code=code)
    if status == _FORBIDDEN:
        hint = "check key, secret and the right to list, read, write and delete below the prefix"
        return StorageError(f"cannot {action}: access is denied, or the key is wrong (403)", hint=hint, code=code)
    said = " ".join(f"{code}: {message}".strip(": ").split())[:160] or f"status {status}"
    return StorageError(f"cannot {action}: the store answers {said}", hint="check address and options", code=code)


def object_error(error: BaseException, action: str) -> PayloomError:
    """Return the error of this package for one of the object store's library.

    Parameters
    ----------
    error
        What the library raised; its text has the whole answer of the server.
    action
        What was tried.
    """
    text = str(error)
    found, status = _CODE.search(text), _STATUS.search(text)
    if found or status:
        number = int(status[1] or status[2]) if status else 0
        return meaning_of_code(action, found[1] if found else "", "", number)
    if _INVALID_PATH in text:
        hint = "it has control characters, or slashes without a name between them: remove it"
        return StorageError(f"cannot {action}: there is an object whose name can't be used", hint=hint)
    if _REDIRECTED in text:
        return meaning_of_code(action, "PermanentRedirect", "", 301)
    for sign, cause in _NO_ANSWER:
        if sign in text:
            hint = "check network and endpoint, then run it again" if cause in _UNREACHABLE else RERUN
            return TransientError(f"cannot {action}: {cause}", hint=hint, unreachable=cause in _UNREACHABLE)
    said = (text.splitlines() or [type(error).__name__])[0][:160]
    return StorageError(f"cannot {action}: {said}", hint="check address and options")


def again(work: Callable[[], _Result], patience_seconds: float) -> _Result:
    """Return what `work` gives, which may be done twice; a failure that may pass is tried again.

    The library does so too, but not for each kind of failure.

    Parameters
    ----------
    work
        What is done.
    patience_seconds
        How long it may have taken when it is done again.

    Raises
    ------
    TransientError
        If every try fails.
    """
    started = time.monotonic()
    for attempt in range(1, ATTEMPTS):
        try:
            return work()
        except TransientError as error:
            if error.values.get("unreachable") or time.monotonic() - started > patience_seconds:
                raise
            time.sleep(_PAUSE_SECONDS * attempt)
    return work()


@contextmanager
def object_faults(action: str) -> Iterator[None]:
    """Turn what the library raises in the block into a `StorageError` or `TransientError`.

    A missing object stays a `FileNotFoundError`, unless it is the bucket that is missing.
    """
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" not in str(error):
            raise
        raise object_error(error, action) from None
    except (BaseError, OSError) as error:
        # Not chained: what the server echoes of a request may hold a token.
        raise object_error(error, action) from None
