"""The fault proxy passes everything on as it is, and does what its plan says."""

import http.client
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import obstore
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.servers.bench import Bench
from tests.servers.faults import ANSWERS, FAULTS
from tests.servers.proxy import FaultProxy
from tests.servers.seaweed import SeaweedServer
from tests.servers.stages import STAGES

#: Tools of the tests, which every test that uses them tries again.
pytestmark = pytest.mark.integration

#: Larger than the buffers of a loopback socket.
BODY = os.urandom(1 << 20) * 8
TIMEOUT_SECONDS = 0.5
PUT_IN_A_PROCESS = "import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1], data=b'x', method='PUT'))"


@pytest.fixture
def bench(s3_server: SeaweedServer, s3_proxy: FaultProxy):
    """The bench of one test."""
    bench = Bench(s3_server, s3_proxy)
    yield bench
    bench.connection.close()


def read_to_end(connection: socket.socket) -> bytes:
    """Everything that comes until the other side closes."""
    with connection:
        data = b""
        while piece := connection.recv(1 << 16):
            data += piece
        return data


def test_boto3_through_the_proxy(bench):
    """Without a fault boto3 puts, gets, lists and sends 20 MB in parts, and every byte is the same."""
    data = os.urandom(20_000_000)
    parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20, max_concurrency=4)
    bench.boto3.upload_fileobj(io.BytesIO(data), bench.bucket, "parts", Config=parts)
    bench.boto3.put_object(Bucket=bench.bucket, Key="one", Body=data)
    got = io.BytesIO()
    bench.boto3.download_fileobj(bench.bucket, "parts", got, Config=parts)
    assert got.getvalue() == data == bench.stored("parts") == bench.stored("one")
    listed = bench.boto3.list_objects_v2(Bucket=bench.bucket)["Contents"]
    assert [(entry["Key"], entry["Size"]) for entry in listed] == [("one", len(data)), ("parts", len(data))]
    assert bench.proxy.counts["multipart_part"] == 4
    assert not bench.proxy.faults


def test_obstore_through_the_proxy(bench):
    """Without a fault obstore does the same."""
    data = os.urandom(20_000_000)
    store = bench.obstore()
    obstore.put(store, "parts", data, use_multipart=True, chunk_size=5 << 20)
    obstore.put(store, "one", data, use_multipart=False)
    assert obstore.get(store, "parts").bytes() == data == bench.stored("parts") == bench.stored("one")
    assert [entry["path"] for entry in obstore.list(store).collect()] == ["one", "parts"]
    assert bench.proxy.counts["multipart_part"] == 4
    assert not bench.proxy.faults


def test_every_stage_is_told_from_the_others(bench):
    """Each kind of request is counted as what it is."""
    s3, of = bench.boto3, {"Bucket": bench.bucket, "Key": "a/b"}
    s3.put_object(**of, Body=b"1", IfNoneMatch="*")
    s3.put_object(**of, Body=b"2")
    s3.copy_object(Bucket=bench.bucket, Key="a/c", CopySource={"Bucket": bench.bucket, "Key": "a/b"})
    upload = s3.create_multipart_upload(**of)["UploadId"]
    etag = s3.upload_part(**of, UploadId=upload, PartNumber=1, Body=b"3")["ETag"]
    s3.list_parts(**of, UploadId=upload)
    s3.complete_multipart_upload(**of, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    s3.abort_multipart_upload(**of, UploadId=s3.create_multipart_upload(**of)["UploadId"])
    s3.list_multipart_uploads(Bucket=bench.bucket)
    s3.head_object(**of)
    s3.get_object(**of)["Body"].read()
    s3.list_objects_v2(Bucket=bench.bucket)
    s3.delete_object(**of)
    s3.delete_objects(Bucket=bench.bucket, Delete={"Objects": [{"Key": "a/c"}]})
    s3.create_bucket(Bucket=f"{bench.bucket}-other")
    assert bench.proxy.counts == dict.fromkeys(STAGES, 1) | {
        "multipart_start": 2, "list": 3, "delete": 2, "other": bench.proxy.counts["other"],
    }  # fmt: skip
    assert bench.proxy.requests == bench.proxy.counts.total()


@pytest.mark.parametrize("fault", ANSWERS)
def test_answers_instead_of_the_server(bench, fault):
    """A made-up answer comes whole, the server sees nothing, and the connection goes on where the answer lets it."""
    bench.proxy.plan("put", fault)
    status, body = bench.request("PUT", "key", b"data")
    answer = ANSWERS[fault]
    assert status == int(answer.status[:3])
    assert (f"<Code>{answer.code}</Code>" if answer.code else "<html>").encode() in body
    assert bench.stored("key") is None
    [entry] = bench.proxy.faults
    assert (entry.stage, entry.fault, entry.forwarded, entry.status) == ("put", fault, False, None)
    was = bench.connection.sock
    assert bench.request("PUT", "key", b"data")[0] == 200
    assert (bench.connection.sock is was) == answer.keep_alive
    assert bench.stored("key") == b"data"


@pytest.mark.parametrize("fault", ANSWERS)
def test_answer_to_head_has_no_body(bench, fault):
    """A made-up answer to HEAD ends with its head: a body would be taken for the next reply."""
    bench.proxy.plan("head", fault)
    with bench.send_raw("HEAD", "key") as connection:
        answer = connection.recv(1000)
        assert answer.startswith(f"HTTP/1.1 {ANSWERS[fault].status}\r\n".encode())
        assert answer.endswith(b"\r\n\r\n")
        if ANSWERS[fault].keep_alive:
            connection.sendall(f"HEAD / HTTP/1.1\r\nHost: 127.0.0.1:{bench.proxy.port}\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("fault", ["error_200", "error_200_blanks"])
def test_error_in_a_200(bench, fault):
    """Complete is answered with an error under status 200; boto3 calls it an error, and the upload stays."""
    of = {"Bucket": bench.bucket, "Key": "key"}
    upload = bench.boto3.create_multipart_upload(**of)["UploadId"]
    etag = bench.boto3.upload_part(**of, UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
    bench.proxy.plan("multipart_complete", fault)
    with pytest.raises(ClientError, match=r"InternalError|Internal Server Error"):
        bench.boto3.complete_multipart_upload(
            **of, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
        )
    assert bench.stored("key") is None
    assert bench.server.unfinished_uploads(bench.bucket) == ["key"]


@pytest.mark.parametrize("fault", ["reset_before", "reset_mid_body"])
def test_reset_on_the_way_there(bench, fault):
    """The connection is reset while the client sends, and the server keeps nothing of it."""
    bench.proxy.plan("put", fault)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        bench.request("PUT", "key", BODY)
    assert bench.stored("key") is None
    assert [(entry.fault, entry.forwarded) for entry in bench.proxy.log] == [(fault, False)]


@pytest.mark.parametrize("chunked", [False, True])
def test_server_gets_half_a_body(chunked):
    """When a request is cut in the middle, the server has half of its body, or one chunk, and then the end."""
    body = b"5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\n" if chunked else b"abcdefgh"
    framing = "Transfer-Encoding: chunked" if chunked else "Content-Length: 8"
    head = f"PUT /bucket/key HTTP/1.1\r\nHost: example.com\r\n{framing}\r\n\r\n".encode()
    with socket.create_server(("127.0.0.1", 0)) as server, FaultProxy(server.getsockname()) as proxy:
        proxy.plan("put", "reset_mid_body")
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
            client.sendall(head + body)
            assert read_to_end(server.accept()[0]) == head + (b"5\r\nabcde\r\n" if chunked else b"abcd")
            with pytest.raises(ConnectionResetError):
                client.recv(1)


@pytest.mark.parametrize("fault", ["reset_before", "lost_reply", "close_before"])
def test_reset_is_no_ordinary_end(bench, fault):
    """A reset is one at the level of TCP also when the proxy has read everything; a close is not."""
    bench.proxy.plan("list", fault)
    with socket.create_connection(("127.0.0.1", bench.proxy.port), timeout=10) as connection:
        connection.sendall(f"GET /{bench.bucket} HTTP/1.1\r\nHost: example.com\r\n\r\n".encode())
        if fault == "close_before":
            assert connection.recv(1) == b""
        else:
            with pytest.raises(ConnectionResetError):
                connection.recv(1)


def test_lost_reply(bench):
    """The server has done it, the client sees no reply."""
    bench.proxy.plan("put", "lost_reply")
    with pytest.raises(ConnectionResetError):
        bench.request("PUT", "key", BODY)
    assert bench.stored("key") == BODY
    assert [(entry.forwarded, entry.status) for entry in bench.proxy.faults] == [(True, 200)]


def test_hang(bench):
    """No answer comes, nothing is stored, and the proxy still stops at once."""
    bench.proxy.plan("put", "hang")
    with bench.send_raw("PUT", "key", BODY) as connection:
        connection.settimeout(TIMEOUT_SECONDS)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        start = time.monotonic()
        bench.proxy.__exit__(None, None, None)
        assert time.monotonic() - start < 5
        bench.proxy.__enter__()
    assert bench.stored("key") is None


@pytest.mark.parametrize("fault", ["stall_reply", "truncated_reply"])
def test_half_a_reply(bench, fault):
    """Half of the reply comes; then nothing, or the end."""
    bench.direct.put_object(Bucket=bench.bucket, Key="key", Body=BODY)
    bench.proxy.plan("get", fault)
    got = b""
    with bench.send_raw("GET", "key") as connection:
        connection.settimeout(TIMEOUT_SECONDS)
        try:
            while piece := connection.recv(1 << 18):
                got += piece
            ended = True
        except TimeoutError:
            ended = False
    assert ended == (fault == "truncated_reply")
    head, _, body = got.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(BODY)}".encode() in head
    assert body == BODY[: len(body)]
    assert len(BODY) * 0.45 < len(body) < len(BODY) * 0.55


def test_garbage(bench):
    """What comes is not HTTP."""
    bench.proxy.plan("put", "garbage_reply")
    with pytest.raises(http.client.BadStatusLine):
        bench.request("PUT", "key", b"data")
    bench.connection.close()
    assert bench.stored("key") is None


def test_slow(bench):
    """The reply takes its time and is whole."""
    bench.direct.put_object(Bucket=bench.bucket, Key="key", Body=BODY)
    bench.proxy.plan("get", "slow", delay_seconds=0.02)
    start = time.monotonic()
    assert bench.request("GET", "key") == (200, BODY)
    assert time.monotonic() - start > 19 * 0.02
    assert bench.request("GET", "key") == (200, BODY)


def test_flipped_bits(bench):
    """One bit of a body differs behind the proxy, or before it; a signed body is refused by the server then."""
    bench.proxy.plan("put", "flipped_body")
    with pytest.raises(ClientError):
        bench.boto3.put_object(Bucket=bench.bucket, Key="key", Body=b"\0" * 1000)
    bench.direct.put_object(Bucket=bench.bucket, Key="key", Body=b"\0" * 1000)
    bench.proxy.plan("get", "flipped_reply")
    _, got = bench.request("GET", "key")
    assert len(got) == 1000
    assert int.from_bytes(got, "big").bit_count() == 1


@pytest.mark.parametrize(("fault", "stored"), [("kill_before", None), ("kill_after", b"x")])
def test_kill(bench, fault, stored):
    """A process is killed in the middle of its request, before or after the server has done it."""
    started = threading.Event()
    process: subprocess.Popen

    def kill() -> None:
        started.wait(10)
        process.send_signal(signal.SIGKILL)
        process.wait()

    bench.proxy.plan("any", fault, callback=kill)
    process = subprocess.Popen([sys.executable, "-c", PUT_IN_A_PROCESS, bench.url("PUT", "key")])
    started.set()
    assert process.wait(20) == -signal.SIGKILL
    assert bench.stored("key") == stored
    assert [(entry.fault, entry.status) for entry in bench.proxy.log] == [(fault, 200 if stored else None)]


def test_which_request_it_hits(bench):
    """A fault comes once, at the n-th request of its stage since it was planned; `always` from then on."""
    bench.request("PUT", "key", b"data")
    bench.proxy.plan("put", "status_403", nth=2)
    bench.proxy.plan("get", "status_500", nth=2, always=True)
    assert [bench.request("PUT", "key", b"data")[0] for _ in range(4)] == [200, 403, 200, 200]
    assert [bench.request("GET", "key")[0] for _ in range(4)] == [200, 500, 500, 500]
    assert [entry.number for entry in bench.proxy.faults] == [3, 7, 8, 9]
    bench.proxy.reset()
    assert bench.proxy.requests == 0
    assert bench.request("GET", "key") == (200, b"data")


def test_any_request(bench):
    """`any` counts all requests, whatever they are for."""
    bench.proxy.plan("any", "status_500", nth=3)
    methods = ["PUT", "GET", "HEAD", "PUT"]
    assert [bench.request(method, "key", b"1" if method == "PUT" else None)[0] for method in methods] == [
        200, 200, 500, 200,
    ]  # fmt: skip


def test_impossible_plans():
    """A misspelt stage or fault is refused: it would never happen and the test would hold nothing."""
    proxy = FaultProxy(("127.0.0.1", 1))
    for stage, fault, nth in (("puts", "hang", 1), ("put", "hangs", 1), ("put", "hang", 0)):
        with pytest.raises(ValueError, match="no such plan"):
            proxy.plan(stage, fault, nth=nth)
    assert len(FAULTS) >= 14


def test_chunked_body(bench):
    """A body of unknown length comes through, and may be cut after its first chunk."""
    pieces = [BODY[:100_000], BODY[100_000:100_001], BODY[100_001:500_000]]
    chunked = {"encode_chunked": True, "headers": {"Transfer-Encoding": "chunked"}}
    assert bench.request("PUT", "key", iter(pieces), **chunked)[0] == 200
    assert bench.stored("key") == BODY[:500_000]
    bench.proxy.plan("put", "reset_mid_body")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        bench.request("PUT", "other", iter(pieces), **chunked)
    assert bench.stored("other") is None


def test_waits_for_continue(bench):
    """A client that waits for 100 Continue gets it before the body, and one final answer."""
    target = bench.target("PUT", "key")
    head = f"PUT {target} HTTP/1.1\r\nHost: 127.0.0.1:{bench.proxy.port}\r\nContent-Length: 4\r\n"
    with socket.create_connection(("127.0.0.1", bench.proxy.port), timeout=10) as connection:
        connection.sendall(f"{head}Expect: 100-continue\r\nConnection: close\r\n\r\n".encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"data")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
    assert bench.stored("key") == b"data"


def test_many_clients_at_once(bench):
    """Requests of many connections are counted one by one, and exactly one of them meets the fault."""
    bench.proxy.plan("put", "status_500", nth=17)

    def put(number: int) -> int:
        client: Callable = bench.server.client(bench.proxy.endpoint, retries={"total_max_attempts": 1}).put_object
        try:
            return client(Bucket=bench.bucket, Key=f"{number}", Body=b"1")["ResponseMetadata"]["HTTPStatusCode"]
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(put, range(40)))
    assert sorted(statuses) == [200] * 39 + [500]
    assert [entry.number for entry in bench.proxy.faults] == [17]
    assert len(bench.server.keys_and_etags(bench.bucket)) == 39


def test_stops_without_a_trace(s3_server):
    """When the proxy ends, nothing of it listens or runs."""
    before = threading.active_count()
    with FaultProxy(s3_server.address) as proxy:
        port = proxy.port
        s3_server.client(proxy.endpoint).list_buckets()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
