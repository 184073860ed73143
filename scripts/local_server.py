"""What servers on this machine have in common: a folder, a process of their own, a clean end.

A script derives its server from `LocalServer` and hands it to `run`. Everything of the server lies in one folder that
only this user may read. It listens on 127.0.0.1, and it goes on when the shell is closed.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
STOP_SECONDS = 15


class ServerError(Exception):
    """The server cannot be started or stopped; the text says why and what to do."""


def free_ports(names: Sequence[str]) -> dict[str, int]:
    """Let the system pick a port for each purpose."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in names]
        for one in sockets:
            one.bind((HOST, 0))
        return {name: one.getsockname()[1] for name, one in zip(names, sockets, strict=True)}


def is_free(port: int) -> bool:
    """Whether a server could listen here."""
    with socket.socket() as probe:
        # Connections that have just ended do not count; a server that listens does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user may read, whole or not at all."""
    half = path.with_name(f"{path.name}.new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    half.replace(path)


def shown(path: Path) -> str:
    """Give a path as the user would write it."""
    return os.path.relpath(path)


def sourced(path: Path) -> str:
    """Give a path as a shell's `.` finds it, which looks for a bare name elsewhere."""
    text = shown(path)
    return text if text.startswith(("/", ".")) else f"./{text}"


def last_words(log: Path, tells: Callable[[str], bool]) -> str:
    """Give the last line of a log that tells something, else its last line, and where to read the rest."""
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()] if log.exists() else []
    told = [line for line in lines if tells(line)] or lines or ["it wrote nothing"]
    return f"{told[-1].strip()} (see {shown(log)})"


def command_line(pid: int) -> str:
    """Give the command of a process that lives, else an empty text."""
    entry = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        try:
            return entry.read_text("utf-8", "replace").replace("\0", " ")
        except OSError:
            return ""
    return subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True
    ).stdout


class LocalServer(ABC):
    """A server of one folder.

    Attributes
    ----------
    title
        What messages call it.
    target
        The make target that starts it; with ``-stop`` the one that stops it.
    """

    title: ClassVar[str]
    target: ClassVar[str]

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "log"
        self._pid_file = home / "pid"

    @property
    def title_first(self) -> str:
        """The title at the beginning of a sentence."""
        return f"{self.title[0].upper()}{self.title[1:]}"

    @property
    @abstractmethod
    def mark(self) -> str:
        """A part of the server's command line that no other program has."""

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """Where clients go."""

    @abstractmethod
    def start(self) -> str:
        """Start the server unless it runs; give the line that says which."""

    @abstractmethod
    def advice(self) -> str:
        """Say what can be done with a server that has started."""

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Let one command work at a time."""
        try:
            self.home.mkdir(mode=0o700, exist_ok=True)
            with (self.home / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise ServerError(f"{shown(self.home)}: {error.strerror}; make that folder writable") from error

    @property
    def pid(self) -> int | None:
        """The process, if it lives and is this server; a number may have passed on to another program."""
        try:
            pid = int(self._pid_file.read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return None
        return pid if self.mark in command_line(pid) else None

    def launch(
        self,
        command: Sequence[str],
        wait: Callable[[subprocess.Popen[bytes]], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start a command that goes on without us; `wait` returns when it is ready, or raises, and then it is ended."""
        with self.log.open("wb") as log:
            # A session of its own: neither Ctrl-C nor the end of the shell reaches it.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.home,
                env=environment,
            )
        self._pid_file.write_text(f"{process.pid}\n", "ascii")
        try:
            wait(process)
        except BaseException:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
            self._pid_file.unlink()
            raise
        process.returncode = 0  # it goes on without us; Popen shall not warn

    def stop(self) -> str:
        """Stop the server and what it started, if it runs; give the line that says so."""
        pid = self.pid
        if pid is None:
            left = self.end_left_over()
            self._pid_file.unlink(missing_ok=True)
            return (
                f"{self.title_first} had died; the rest of it is stopped"
                if left
                else f"{self.title_first} does not run"
            )
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while self.pid is not None:
            if time.monotonic() > end:
                signal_group(pid, signal.SIGKILL)
            time.sleep(0.05)
        self.end_left_over()
        self._pid_file.unlink()
        return f"{self.title_first} has stopped; its data stays in {shown(self.home)}"

    def end_left_over(self) -> bool:
        """End what outlived a server that was killed; say whether there was anything."""
        try:
            group = int(self._pid_file.read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return False
        if self.pid is not None or not any(is_in_folder(pid, self.home) for pid in members(group)):
            return False
        signal_group(group, signal.SIGKILL)
        return True


def members(group: int) -> list[int]:
    """Processes of a group, where the system tells them in /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name stands in brackets and may hold anything; state, parent and group follow it.
            if int(entry.read_text("utf-8", "replace").rpartition(")")[2].split()[2]) == group:
                found.append(int(entry.parent.name))
    return found


def is_in_folder(pid: int, folder: Path) -> bool:
    """Whether a process works in a folder."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:
        return False


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that leads a group, and to its group; none left is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def parser(description: str) -> argparse.ArgumentParser:
    """Give what reads the command line of a server's script."""
    made = argparse.ArgumentParser(prog=Path(sys.argv[0]).stem, description=description)
    made.add_argument("action", choices=("start", "stop", "status"))
    return made


def run(server: LocalServer, action: str) -> int:
    """Do what the command line says; give the exit code."""
    title = server.title_first
    if action == "status":
        running = server.pid is not None
        print(f"{title} runs: {server.endpoint}" if running else f"{title} does not run; `{server.target}` starts it")
        return 0 if running else 1
    if action == "stop" and not server.home.exists():
        print(f"{title} does not run")
        return 0
    try:
        with server.locked():
            print(server.stop() if action == "stop" else server.start())
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if action == "start":
        print(server.advice())
    return 0
