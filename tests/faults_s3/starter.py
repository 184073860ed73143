"""Pays for the imports once, then forks a child for each command that comes in, a JSON document a line.

`start` runs the command line, or `generate` with a source of these tests, in a session of its own; `wait` tells how a
child ended. A child leaves as the product does: nothing of this module handles its errors or signals.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import date
from typing import Any

# One thread: a process with more must not fork.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import payloom.cli.app
import payloom.cli.clean_command
import payloom.cli.publish_command
import payloom.cli.status_command
import payloom.cli.verify_command
import payloom.engine.inline
import payloom.storage.object_store  # noqa: F401 - the children inherit it, and those above
from payloom.cli.failure import show_payloom_error
from payloom.cli.main import main as command_line
from payloom.engine.task import Resources
from payloom.errors import PayloomError
from payloom.pipeline.generate import GenerateOptions, generate
from payloom.storage.address import StoreOptions
from payloom.write.units import Unit
from tests.faults_s3.sources import LARGE_ROWS, SMALL_ROWS, QuickSource, made_once

_POLL_SECONDS = 0.002


def run_generate(order: dict[str, Any]) -> int:
    """Generate as the command line does, from a source that it can't name."""
    source = QuickSource(**order["source"])
    unit = Unit.of_day(date.fromisoformat(source.day)) if source.day else Unit()
    chosen = order["options"]
    options = GenerateOptions(
        unit=unit,
        store=StoreOptions(**order["store"]),
        resources=Resources(chosen["workers"]),
        overwrite=chosen["overwrite"],
    )
    try:
        generate(source, order["out"], options)
    except PayloomError as error:
        return show_payloom_error(error, as_json=False)
    return 0


def child(order: dict[str, Any]) -> int:
    """Become the process that the order asks for, and return its exit code."""
    os.setsid()
    for number, path in ((1, order["stdout"]), (2, order["stderr"])):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(order["env"])
    while time.monotonic() < order["start_at"]:
        pass
    if "arguments" not in order:
        return run_generate(order)
    try:
        command_line(order["arguments"])
    except SystemExit as leave:
        return int(leave.code or 0)


def start(order: dict[str, Any]) -> int:
    """Fork and return the child's process id."""
    pid = os.fork()
    if pid == 0:
        code = 98
        try:
            code = child(order)
        except BaseException as error:  # noqa: BLE001 - what the interpreter would print at its end
            sys.excepthook(type(error), error, error.__traceback__)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return pid


def wait(pid: int, seconds: float) -> int | None:
    """Return a child's exit code, or minus the signal that killed it; None if it lives on."""
    deadline = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            return None
        time.sleep(_POLL_SECONDS)


def serve() -> None:
    """Obey until the orders end."""
    for rows, part in ((LARGE_ROWS, 10), (SMALL_ROWS, 10)):
        made_once("payments", 0, rows, 0)
        made_once("fraud_labels", 0, rows // part, 0)
    orders = os.fdopen(os.dup(0), "r")
    answers = os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    print("ready", file=answers, flush=True)
    for line in orders:
        order = json.loads(line)
        answer = wait(order["wait"], order["seconds"]) if "wait" in order else start(order)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve()
