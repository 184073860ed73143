"""Addresses of tracking servers: refused, or tried, within seconds and without MLflow."""

import http.server
import socket
import threading
import time
from pathlib import Path

import pytest

from payloom.errors import ConfigError, StorageError, TransientError
from payloom.tracking.address import make_sure_it_answers, one_line, shown


@pytest.mark.parametrize(
    "address",
    [
        "",
        "mlruns",
        "./mlruns",
        "file:///data/mlruns",
        "ftp://host/x",
        "http://",
        "http://host:port",
        "://",
        "httpx://h",
    ],
)
def test_what_is_no_address(address):
    """A folder, another scheme or a broken port: exit code 2, one line, before anything is asked."""
    with pytest.raises(ConfigError) as caught:
        make_sure_it_answers(address)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_folders_are_told_what_to_write_instead():
    """Who names a folder, as was usual, reads the address of a database in that folder."""
    with pytest.raises(ConfigError, match=r"sqlite:///\./mlruns/mlflow\.db"):
        make_sure_it_answers("./mlruns")


@pytest.mark.parametrize("scheme", ["http", "postgresql", "postgresql+psycopg2", "mysql+pymysql"])
def test_nobody_there(scheme):
    """A port where nobody listens: exit code 6 within seconds, and no password in the line."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"{scheme}://me:hunter2@127.0.0.1:{held.getsockname()[1]}/x"
        begin = time.monotonic()
        with pytest.raises(TransientError) as caught:
            make_sure_it_answers(address)
    assert time.monotonic() - begin < 5
    assert caught.value.exit_code == 6
    assert "hunter2" not in f"{caught.value}{caught.value.hint}"
    assert "make mlflow" in caught.value.hint


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers every request with the status of its server."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""


@pytest.mark.parametrize("address", ["http://me:hunter 2@host:1", "me:hunter2@host:1", "http://me:hu@nter2@host/x"])
def test_no_password_is_shown(address):
    """Also not one with a blank or an @, or one in something that is no address."""
    assert "hunter" not in shown(address)
    assert "nter2" not in shown(address)
    assert "host" in shown(address)


def test_a_server_with_user_and_password_is_asked():
    """They are no part of the host."""
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        server.status = 200  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        make_sure_it_answers(f"http://me:hunter2@127.0.0.1:{server.server_port}/")
        thread.join()


@pytest.mark.parametrize(("status", "is_there"), [(200, True), (404, True), (401, True), (500, False), (503, False)])
def test_what_a_server_says(status, is_there):
    """An answer of any kind is somebody; only a server that says it is broken is not."""
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        server.status = status  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        if is_there:
            make_sure_it_answers(address)
        else:
            with pytest.raises(TransientError, match=str(status)):
                make_sure_it_answers(address)
        thread.join()


def test_https_where_http_is_spoken():
    """The line says so, instead of blaming a certificate that nobody showed."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(TransientError, match="try http://"):
            make_sure_it_answers(f"https://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()


def test_not_even_http():
    """A program that speaks something else is one line."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"220 mail.example.com ESMTP\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(TransientError) as caught:
            make_sure_it_answers(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()
    assert "\n" not in str(caught.value)


def test_files_that_are_no_database(tmp_path: Path):
    """A file of another kind and a folder are refused; a file that is not there yet is fine."""
    (tmp_path / "notes.db").write_text("my notes, twenty years of them", "utf-8")
    for name in ("notes.db", "."):
        with pytest.raises(StorageError):
            make_sure_it_answers(f"sqlite:///{tmp_path / name}")
    make_sure_it_answers(f"sqlite:///{tmp_path / 'new.db'}")
    assert (tmp_path / "notes.db").read_text("utf-8").startswith("my notes")


def test_one_line():
    """What others say is one printable line of bounded length, and a password is not repeated."""
    assert one_line("\n first \nsecond") == "first"
    assert one_line("a\x1b[31mb") == "a?[31mb"
    assert len(one_line("x" * 10_000)) <= 200
    assert shown("http://me:hunter2@h:5000/") == "http://h:5000/"
