"""Multipart uploads of S3 that nobody finished: they are paid for and seen by no listing of objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from payloom.storage.address import Address
from payloom.storage.aws import Aws, aws_faults
from payloom.storage.store import Entry


def unfinished_uploads(aws: Aws, address: Address) -> Iterator[tuple[Entry, str]]:
    """Yield the unfinished uploads below an address, with the id of each; their sizes are unknown, hence 0."""
    start = f"{address.prefix}/" if address.prefix else ""
    with aws_faults(f"list the unfinished uploads of {address}"):
        pages = aws.client("s3").get_paginator("list_multipart_uploads").paginate(Bucket=address.bucket, Prefix=start)
        for page in pages:
            for upload in page.get("Uploads", ()):
                key = upload["Key"].removeprefix(start)
                yield Entry(key, 0, upload["Initiated"].timestamp()), upload["UploadId"]


def abort_uploads(aws: Aws, address: Address, entries: Iterable[Entry]) -> None:
    """Abort the unfinished uploads of these entries; what was finished or aborted meanwhile is no error."""
    wanted = set(entries)
    if not wanted:
        return
    start = f"{address.prefix}/" if address.prefix else ""
    client = aws.client("s3")
    for entry, upload_id in [*unfinished_uploads(aws, address)]:
        if entry in wanted:
            with aws_faults(f"abort the upload of {address}/{entry.key}"):
                try:
                    client.abort_multipart_upload(Bucket=address.bucket, Key=start + entry.key, UploadId=upload_id)
                except client.exceptions.NoSuchUpload:
                    continue
