"""The store options of a command line, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from payloom.cli.values import count, size_bytes
from payloom.config.shown import shown_value
from payloom.errors import ConfigError, Problem
from payloom.storage.address import (
    MAX_CONCURRENCY,
    MAX_PART_BYTES,
    MAX_TIMEOUT_SECONDS,
    MIN_PART_BYTES,
    StoreOptions,
)

_ENCRYPTIONS: Final = ("AES256", "aws:kms", "aws:kms:dsse")


def given_store_options(given: Mapping[str, Any]) -> StoreOptions:
    """Return the store options of a command line, of which some may not exist for the command.

    Raises
    ------
    ConfigError
        With every problem.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {
        "endpoint_url": _endpoint(given.get("endpoint_url"), problems),
        "region": given.get("region"),
        "profile": given.get("profile"),
        "server_side_encryption": _encryption(given.get("sse"), problems),
        "kms_key_id": given.get("sse_kms_key_id"),
        "storage_class": given.get("storage_class"),
        "part_size_bytes": _part_size(given.get("part_size"), problems),
        "concurrency": _concurrency(given.get("concurrency"), problems),
        "timeout_seconds": _timeout(given.get("timeout"), problems),
    }
    if given.get("sse_kms_key_id") and not str(given.get("sse") or "").startswith("aws:kms"):
        allowed = "a key belongs to --sse aws:kms or aws:kms:dsse"
        problems.append(Problem("sse-kms-key-id", "", allowed, source="option --sse-kms-key-id"))
    if problems:
        raise ConfigError(problems)
    assert set(values) == {field.name for field in fields(StoreOptions)}
    return StoreOptions(**{name: value for name, value in values.items() if value is not None})


def _endpoint(text: str | None, problems: list[Problem]) -> str | None:
    if text is not None and not text.startswith(("http://", "https://")):
        allowed = "expected an address that begins with http:// or https://"
        problems.append(Problem("endpoint-url", shown_value(text), allowed, source="option --endpoint-url"))
    return text


def _encryption(text: str | None, problems: list[Problem]) -> str | None:
    if text is not None and text not in _ENCRYPTIONS:
        allowed = f"expected one of {', '.join(_ENCRYPTIONS)}"
        problems.append(Problem("sse", shown_value(text), allowed, source="option --sse"))
    return text


def _part_size(text: str | None, problems: list[Problem]) -> int | None:
    if text is None:
        return None
    size = size_bytes(text)
    if size is None or not MIN_PART_BYTES <= size <= MAX_PART_BYTES:
        allowed = f"expected a size from {MIN_PART_BYTES >> 20} MiB to {MAX_PART_BYTES >> 20} MiB, with its unit"
        problems.append(Problem("part-size", shown_value(text), allowed, 'such as "16MiB"', "option --part-size"))
    return size


def _concurrency(text: str | None, problems: list[Problem]) -> int | None:
    if text is None:
        return None
    number = count(text)
    if not isinstance(number, int) or not 1 <= number <= MAX_CONCURRENCY:
        allowed = f"expected a whole number from 1 to {MAX_CONCURRENCY} (files)"
        problems.append(Problem("concurrency", shown_value(text), allowed, source="option --concurrency"))
        return None
    return number


def _timeout(text: str | None, problems: list[Problem]) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= MAX_TIMEOUT_SECONDS:
        allowed = f"expected a number from 0.1 to {MAX_TIMEOUT_SECONDS:.0f} (seconds)"
        problems.append(Problem("timeout", shown_value(text), allowed, source="option --timeout"))
    return seconds
