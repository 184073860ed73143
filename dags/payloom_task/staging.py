"""The end of a day: what was staged is removed once it has been published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow.sdk import BaseOperator

from payloom_task.credentials import aws_client
from payloom_task.names import AirflowFailException
from payloom_task.run import run_of
from payloom_task.settings import read_settings


class ClearStagingOperator(BaseOperator):
    """Remove the staged objects of this run's day, and its unfinished uploads."""

    def execute(self, context: Any) -> dict[str, Any]:
        """Remove them, and return how many there were.

        Raises
        ------
        AirflowFailException
            If the store does not allow it.
        """
        settings = read_settings()
        staging = run_of(context, settings).staging
        bucket, _, prefix = staging.removeprefix("s3://").partition("/")
        store = aws_client(settings, "s3")
        try:
            removed = sum(_remove(store, bucket, f"{prefix}/"))
            for key, upload in _unfinished(store, bucket, f"{prefix}/"):
                store.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        except store.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
                raise AirflowFailException(
                    f"{staging}: the store refuses: {error}; the role needs s3:ListBucket, "
                    "s3:ListBucketMultipartUploads, s3:DeleteObject and s3:AbortMultipartUpload there"
                ) from None
            raise
        self.log.info("removed %d objects of %s", removed, staging)
        return {"location": staging, "removed": removed}


def _remove(store: Any, bucket: str, prefix: str) -> Iterator[int]:
    for page in store.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        keys = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
        if keys:
            answer = store.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
            if errors := answer.get("Errors"):
                raise AirflowFailException(f"s3://{bucket}/{errors[0].get('Key')} stays: {errors[0].get('Message')}")
            yield len(keys)


def _unfinished(store: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    for page in store.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix):
        yield from ((upload["Key"], upload["UploadId"]) for upload in page.get("Uploads", []))
