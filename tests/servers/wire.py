"""HTTP/1.1 messages on a socket, kept as the bytes that came."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

RECEIVE_BYTES = 1 << 18
HEAD_BYTES_MAX = 1 << 16
#: Close sends RST at once when lingering is on for 0 seconds.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class LostPeerError(Exception):
    """The other side closed in the middle of a message."""


@dataclass
class Message:
    """A request or a reply: the head's bytes, the body's bytes as they were framed."""

    head: bytes
    body: bytes = b""
    headers: dict[str, str] = field(init=False)
    first_line: list[str] = field(init=False)

    def __post_init__(self) -> None:
        first, *rest = self.head.decode("latin-1").rstrip("\r\n").split("\r\n")
        self.first_line = first.split(" ", 2)
        pairs = (line.partition(":") for line in rest)
        self.headers = {name.strip().lower(): value.strip() for name, _, value in pairs}

    @property
    def raw(self) -> bytes:
        """The whole message."""
        return self.head + self.body

    @property
    def method(self) -> str:
        """Of a request."""
        return self.first_line[0]

    @property
    def target(self) -> str:
        """Path and query of a request."""
        return self.first_line[1]

    @property
    def status(self) -> int:
        """Of a reply."""
        return int(self.first_line[1])

    @property
    def is_create(self) -> bool:
        """Whether a request may only make what is not there."""
        return self.headers.get("if-none-match") == "*"

    @property
    def keep_alive(self) -> bool:
        """Whether the connection stays open after this message."""
        framed = "HTTP/1.1" in (self.first_line[0], self.first_line[-1])
        return framed and self.headers.get("connection", "").lower() != "close"

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks, its length unknown."""
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def length(self) -> int | None:
        """Bytes of the body as declared."""
        declared = self.headers.get("content-length")
        return None if declared is None else int(declared)

    def drop(self, name: str) -> None:
        """Take a header out."""
        lines = self.head.split(b"\r\n")
        self.head = b"\r\n".join(line for line in lines if not line.lower().startswith(f"{name}:".encode()))
        self.headers.pop(name, None)

    def flip_bit(self) -> None:
        """Change one bit in the middle of the body."""
        middle = len(self.body) // 2
        if self.body:
            self.body = self.body[:middle] + bytes([self.body[middle] ^ 1]) + self.body[middle + 1 :]


class Wire:
    """A connected socket with what was received and not yet used."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def close(self) -> None:
        """End in the ordinary way, or by RST after `reset`."""
        self._socket.close()

    def shut(self) -> None:
        """Wake whoever waits for this connection, from another thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """End by RST."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._socket.close()

    def drain(self) -> None:
        """Say nothing and read on until the other side closes."""
        while self._socket.recv(RECEIVE_BYTES):
            pass

    def read_head(self) -> Message | None:
        """Give the next message without its body; None when the peer closed between messages."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > HEAD_BYTES_MAX:
                raise LostPeerError
            if not self._receive():
                if self._buffer:
                    raise LostPeerError
                return None
        return Message(self._take(end + 4))

    def read_body(self, message: Message, *, bodyless: bool = False) -> None:
        """Read the body of a message whose head was read; `bodyless` for the reply to HEAD."""
        is_reply = message.first_line[0].startswith("HTTP/")
        if bodyless or (is_reply and message.status in {204, 304}):
            return
        if message.chunked:
            message.body = b"".join(self._chunks())
        elif message.length is not None:
            message.body = self._exactly(message.length)
        elif is_reply:
            while self._receive():
                pass
            message.body = self._take(len(self._buffer))

    def read_half_body(self, message: Message) -> bytes:
        """Read half of the body, or its first chunk."""
        if message.chunked:
            return next(self._chunks())
        return self._exactly((message.length or 0) // 2)

    def _chunks(self) -> Iterator[bytes]:
        """Chunks with their frames; the last one has the trailers."""
        while True:
            line = self._line()
            size = int(line.partition(b";")[0], 16)
            if size == 0:
                trailers = line
                while (trailer := self._line()) != b"\r\n":
                    trailers += trailer
                yield trailers + b"\r\n"
                return
            yield line + self._exactly(size + 2)

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if not self._receive():
                raise LostPeerError
        return self._take(end + 2)

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            if not self._receive():
                raise LostPeerError
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        return taken

    def _receive(self) -> int:
        data = self._socket.recv(RECEIVE_BYTES)
        self._buffer += data
        return len(data)
