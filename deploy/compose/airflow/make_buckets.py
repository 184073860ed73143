"""Make the buckets that the arguments name, unless they are there, and see that objects can be written and read.

Run once at each start, by payloom's Python, which has boto3. Endpoint and keys come in AWS's variables.
"""

from __future__ import annotations

import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def make(bucket: str) -> None:
    """Make a bucket, and write, read and remove an object in it."""
    s3 = boto3.client("s3")
    try:
        s3.create_bucket(Bucket=bucket)
        print(f"bucket {bucket} is made", flush=True)  # noqa: T201 - a script
    except (s3.exceptions.BucketAlreadyExists, s3.exceptions.BucketAlreadyOwnedByYou):
        print(f"bucket {bucket} is there", flush=True)  # noqa: T201 - a script
    s3.put_object(Bucket=bucket, Key=".ready", Body=b"ready")
    s3.get_object(Bucket=bucket, Key=".ready")["Body"].read()
    s3.delete_object(Bucket=bucket, Key=".ready")


if __name__ == "__main__":
    try:
        for name in sys.argv[1:]:
            make(name)
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"error: {error}; see docker compose logs s3")
