"""What a test of the fault proxy works with: requests by hand and by both clients, and what the server has."""

import http.client
import socket
from typing import Any
from urllib.parse import urlsplit

from obstore.store import S3Store

from tests.servers.proxy import FaultProxy
from tests.servers.seaweed import SeaweedServer


class Bench:
    """A bucket seen directly (`direct`) and through the proxy (`boto3`), and raw requests that are signed."""

    def __init__(self, server: SeaweedServer, proxy: FaultProxy) -> None:
        self.server, self.proxy = server, proxy
        self.bucket = server.bucket()
        self.direct = server.client()
        self.boto3 = server.client(proxy.endpoint, retries={"total_max_attempts": 1}, signature_version="s3v4")
        self.connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)

    def url(self, method: str, key: str) -> str:
        """A presigned address of an object."""
        call = {"PUT": "put_object", "GET": "get_object", "HEAD": "head_object"}[method]
        return self.boto3.generate_presigned_url(call, Params={"Bucket": self.bucket, "Key": key})

    def target(self, method: str, key: str) -> str:
        """Path and query of a presigned address."""
        parts = urlsplit(self.url(method, key))
        return f"{parts.path}?{parts.query}"

    def request(self, method: str, key: str, body: bytes | None = None, **options: Any) -> tuple[int, bytes]:
        """Send one request on the one connection; give status and body."""
        self.connection.request(method, self.target(method, key), body=body, **options)
        reply = self.connection.getresponse()
        return reply.status, reply.read()

    def send_raw(self, method: str, key: str, body: bytes = b"") -> socket.socket:
        """Send a request by hand; the caller reads what comes."""
        connection = socket.create_connection(("127.0.0.1", self.proxy.port), timeout=30)
        head = f"{method} {self.target(method, key)} HTTP/1.1\r\nHost: 127.0.0.1:{self.proxy.port}\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return connection

    def stored(self, key: str) -> bytes | None:
        """What the server has, asked without the proxy."""
        try:
            return self.direct.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self.direct.exceptions.NoSuchKey:
            return None

    def obstore(self) -> S3Store:
        """An obstore client through the proxy."""
        return S3Store(
            self.bucket,
            endpoint=self.proxy.endpoint,
            access_key_id=self.server.access_key,
            secret_access_key=self.server.secret_key,
            region="us-east-1",
            client_options={"allow_http": True},
        )
