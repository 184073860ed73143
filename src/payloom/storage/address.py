"""Where a data set lies: a folder, or a bucket and a prefix; and how to talk to the bucket."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self, cast

from payloom.errors import ConfigError, Problem
from payloom.extras import extra_libraries
from payloom.storage.local import LocalStore
from payloom.storage.store import Store

Scheme = Literal["s3", "gs", "az"]

MIN_PART_BYTES: Final = 5 << 20
"""Smallest part of a multipart upload that S3 takes, except the last one."""

MAX_PART_BYTES: Final = 512 << 20
MAX_CONCURRENCY: Final = 64
MAX_TIMEOUT_SECONDS: Final = 600.0

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_COLLAPSED: Final = re.compile(r"(s3|gs|az):/[^/]")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_PREFIX_PART: Final = re.compile(r"[\w.=+,~ -]{1,240}", re.ASCII)
_PREFIX_CHARS_MAX: Final = 500
_EXPECTED: Final = "expected s3://BUCKET or s3://BUCKET/PREFIX (or gs://, az://)"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """How to talk to an object store; what is None comes from the environment or the store's own default.

    Attributes
    ----------
    endpoint_url
        Address of an S3-compatible server; ``AWS_ENDPOINT_URL_S3``, ``AWS_ENDPOINT_URL`` and the profile come next.
    region
        Region of the bucket; ``AWS_REGION``, ``AWS_DEFAULT_REGION`` and the profile come next.
    profile
        Profile of the AWS configuration; ``AWS_PROFILE`` comes next.
    server_side_encryption
        ``AES256``, ``aws:kms`` or ``aws:kms:dsse``.
    kms_key_id
        Key for the latter two.
    storage_class
        Of parts, such as ``STANDARD_IA``; records under ``_payloom/`` are always in the default one.
    part_size_bytes
        Of multipart uploads; what is smaller goes up in one request.
    concurrency
        Files on their way at the same time; each has up to `REQUESTS_PER_FILE` requests.
    timeout_seconds
        How long an answer may take before the request is made again.
    """

    endpoint_url: str | None = None
    region: str | None = None
    profile: str | None = None
    server_side_encryption: str | None = None
    kms_key_id: str | None = None
    storage_class: str | None = None
    part_size_bytes: int = 8 << 20
    concurrency: int = 3
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Address:
    """A bucket and a prefix in it.

    Attributes
    ----------
    scheme
        Which kind of store.
    bucket
        Name of the bucket or container.
    prefix
        Folder of the data set in it, without slashes at its ends; may be empty.
    """

    scheme: Scheme
    bucket: str
    prefix: str

    @classmethod
    def parse(cls, location: str) -> Self:
        """Read an address such as ``s3://fraud-dl-raw/prefix``.

        Raises
        ------
        ConfigError
            If it is none. What may hold a password is not repeated.
        """
        scheme, _, rest = location.partition("://")
        bucket, _, prefix = rest.partition("/")
        prefix = prefix.rstrip("/")
        if scheme.lower() not in {"s3", "gs", "az"}:
            raise _refusal(f"{scheme}://", _EXPECTED)
        if "@" in rest or ":" in rest:
            raise _refusal(f"{scheme}://", f"it may hold a name or a password, and is not repeated; {_EXPECTED}")
        if not _BUCKET.fullmatch(bucket):
            raise _refusal(f"{scheme}://{bucket[:80]}", f"no name of a bucket; {_EXPECTED}")
        parts = prefix.split("/") if prefix else []
        if len(prefix) > _PREFIX_CHARS_MAX or any(
            part in {".", ".."} or not _PREFIX_PART.fullmatch(part) for part in parts
        ):
            allowed = "a prefix has letters, digits and . _ - = + , ~ between single slashes"
            raise _refusal(location[:120], allowed)
        return cls(cast("Scheme", scheme.lower()), bucket, prefix)

    def __str__(self) -> str:
        """Return the address as a person would write it, without a slash at the end."""
        return f"{self.scheme}://{self.bucket}{f'/{self.prefix}' if self.prefix else ''}"


def is_remote(location: str | Path) -> bool:
    """Say whether a location is the address of an object store and not a folder."""
    return isinstance(location, str) and _URL.match(location) is not None


def open_store(location: str | Path, options: StoreOptions | None = None) -> Store:
    """Return the store at a location; one request makes sure that a bucket can be reached.

    Parameters
    ----------
    location
        A folder, or an address such as ``s3://bucket/prefix``.
    options
        How to talk to the object store; a folder needs none.

    Raises
    ------
    ConfigError
        If the address is none, or the libraries of the extra ``s3`` are missing.
    StorageError, TransientError
        If there are no credentials, no such bucket, or nobody answers.
    """
    if not str(location):
        raise _refusal("", "expected a folder or an address")
    if not is_remote(location):
        if _COLLAPSED.match(str(location)):
            scheme = str(location)[:2]
            slashes = "a Path drops one of the slashes" if isinstance(location, Path) else "an address has two slashes"
            raise _refusal(f"{scheme}:/", f"{slashes}: write {scheme}://BUCKET/PREFIX, as a string")
        return LocalStore(location)
    address = Address.parse(str(location))
    with extra_libraries("s3", f"{address.scheme}://"):
        from payloom.storage.object_store import ObjectStore  # noqa: PLC0415 - needs the extra

        store = ObjectStore(address, options or StoreOptions())
    store.reach()
    return store


def _refusal(given: str, allowed: str) -> ConfigError:
    hint = "name a folder, or an address such as s3://bucket/prefix"
    return ConfigError([Problem("location", repr(given), allowed)], hint=hint)
