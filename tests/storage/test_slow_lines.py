"""A slow line is not a dead one: what moves is waited for."""

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from payloom.storage.address import Address, StoreOptions
from payloom.storage.object_store import ObjectStore
from tests.servers.seaweed import SeaweedServer

BYTES_PER_SECOND = 800_000


@contextmanager
def slow_line(address: tuple[str, int]) -> Iterator[str]:
    """A relay to the server that lets so many bytes a second through, in each direction."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(16_384):
                target.sendall(data)
                time.sleep(len(data) / BYTES_PER_SECOND)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def relay(client: socket.socket) -> None:
        with client, socket.create_connection(address) as server:
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join()

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=relay, args=(listener.accept()[0],), daemon=True))
                threads[-1].start()

    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = threading.Thread(target=accept, args=(listener,), daemon=True)
        acceptor.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join()
    for thread in threads:
        thread.join()


def test_what_moves_is_waited_for(s3_server: SeaweedServer, monkeypatch):
    """A megabyte takes 1.3 seconds, up and down, with a time limit of half a second for an answer."""
    for name, value in s3_server.env().items():
        monkeypatch.setenv(name, value)
    data = bytes(range(256)) * 4_000
    with slow_line(s3_server.address) as endpoint:
        options = StoreOptions(endpoint_url=endpoint, timeout_seconds=0.5)
        store = ObjectStore(Address("s3", s3_server.bucket(), ""), options)
        upload = store.upload("part")
        upload.write(data)
        upload.commit(hashlib.sha256(data).hexdigest())
        with store.open("part") as file:
            assert file.read() == data
        del store, upload
