"""A data set in an object store: an object appears whole under its final key, or not at all."""

from __future__ import annotations

import builtins
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, BinaryIO, Final, cast

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import AzureStore, GCSStore, S3Store

from payloom.errors import StorageError, TransientError
from payloom.storage.address import Address, StoreOptions
from payloom.storage.aws import Aws, aws_faults
from payloom.storage.failures import storage_faults
from payloom.storage.object_failures import ATTEMPTS, again, object_error, object_faults
from payloom.storage.object_ranges import ObjectRanges
from payloom.storage.object_upload import REQUESTS_PER_FILE, TOKEN, UPLOAD_TIMEOUTS, ObjectUpload
from payloom.storage.store import Entry

PAGE_TYPE: Final = "text/html; charset=utf-8"
SHA256: Final = "payloom-sha256"
"""Metadata: digest of the bytes, put there by the request that made the object."""

_READ_BYTES: Final = 4 << 20
_CONNECT_SECONDS: Final = 5
_RETRIES: Final = 10
_REQUEST_SECONDS_MAX: Final = timedelta(hours=12)
_REACH_KEY: Final = "_payloom/dataset.json"


class ObjectStore:
    """Objects below a prefix of a bucket.

    Parameters
    ----------
    address
        Bucket and prefix.
    options
        How to talk to it.

    Raises
    ------
    StorageError
        If there are no credentials.
    """

    is_shared = True

    def __init__(self, address: Address, options: StoreOptions) -> None:
        self.address, self.options = address, options

    def __getstate__(self) -> tuple[Address, StoreOptions]:
        """Leave connections and credentials behind: each process makes its own."""
        return self.address, self.options

    def __setstate__(self, state: tuple[Address, StoreOptions]) -> None:
        self.address, self.options = state

    @property
    def location(self) -> str:
        """The address as a person would write it."""
        return str(self.address)

    @property
    def upload_bytes(self) -> int:
        """Memory that one upload may take: what is gathered, and the requests on their way."""
        return (REQUESTS_PER_FILE + 2) * self.options.part_size_bytes

    def shown(self, key: str) -> str:
        """Return the address of a key as it appears in messages."""
        return f"{self.address}/{key}"

    def reach(self) -> None:
        """Return if the bucket answers; a wrong address is not worth the usual patience.

        Raises
        ------
        StorageError
            If the bucket does not exist, or nobody may read it with these credentials.
        TransientError
            If nobody answers at the endpoint.
        """
        hasty = self._connect(answer_seconds=min(_CONNECT_SECONDS, self.options.timeout_seconds), retries=2)
        try:
            with object_faults(f"reach {self.address}{self._where}"):
                obstore.get(hasty, _REACH_KEY).bytes()
        except FileNotFoundError:
            return
        except TransientError as error:
            # Whoever answers "later" is there: the requests to come are patient.
            if error.values.get("unreachable"):
                raise

    def upload(self, key: str, sha256: str = "") -> ObjectUpload:
        """Begin to write an object; `sha256` is kept with it if it is known beforehand."""
        return ObjectUpload(self, key, sha256)

    def put(self, key: str, data: bytes) -> None:
        """Write a small object whole; replaces what was there."""
        # A browser downloads a page that does not say what it is.
        kind = {"Content-Type": PAGE_TYPE} if key.endswith(".html") else {}
        self._put(self.client, key, data, {SHA256: hashlib.sha256(data).hexdigest(), **kind})

    def put_part(self, key: str, data: bytes, sha256: str) -> None:
        """Write a part in one request; replaces what was there."""
        self._put(self.upload_client, key, data, self.part_attributes(sha256))

    def create(self, key: str, data: bytes) -> bool:
        """Write a small object unless the key exists; say whether this call made it, also when the reply is lost."""
        attributes = {SHA256: hashlib.sha256(data).hexdigest(), TOKEN: os.urandom(12).hex()}
        return again(lambda: self._create(key, data, attributes), ATTEMPTS * self.options.timeout_seconds)

    def read(self, key: str) -> bytes | None:
        """Return the content of a small object, or None if there is none."""

        def work() -> bytes | None:
            try:
                with object_faults(f"read {self.shown(key)}"):
                    return bytes(obstore.get(self.client, key).bytes())
            except FileNotFoundError:
                return None

        return again(work, ATTEMPTS * self.options.timeout_seconds)

    def open(self, key: str) -> BinaryIO:
        """Fetch an object, which must exist, into a nameless temporary file and open that."""
        folder = tempfile.gettempdir()
        with storage_faults(f"keep {self.shown(key)} in {folder} while it is read (TMPDIR names another folder)"):
            file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
            try:
                for block in self._blocks(key):
                    file.write(block)
                file.seek(0)
            except BaseException:
                file.close()
                raise
        return file

    def open_ranges(self, key: str) -> BinaryIO:
        """Open an object, which must exist, of which only some places are read; nothing else is fetched."""
        with storage_faults(f"read {self.shown(key)}"):
            return cast("BinaryIO", ObjectRanges(self, key))

    def size(self, key: str) -> int | None:
        """Return the size in bytes, or None if there is no such object."""

        def work() -> int | None:
            try:
                with object_faults(f"read {self.shown(key)}"):
                    return int(obstore.head(self.client, key)["size"])
            except FileNotFoundError:
                return None

        return again(work, ATTEMPTS * self.options.timeout_seconds)

    def sha256(self, key: str) -> str | None:
        """Return the digest that came with the object, else that of its bytes; None if there is no such object."""
        try:
            if kept := self._attributes(key, missing_ok=False).get(SHA256):
                return kept
            digest = hashlib.sha256()
            for block in self._blocks(key):
                digest.update(block)
        except FileNotFoundError:
            return None
        return digest.hexdigest()

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield every object below a folder, sorted by key."""

        def work() -> builtins.list[Entry]:
            with object_faults(f"list {self.shown(prefix)}"):
                return [
                    Entry(meta["path"], meta["size"], meta["last_modified"].timestamp())
                    for chunk in obstore.list(self.client, prefix or None, chunk_size=1_000)
                    for meta in chunk
                    if not _is_folder_marker(meta["path"], meta["size"])
                ]

        yield from sorted(again(work, ATTEMPTS * self.options.timeout_seconds))

    def delete(self, key: str) -> None:
        """Remove an object; harmless if there is none."""

        def work() -> None:
            with object_faults(f"delete {self.shown(key)}"), suppress(FileNotFoundError):
                obstore.delete(self.client, key)

        again(work, ATTEMPTS * self.options.timeout_seconds)

    def writing(self, *, alone: bool) -> AbstractContextManager[None]:
        """Object stores have no locks: what two runs do at the same time is settled by names that exist once."""
        del alone
        return nullcontext()

    def unfinished(self) -> builtins.list[Entry] | None:
        """Return the multipart uploads that were begun and neither finished nor aborted; only S3 can tell."""
        if self.address.scheme != "s3":
            return None
        from payloom.storage.unfinished import unfinished_uploads  # noqa: PLC0415 - needs a client of its own

        try:
            return [entry for entry, _ in unfinished_uploads(self.aws, self.address)]
        except StorageError as error:
            # The role of a reader; what it may not see is not known to be none.
            if error.values.get("code") != "AccessDenied":
                raise
            return None

    def discard_unfinished(self, entries: Iterable[Entry]) -> None:
        """Abort multipart uploads that `unfinished` named."""
        if self.address.scheme != "s3":
            return
        from payloom.storage.unfinished import abort_uploads  # noqa: PLC0415 - needs a client of its own

        abort_uploads(self.aws, self.address, entries)

    def now_s(self) -> float:
        """Return the time by the clock of S3; elsewhere, by this machine's."""
        if self.address.scheme != "s3":
            return time.time()
        with aws_faults(f"reach {self.address}"):
            # Asked for below the prefix: a role may be held to it.
            answer = self.aws.client("s3").list_objects_v2(
                Bucket=self.address.bucket, Prefix=f"{self.address.prefix}/" if self.address.prefix else "", MaxKeys=1
            )
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()

    @cached_property
    def aws(self) -> Aws:
        """Credentials, region and endpoint of an S3 address."""
        return Aws(self.options)

    @cached_property
    def client(self) -> Any:
        """The library's store for records, and for reading."""
        return self._connect(answer_seconds=self.options.timeout_seconds, retries=_RETRIES)

    @cached_property
    def upload_client(self) -> Any:
        """The library's store for parts: the answer to a request comes after all its bytes went over the line."""
        return self._connect(answer_seconds=UPLOAD_TIMEOUTS * self.options.timeout_seconds, retries=_RETRIES)

    def part_attributes(self, sha256: str) -> dict[str, str]:
        """Return the metadata of a part: its digest, if known, and its storage class."""
        kept = {SHA256: sha256} if sha256 else {}
        if self.options.storage_class:
            kept["Storage-Class"] = self.options.storage_class
        return kept

    def made_by(self, key: str, token: str) -> bool:
        """Say whether the object at a key was made by the attempt with this token."""
        return self._attributes(key).get(TOKEN) == token

    @property
    def _where(self) -> str:
        endpoint = self.aws.endpoint_url if self.address.scheme == "s3" else None
        return f" at {endpoint}" if endpoint else ""

    def _attributes(self, key: str, *, missing_ok: bool = True) -> dict[str, str]:

        def work() -> dict[str, str]:
            with object_faults(f"read {self.shown(key)}"):
                return dict(obstore.get(self.client, key, options={"head": True}).attributes)

        try:
            return again(work, ATTEMPTS * self.options.timeout_seconds)
        except FileNotFoundError:
            if not missing_ok:
                raise
            return {}

    def _put(self, client: Any, key: str, data: bytes, attributes: dict[str, str]) -> None:

        def work() -> None:
            with object_faults(f"write {self.shown(key)}"):
                obstore.put(client, key, data, attributes=attributes, use_multipart=False)

        patience = UPLOAD_TIMEOUTS if client is self.upload_client else 1
        again(work, ATTEMPTS * patience * self.options.timeout_seconds)

    def _create(self, key: str, data: bytes, attributes: dict[str, str]) -> bool:
        """Try once to make an object; raises TransientError when another try may tell more."""
        action = f"write {self.shown(key)}"
        try:
            with object_faults(action):
                try:
                    obstore.put(self.client, key, data, attributes=attributes, mode="create")
                except AlreadyExistsError as error:
                    there = self._attributes(key)
                    # "Somebody is writing it just now" is told in the same way as "it exists".
                    if not there and self.size(key) is None:
                        raise object_error(error, action) from None
                    return there.get(TOKEN) == attributes[TOKEN]
        except TransientError:
            if self._attributes(key).get(TOKEN) == attributes[TOKEN]:
                return True
            raise
        return True

    def _blocks(self, key: str) -> Iterator[memoryview]:
        """Yield the bytes of an object; raises FileNotFoundError if there is none."""
        with object_faults(f"read {self.shown(key)}"):
            for block in obstore.get(self.client, key).stream(min_chunk_size=_READ_BYTES):
                yield memoryview(block)

    def _connect(self, *, answer_seconds: float, retries: int) -> Any:
        client_options: dict[str, Any] = {
            "connect_timeout": timedelta(seconds=min(_CONNECT_SECONDS, answer_seconds)),
            "read_timeout": timedelta(seconds=answer_seconds),
            # Of the whole request: a slow line may take long, as long as something moves.
            "timeout": _REQUEST_SECONDS_MAX,
            "allow_http": True,
        }
        shared: dict[str, Any] = {
            "client_options": client_options,
            "retry_config": {
                "max_retries": retries,
                "retry_timeout": timedelta(seconds=ATTEMPTS * answer_seconds),
                "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=5), "base": 2},
            },
            "prefix": self.address.prefix or None,
        }
        with object_faults(f"use {self.address}"):
            if self.address.scheme == "gs":
                return GCSStore(self.address.bucket, **shared)
            if self.address.scheme == "az":
                return AzureStore(self.address.bucket, **shared)
            # Without an endpoint the library takes that of the region.
            chosen: dict[str, Any] = {
                "endpoint": self.aws.endpoint_url,
                "server_side_encryption": self.options.server_side_encryption,
                "sse_kms_key_id": self.options.kms_key_id,
            }
            return S3Store(
                self.address.bucket,
                region=self.aws.region,
                # The signature covers the bytes, but not every server compares them with it.
                checksum_algorithm="sha256",
                credential_provider=cast("Any", self.aws.credentials()),
                **{name: value for name, value in chosen.items() if value},
                **shared,
            )


def _is_folder_marker(key: str, size: int) -> bool:
    """Say whether an object is the empty one that a console makes for a "folder"; our files all have a suffix."""
    return not size and "." not in key.rpartition("/")[2]
