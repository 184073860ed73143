"""JSON documents whose bytes are fixed by their content and that notice a changed bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]

_SEAL = "sha256_of_the_rest"


def canonical(body: Mapping[str, Any]) -> bytes:
    """Return the one JSON text of a document: sorted keys, ASCII, a line for each value."""
    return (json.dumps(body, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def sealed(body: Mapping[str, Any]) -> bytes:
    """Return the document's bytes with the digest of its content inside."""
    return canonical({**body, _SEAL: hashlib.sha256(canonical(body)).hexdigest()})


def unsealed(data: bytes | None) -> Document | None:
    """Return the document if these are exactly the bytes that `sealed` made of it, else None."""
    if data is None:
        return None
    try:
        body = json.loads(data)
        if not isinstance(body, dict) or body.pop(_SEAL, None) is None or sealed(body) != data:
            return None
    except (ValueError, RecursionError):
        return None
    return body
