"""`make s3`: a server for users, started once, stopped cleanly, with a way out of every failure."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import s3_server
from scripts.s3_server import BUCKET, Server

#: Tools of the tests, which every test that uses them tries again.
pytestmark = pytest.mark.integration

SHELL_USES_IT = f"""
. "$1" && exec "$2" -c 'import boto3; s3 = boto3.client("s3"); s3.put_object(Bucket="{BUCKET}", Key="k", Body=b"v")'
"""


@pytest.fixture
def home(tmp_path: Path):
    """A folder whose server is stopped at the end."""
    home = tmp_path / "with space" / ".s3"
    home.parent.mkdir()
    yield home
    pid = Server(home).pid
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def run(capsys: pytest.CaptureFixture[str], home: Path, action: str) -> tuple[int, str, str]:
    """Exit code and output of one command, which never hold the secret."""
    code = s3_server.main([action], home)
    out, err = capsys.readouterr()
    if (home / "env").exists():
        assert Server(home).keys().secret_key not in out + err
    return code, out, err


def address(out: str) -> str:
    """The endpoint that was printed."""
    [found] = re.findall(r"http://127\.0\.0\.1:\d+", out)
    return found


def wait_for_end(pid: int) -> None:
    """Return when a process has ended; this process may be its parent."""
    for _ in range(200):
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            if not Path(f"/proc/{pid}").exists():
                return
        time.sleep(0.05)
    raise AssertionError("still there")


def test_life_of_a_server(home, capsys):
    """Start, start again, use it from a shell, a kill, start again with the data in place, stop, stop again."""
    code, first, _ = run(capsys, home, "start")
    assert code == 0
    assert BUCKET in first
    for name in ("id.json", "env"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    code, again, _ = run(capsys, home, "start")
    assert code == 0
    assert again == first.replace("has started", "runs already")

    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    subprocess.run(
        ["sh", "-c", SHELL_USES_IT, "sh", home / "env", sys.executable],
        check=True,
        env=environment | {"AWS_SESSION_TOKEN": "of another account", "AWS_PROFILE": "missing"},
    )

    server = Server(home)
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    assert run(capsys, home, "status")[0] == 1
    code, third, _ = run(capsys, home, "start")
    assert (code, third) == (0, first)
    client = s3_server.client(server.endpoint, server.keys(), read_timeout=30)
    assert client.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"v"
    code, status, _ = run(capsys, home, "status")
    assert (code, address(status)) == (0, address(first))

    assert "has stopped" in run(capsys, home, "stop")[1]
    assert server.pid is None
    assert "does not run" in run(capsys, home, "stop")[1]


def test_ready_means_ready(home, capsys, count):
    """After each kill, once start has returned, every object that was written can be read at once."""
    keys = [f"{number}" for number in range(count(4, 20))]
    for position, key in enumerate(keys):
        assert run(capsys, home, "start")[0] == 0
        server = Server(home)
        client = s3_server.client(server.endpoint, server.keys())
        client.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
        for earlier in keys[: position + 1]:
            assert client.get_object(Bucket=BUCKET, Key=earlier)["Body"].read() == earlier.encode()
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_for_end(pid)


def test_two_starts_at_once(home):
    """Two people, or two make targets, that start it together get one server."""
    code = (
        "import sys; from pathlib import Path; from scripts import s3_server as s; s.main(['start'], Path(sys.argv[1]))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, home], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = sorted(process.communicate(timeout=60)[0] for process in both)
    assert "has started" in printed[0]
    assert printed[1] == printed[0].replace("has started", "runs already")


def test_port_taken(home, capsys):
    """When another program has taken the port meanwhile, the server moves, and the env file follows."""
    home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        (home / "ports.json").write_text(json.dumps(s3_server.free_ports() | {"s3.port": taken}))
        code, out, _ = run(capsys, home, "start")
    assert code == 0
    assert address(out) != f"http://127.0.0.1:{taken}"
    assert address((home / "env").read_text()) == address(out)


def test_pid_of_another_program(home, capsys):
    """A pid file that names somebody else's process is not believed, and that process lives on."""
    home.mkdir()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (home / "pid").write_text(f"{other.pid}\n")
        assert "does not run" in run(capsys, home, "stop")[1]
        (home / "pid").write_text(f"{other.pid}\n")
        assert run(capsys, home, "status")[0] == 1
        assert other.poll() is None
        other.communicate(b"\n")
    for damaged in ("", "x", "-1", "0", "99999999999999999999"):
        (home / "pid").write_text(damaged)
        assert run(capsys, home, "status")[0] == 1
        assert run(capsys, home, "stop")[0] == 0


def test_failures_are_one_line(home, capsys):
    """A server that cannot start, keys that cannot be read: one line with the cause, and no process left."""
    home.mkdir()
    (home / "data").mkdir()
    (home / "data" / "filerldb2").write_text("not a folder")
    code, out, err = run(capsys, home, "start")
    assert (code, out) == (1, "")
    assert err.startswith("error: the S3 server ended at once")
    assert err.count("\n") == 1
    assert os.path.relpath(home / "log") in err
    assert not (home / "pid").exists()
    (home / "id.json").write_text("{}")
    code, _, err = run(capsys, home, "start")
    assert code == 1
    assert "delete it" in err
    assert err.count("\n") == 1


def test_server_that_hangs(home, capsys):
    """A server that lives and does not answer: start says so and how to get out, and stop ends it."""
    run(capsys, home, "start")
    pid = Server(home).pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        code, _, err = run(capsys, home, "start")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert code == 1
    assert re.fullmatch(r"error: .* does not answer; `make s3-stop`.*\n", err)
