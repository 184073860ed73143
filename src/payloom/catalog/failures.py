"""What Glue and Athena say, as one line with the next step; never with what they echo of a request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError

from payloom.errors import PayloomError, StorageError, TransientError
from payloom.storage.aws import aws_faults

ALREADY_THERE: Final = "AlreadyExistsException"
NOT_FOUND: Final = "EntityNotFoundException"

_WRONG_KEY: Final = ("the keys are not valid there", "check AWS_ACCESS_KEY_ID, its secret, the profile and the region")
_EXPIRED: Final = ("the session token has expired or is wrong", "log in again, then run the same command again")
_DENIED: Final = ("access is denied", "ask for the rights that docs/athena.md lists")

_PERMANENT: Final = {
    "AccessDeniedException": _DENIED,
    "AccessDenied": _DENIED,
    "UnauthorizedException": _DENIED,
    "UnrecognizedClientException": _WRONG_KEY,
    "InvalidClientTokenId": _WRONG_KEY,
    "InvalidSignatureException": _WRONG_KEY,
    "IncompleteSignature": _WRONG_KEY,
    "SignatureDoesNotMatch": _WRONG_KEY,
    "MissingAuthenticationToken": _WRONG_KEY,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "ResourceNumberLimitExceededException": ("the account's limit is reached", "raise the quota of the AWS account"),
}
"""Words whose sentences may repeat the request, keys and tokens included: ours are shown instead."""

_PASSING: Final = frozenset(
    {
        "ConcurrentModificationException",
        "InternalServerException",
        "InternalServiceException",
        "InternalFailure",
        "OperationTimeoutException",
        "RequestLimitExceeded",
        "ResourceNotReadyException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_SERVER_FAULT: Final = 500
_RERUN: Final = "run the same command again in a while"
_MAX_SAID: Final = 200

_USER: Final = re.compile(r"://[^/@\s]*@")


def code_of(error: ClientError) -> str:
    """Return the service's word for an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def service_faults(action: str) -> Iterator[None]:
    """Turn what a service refuses in the block into one line.

    Parameters
    ----------
    action
        What was tried, such as ``"create the table payments in Glue"``.

    Raises
    ------
    StorageError
        If it refuses for good, or there is nobody to log in as.
    TransientError
        If it can't be reached, or asks to come back later.
    """
    with aws_faults(action):
        try:
            yield
        except ClientError as error:
            # Not chained: what the service echoes of a request may hold a token.
            raise meaning(action, error) from None
        except (HTTPClientError, BotoConnectionError) as error:
            said = one_line(_USER.sub("://", str(error)))
            hint = "check the region and the network, then run the same command again"
            raise TransientError(f"cannot {action}: {said}", hint=hint) from None


def meaning(action: str, error: ClientError) -> PayloomError:
    """Return the error of this package for an answer of a service."""
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _PERMANENT:
        cause, hint = _PERMANENT[code]
        return StorageError(f"cannot {action}: {cause} ({code})", hint=hint, code=code)
    said = one_line(str(error.response.get("Error", {}).get("Message", ""))) or f"status {status}"
    kind = TransientError if code in _PASSING or status >= _SERVER_FAULT else StorageError
    hint = _RERUN if kind is TransientError else "check the options; docs/athena.md has what the commands need"
    return kind(f"cannot {action}: AWS answers {code}: {said}", hint=hint, code=code)


def refused(action: str, code: str, said: str) -> PayloomError:
    """Return the error for one item of a batch that the service refused."""
    return meaning(action, ClientError({"Error": {"Code": code, "Message": said}}, ""))


def one_line(text: str) -> str:
    """Return a service's sentence on one line, shortened."""
    return " ".join(text.split())[:_MAX_SAID]
