"""A command in a process group of its own: nothing of it is lost, nothing of it is left."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("airflow")

from tests.dags.conftest import DAGS

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

#: Starts a child that ignores SIGTERM, writes both process ids, and waits; {ignores}: whether it ignores SIGTERM too.
FAMILY = """
import os, signal, subprocess, sys, time
if {ignores}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
child.stdout.readline()
with open({file!r} + ".new", "w") as file:
    file.write(f"{{os.getpid()}} {{child.pid}}")
os.rename({file!r} + ".new", {file!r})
time.sleep({seconds})
"""


def command(code: str, say: Callable[[str], object] = len, **more: Any) -> Any:
    """A command that runs Python."""
    from payloom_task.process import Command

    return Command([sys.executable, "-c", code], os.environ, say, **more)


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something that another process does."""
    end_s = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process is there, and is more than an entry that nobody has read yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("ignores", [False, True])
def test_stopping_ends_children_and_grandchildren_that_do_not_want_to(tmp_path, ignores):
    """SIGTERM first, SIGKILL for who is left, well before Airflow loses patience."""
    file = tmp_path / "pids"
    running = command(FAMILY.format(ignores=ignores, file=str(file), seconds=600))
    ended = []
    thread = threading.Thread(target=lambda: ended.append(running.run()))
    thread.start()
    until(file.exists)
    pids = [int(pid) for pid in file.read_text().split()]
    assert all(map(is_alive, pids))
    started_s = time.monotonic()
    running.stop()
    thread.join(20)
    assert time.monotonic() - started_s < 8
    assert ended[0].code == -(signal.SIGKILL if ignores else signal.SIGTERM)
    # A process that was killed takes a moment to go.
    until(lambda: not any(map(is_alive, pids)), 2)


def test_a_grandchild_that_outlives_its_parent_is_ended_too(tmp_path):
    """A command that left something running is over when it ends, though its output is still held open."""
    file = tmp_path / "pids"
    ended = command(FAMILY.format(ignores=False, file=str(file), seconds=0)).run()
    assert ended.code == 0
    until(lambda: not any(is_alive(int(pid)) for pid in file.read_text().split()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
def test_the_command_ends_when_airflow_is_killed(tmp_path):
    """A worker that is killed without a warning leaves no command behind that goes on writing."""
    file = tmp_path / "pid"
    half, whole = f"{file}.new", str(file)
    inner = (
        f"import os, time; open({half!r}, 'w').write(str(os.getpid())); os.rename({half!r}, {whole!r}); time.sleep(600)"
    )
    outer = (
        f"import os, sys; sys.path.append({str(DAGS)!r}); from payloom_task.process import Command; "
        f"Command([sys.executable, '-c', {inner!r}], os.environ, print).run()"
    )
    worker = subprocess.Popen([sys.executable, "-c", outer])
    until(file.exists, 60)
    pid = int(file.read_text())
    assert is_alive(pid)
    worker.kill()
    worker.wait()
    until(lambda: not is_alive(pid))


def test_a_flood_of_lines_is_cut_and_its_end_is_kept():
    """100,000 lines become some two thousand, the first and the last ones."""
    said: list[str] = []
    ended = command(
        "import sys\nfor n in range(100_000): print('line', n, file=sys.stderr)\nprint('{}')", said.append
    ).run()
    assert ended.code == 0
    assert ended.output == "{}\n"
    assert len(said) < 2_100
    assert said[0] == "line 0"
    assert said[-1] == ended.last_lines[-1] == "line 99999"


def test_a_line_without_end_needs_no_memory():
    """50 MB without a line break are logged in pieces, and only the first of them."""
    said: list[str] = []
    code = "import sys\nfor n in range(800): sys.stderr.write('x' * 65_536)"
    assert command(code, said.append).run().code == 0
    assert max(map(len, said)) < 5_000
    assert len(said) < 2_100


def test_an_answer_without_end_is_no_answer():
    """A command that prints 40 MB gets no place in memory for it."""
    assert command("import sys\nfor n in range(640): sys.stdout.write('x' * 65_536)").run().output is None


@pytest.mark.parametrize("offset", [0, 3_990, 3_999, 4_005, 65_530])
def test_a_secret_is_hidden_wherever_it_stands(offset):
    """Neither at the cut of a long line nor at the border of two reads does half a secret pass."""
    said: list[str] = []
    secret = "wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKEY"
    code = f"import sys; sys.stderr.write('.' * {offset} + {secret!r} + '.' * 9_000 + '\\n'); print({secret!r})"
    ended = command(code, said.append, secrets=[secret]).run()
    whole = "".join(said) + "".join(ended.last_lines) + str(ended.output)
    assert "***" in whole
    assert not any(secret[start : start + 8] in whole for start in range(len(secret) - 8))


def test_a_command_works_in_a_folder_that_is_gone_afterwards(tmp_path):
    """What a command leaves in its working folder does not fill the worker's disk."""
    ended = command("import os; open('left', 'w').write('x'); print(os.getcwd())").run()
    folder = Path(ended.output.strip())
    assert folder != Path.cwd()
    assert not folder.exists()
