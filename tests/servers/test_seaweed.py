"""The S3 server of the tests is a real one, alone on this machine, and never outlives them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from scripts.s3_server import Keys
from tests.servers.seaweed import SeaweedServer

#: Tools of the tests, which every test that uses them tries again.
pytestmark = pytest.mark.integration

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
HOLD_A_SERVER = """
import sys, time
from tests.servers.seaweed import seaweed
with seaweed() as server:
    print(server.process.pid, flush=True)
    time.sleep(float(sys.argv[1]))
"""


def test_signatures_are_checked(s3_server):
    """A wrong secret and an unknown key are refused: what passes here was signed."""
    bucket = s3_server.bucket()
    wrong = Keys(s3_server.access_key, "wrong"), Keys("UNKNOWN", s3_server.secret_key)
    for keys, code in zip(wrong, ("SignatureDoesNotMatch", "InvalidAccessKeyId"), strict=True):
        other = SeaweedServer(s3_server.ports, keys, s3_server.home, s3_server.process)
        with pytest.raises(ClientError, match=code):
            other.client().put_object(Bucket=bucket, Key="key", Body=b"1")
    assert s3_server.keys_and_etags(bucket) == {}


def test_buckets_are_fresh(s3_server):
    """Each test gets an empty bucket of its own, and writing creates none."""
    one, other = s3_server.bucket(), s3_server.bucket()
    assert one != other
    s3_server.client().put_object(Bucket=one, Key="key", Body=b"1")
    assert list(s3_server.keys_and_etags(one)) == ["key"]
    assert s3_server.keys_and_etags(other) == {}
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3_server.client().put_object(Bucket="never-created", Key="key", Body=b"1")


def test_environment_of_a_subprocess(s3_server, monkeypatch):
    """A subprocess reaches this server and none of the settings of the person who runs the tests."""
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "somebody's")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    bucket = s3_server.bucket()
    code = f"import boto3; boto3.client('s3').put_object(Bucket='{bucket}', Key='key', Body=b'1')"
    subprocess.run([sys.executable, "-c", code], check=True, env=s3_server.env())
    assert list(s3_server.keys_and_etags(bucket)) == ["key"]


@LINUX
def test_only_on_loopback(s3_server):
    """No port of the server is open on another address; 127.0.0.2 would be, if it listened everywhere."""
    for port in s3_server.ports.values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=1)
    socket.create_connection(s3_server.address, timeout=1).close()


@LINUX
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None])
def test_ends_with_the_tests(end, tmp_path):
    """Whatever ends the tests, the server is gone."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_A_SERVER, "0" if end is None else "60"], stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL,
        # Killed, it cannot clean up; pytest does.
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert holder.stdout is not None
    with holder.stdout:
        server_pid = int(holder.stdout.readline())
    if end is not None:
        holder.send_signal(end)
    holder.wait(20)
    end_at = time.monotonic() + 5
    while is_running(server_pid):
        assert time.monotonic() < end_at
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process lives; one that waits to be collected does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def test_ports_are_its_own(s3_server):
    """A second server of another process does not disturb the first."""
    holder = subprocess.Popen([sys.executable, "-c", HOLD_A_SERVER, "0"], stdout=subprocess.DEVNULL)
    assert holder.wait(30) == 0
    assert s3_server.process.poll() is None
    assert s3_server.keys_and_etags(s3_server.bucket()) == {}
