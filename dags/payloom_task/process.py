"""One command in a process group of its own: what it says line by line, what it answers, and its certain end."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

GRACE_SECONDS: Final = 4.0
"""From SIGTERM to SIGKILL: payloom ends within 5 seconds, and Airflow kills a task 5 seconds after asking it to end."""

DRAIN_SECONDS: Final = 2.0
"""How long output is read that somebody else keeps open after the command has ended."""

LINE_BYTES: Final = 4_000
LINES: Final = 2_000
"""What is logged of a flood: so many lines as they come, and the last ones at the end."""

LAST_LINES: Final = 20
HIDDEN: Final = "***"
SECRET_CHARACTERS_AT_LEAST: Final = 6
"""A shorter one would be found in ordinary words."""

OUTPUT_BYTES: Final = 16 * 1024 * 1024
_SIGNAL_AT_PARENTS_DEATH: Final = 1
"""PR_SET_PDEATHSIG of Linux."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: `code` is negative for a signal; `output` is None if it was too long to keep."""

    code: int
    output: str | None
    last_lines: tuple[str, ...]


class _Lines:
    """Standard error: whole lines to `say`, without the secrets, and not without end."""

    def __init__(self, say: Callable[[str], object], secrets: Sequence[str]) -> None:
        self._say, self._secrets = say, secrets
        self._raw_secrets = [secret.encode() for secret in secrets]
        self._rest = b""
        self._said = 0
        self.left_out = 0
        self.last: deque[str] = deque(maxlen=LAST_LINES)

    def feed(self, chunk: bytes) -> None:
        *whole, self._rest = (self._rest + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            self._line(line)
        margin = max(map(len, self._raw_secrets), default=0)
        while len(self._rest) > LINE_BYTES + margin:
            # Before the cut, and with a margin behind it, so that no half of a secret passes.
            for secret in self._raw_secrets:
                self._rest = self._rest.replace(secret, HIDDEN.encode())
            self._line(self._rest[:LINE_BYTES])
            self._rest = self._rest[LINE_BYTES:]

    def close(self) -> None:
        self._line(self._rest)
        self._rest = b""
        if self.left_out:
            self._say(f"... {self.left_out} lines were left out; the last ones:")
            for line in self.last:
                self._say(line)

    def _line(self, raw: bytes) -> None:
        text = cleaned(raw.decode("utf-8", "replace"), self._secrets).rstrip()
        if not text:
            return
        text = text if len(text) <= LINE_BYTES else f"{text[:LINE_BYTES]}..."
        self.last.append(text)
        if self._said < LINES:
            self._said += 1
            self._say(text)
        else:
            self.left_out += 1


class _Output:
    """Standard output, kept as long as it is of a sane length."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._is_whole = True

    def feed(self, chunk: bytes) -> None:
        self._is_whole = self._is_whole and len(self._kept) + len(chunk) <= OUTPUT_BYTES
        if self._is_whole:
            self._kept += chunk

    def text(self) -> str | None:
        return self._kept.decode("utf-8", "replace") if self._is_whole else None


class Command:
    """A command that is run once.

    Parameters
    ----------
    arguments, environment
        What to run, and its whole environment.
    say
        Gets each line of standard error.
    secrets
        Texts that are replaced by *** in whatever the command writes.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        say: Callable[[str], object],
        secrets: Sequence[str] = (),
    ) -> None:
        self._arguments, self._environment = list(arguments), dict(environment)
        self._secrets = tuple(
            sorted((one for one in secrets if len(one) >= SECRET_CHARACTERS_AT_LEAST), key=len, reverse=True)
        )
        self._lines, self._output = _Lines(say, self._secrets), _Output()
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = False
        self._kill_at_s = math.inf

    def run(self) -> Ended:
        """Run it to its end in an empty folder, which is removed afterwards; nothing of it is left, whatever happens.

        Raises
        ------
        OSError
            If it can't be started.
        """
        with tempfile.TemporaryDirectory(prefix="payloom-", ignore_cleanup_errors=True) as folder:
            process = self._start(folder)
            try:
                self._read(process)
            finally:
                self._end(process)
        self._lines.close()
        output = self._output.text()
        return Ended(
            code=process.returncode,
            output=None if output is None else cleaned(output, self._secrets),
            last_lines=tuple(self._lines.last),
        )

    def stop(self) -> None:
        """Ask it to end, from a signal handler or another thread; `run` goes on and kills it if need be."""
        self._asked = True
        if self._process is not None and self._process.poll() is None:
            self._kill_at_s = min(self._kill_at_s, time.monotonic() + GRACE_SECONDS)
            _signal_group(self._process.pid, signal.SIGTERM)

    def _start(self, folder: str) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(  # noqa: S603 - no shell; who sets the command may run it
            self._arguments,
            env=self._environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509 - one call of libc, looked up before
        )
        if self._asked:
            self.stop()
        return self._process

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None and process.stderr is not None  # noqa: PT018 - both are pipes
        until_s = math.inf
        with selectors.DefaultSelector() as pipes:
            pipes.register(process.stdout, selectors.EVENT_READ, self._output.feed)
            pipes.register(process.stderr, selectors.EVENT_READ, self._lines.feed)
            while True:
                ready = pipes.select(timeout=0.1) if pipes.get_map() else []
                for key, _ in ready:
                    if chunk := os.read(key.fd, 65_536):
                        key.data(chunk)
                    else:
                        pipes.unregister(key.fileobj)
                if time.monotonic() > self._kill_at_s:
                    _signal_group(process.pid, signal.SIGKILL)
                if until_s < math.inf and (not ready or time.monotonic() > until_s):
                    return
                if process.poll() is not None:
                    until_s = min(until_s, time.monotonic() + DRAIN_SECONDS)
                elif not pipes.get_map():
                    time.sleep(0.05)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Leave nothing of the process group, politely at first."""
        if process.poll() is None:
            self.stop()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS)
        # What the command has started and left.
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def cleaned(text: str, secrets: Sequence[str]) -> str:
    """Return a text with *** in the place of each secret."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _signal_group(leader: int, number: int) -> None:
    # macOS says "not permitted" of a group of zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _die_with_parent() -> Callable[[], None] | None:
    """Return what makes Linux end the command when Airflow's process is killed with no time to say so."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(_SIGNAL_AT_PARENTS_DEATH, signal.SIGTERM)

    return ask
