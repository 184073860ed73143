"""payloom, with a mishap at one moment; payloom's Python runs it.

SPOIL says which: `poison:DAY` puts a payment of a staged day there twice before it is judged; `kill` kills the first
publication when half of its files have arrived.
"""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

FILES_BEFORE_DEATH = 3


def place(address: str) -> tuple[str, str]:
    """Bucket and prefix of an address."""
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    return bucket, prefix


def keys(store: Any, bucket: str, prefix: str) -> list[str]:
    """Keys below a prefix."""
    return [entry["Key"] for entry in store.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]


def poison(store: Any, address: str) -> None:
    """Put the first payment of a staged day there a second time."""
    bucket, prefix = place(address)
    (key,) = keys(store, bucket, f"{prefix}/payments/")
    rows = pq.ParquetFile(io.BytesIO(store.get_object(Bucket=bucket, Key=key)["Body"].read())).read()
    spoilt = io.BytesIO()
    pq.write_table(pa.concat_tables([rows.slice(0, 1), rows]), spoilt, write_page_checksum=True)
    store.put_object(Bucket=bucket, Key=key, Body=spoilt.getvalue())


def publish_half(store: Any, command: list[str], target: str) -> None:
    """Publish, and die when some files have arrived and the manifest has not."""
    bucket, _ = place(target)
    child = subprocess.Popen([*command, "--concurrency", "1"])
    while child.poll() is None:
        arrived = [key for key in keys(store, bucket, "") if key.endswith(".parquet") and "_staging/" not in key]
        if len(arrived) >= FILES_BEFORE_DEATH:
            child.kill()
            child.wait()
            Path(os.environ["SPOILT"]).write_text(" ".join(arrived))
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.005)
    sys.exit("the publication was over before it could be killed")


payloom, spoil = os.environ["REAL_PAYLOOM"], os.environ["SPOIL"]
arguments = sys.argv[1:]
store = boto3.client("s3")
if (
    spoil.startswith("poison:")
    and arguments[0] == "validate"
    and f"/day={spoil.removeprefix('poison:')}/" in arguments[1]
):
    poison(store, arguments[1])
if spoil == "kill" and arguments[0] == "publish" and not Path(os.environ["SPOILT"]).exists():
    publish_half(store, [payloom, *arguments], arguments[2])
os.execv(payloom, [payloom, *arguments])
