"""Upload a folder with boto3's transfer manager at its defaults: the peer of `payloom publish`.

Usage: python benchmarks/upload_boto3.py SOURCE BUCKET PREFIX ENDPOINT
"""

from __future__ import annotations

import sys
from pathlib import Path

import boto3
from boto3.s3.transfer import TransferConfig, create_transfer_manager


def main(source: Path, bucket: str, prefix: str, endpoint: str) -> None:
    """Hand every file to one manager, which sends up to ten requests at a time over all of them."""
    defaults = TransferConfig()
    client = boto3.client("s3", endpoint_url=endpoint)
    with create_transfer_manager(client, defaults) as manager:
        sent = [
            manager.upload(str(path), bucket, f"{prefix}/{path.relative_to(source).as_posix()}")
            for path in sorted(source.rglob("*"))
            if path.is_file()
        ]
        for one in sent:
            one.result()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4])
