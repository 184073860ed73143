"""Whatever goes wrong: a line with the cause, a line with the way out, and the right exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from payloom import errors
from payloom.cli import schema_command
from payloom.cli.main import run
from payloom.errors import PayloomError, Problem
from tests.cli.shell import ENTRY, clean_environment, payloom


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make `payloom schema` raise `error`."""

    def fail(name: str | None) -> None:
        raise error

    monkeypatch.setattr(schema_command, "_chosen", fail)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.GateError("gate", hint="way out"), 3),
        (errors.ConflictError("conflict", hint="way out"), 4),
        (errors.StorageError("storage", hint="way out"), 5),
        (errors.TransientError("passing", hint="way out"), 6),
        (errors.CorruptionError("damage", hint="way out"), 7),
        (errors.ConfigError([Problem("a", "1", "expected 2")], hint="way out"), 2),
        (PayloomError("stopped", hint="way out", exit_code=143), 143),
        (KeyboardInterrupt(), 130),
        (MemoryError(), 6),
        (OSError(28, "No space left on device"), 5),
    ],
)
def test_an_error_has_a_line_a_way_out_and_a_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    """Errors end in their own exit code, with two lines on stderr and nothing on stdout."""
    failing(monkeypatch, error)
    assert run(["schema"]) == code
    out, err = capfd.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith("error: ")
    assert second.startswith("fix: ")


def test_json_gets_the_error_as_one_object(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """With --json, stdout has exactly one object, also when a command fails."""
    failing(monkeypatch, errors.ConflictError("taken", hint="elsewhere"))
    assert run(["schema", "--json"]) == 4
    answer = json.loads(capfd.readouterr().out)
    assert answer == {"status": "error", "exit_code": 4, "retryable": False, "error": "taken", "fix": "elsewhere"}


def test_a_bug_is_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """An exception that nobody expected shows no traceback unless it is asked for."""
    failing(monkeypatch, ZeroDivisionError("division\nby zero"))
    monkeypatch.delenv("PAYLOOM_DEBUG", raising=False)
    assert run(["schema"]) == 1
    err = capfd.readouterr().err
    assert len(err.splitlines()) == 2
    assert "bug" in err
    assert "PAYLOOM_DEBUG=1" in err
    monkeypatch.setenv("PAYLOOM_DEBUG", "1")
    assert run(["schema"]) == 1
    assert "Traceback" in capfd.readouterr().err


def test_many_problems_fit_on_a_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    """Fifty mistakes show the first, and say how many more there are; nothing is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text("[spending]\n" + "".join(f"wrong_{i} = {i}\n" for i in range(50)))
    assert run(["generate", "--config", "x.toml", "--rows", "-1"]) == 2
    err = capfd.readouterr().err.splitlines()
    assert len(err) <= 24
    assert any("33 more" in line for line in err)
    assert err[-1].startswith("fix: ")
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.toml"]


def test_the_mistakes_of_all_options_come_at_once(capfd: pytest.CaptureFixture[str]):
    """Config, slice and run options are judged together, each named by its option."""
    wrong = {
        "--rows": "1.5",
        "--fraud-rate": "30%",
        "--day": "2025-02-30",
        "--from": "x",
        "--workers": "0",
        "--max-memory": "512",
        "--address": "ray://head",
        "--row-group-mb": "0",
        "--compression": "lz4",
        "--preset": "demoo",
        "--out": "",
    }
    assert run(["generate", *(text for pair in wrong.items() for text in pair)]) == 2
    err = capfd.readouterr().err
    for flag in wrong:
        assert f"(option {flag})" in err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("--day 2026-01-01", "expected a day in the period"),
        ("--from 2024-12-31", "expected a day in the period"),
        ("--to 2026-01-02", "up to 2026-01-01"),
        ("--to 2025-01-01", "after 2025-01-01"),
        ("--from 2025-03-01 --to 2025-03-01", "after from 2025-03-01"),
        ("--from 2025-03-01 --to 2025-03-01", "write --to 2025-03-02"),
        ("--from 2025-03-02 --to 2025-03-01", "swap them"),
        ("--from 2025-03-02 --to 2025-03-01", "(option --to)"),
        ("--day 2025-03-01 --to 2025-04-01", "not both"),
        ("--day 20250301x", "a day that exists"),
        ("--day 20250301", "a day that exists"),
        ("--from 2025-W01-1", "a day that exists"),
        ("--to 2025W011", "a day that exists"),
        ("--start 2025-W01-1", "a day that exists"),
        ("--end 20260101", "a day that exists"),
        ("--day 9999-12-31", "expected a day in the period"),
    ],
)
def test_a_slice_lies_in_the_period(arguments: str, text: str, capfd: pytest.CaptureFixture[str]):
    """A slice outside the period, reversed or contradictory is refused."""
    assert run(["generate", *arguments.split()]) == 2
    assert text in capfd.readouterr().err


def test_colours_only_on_a_terminal():
    """Output into a pipe has no escape codes."""
    assert "\x1b" not in payloom("generate", "--rows", "0").stderr


def test_sigterm_ends_with_143():
    """A command that SIGTERM stops says so and leaves with 128 + 15."""
    kill = (
        "import os, signal, payloom.cli.schema_command as s\n"
        "s._chosen = lambda name: os.kill(os.getpid(), signal.SIGTERM)"
    )
    done = payloom("schema", before=kill)
    assert done.returncode == 143
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: terminated")


def test_a_closed_pipe_is_silent():
    """`payloom schema | head` ends without a word."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-c", ENTRY, "schema"],
            env=clean_environment(),
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.stderr == b""
    assert done.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_stdout_is_told():
    """Output that can't be written is an error, not a traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", ENTRY, "config"],
            env=clean_environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 5
    assert done.stderr.startswith("error: output: No space left")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["schema"], ["config"], ["--help"], ["generate", "--rows", "ä\u202e"]])
def test_a_terminal_that_speaks_only_ascii(command: list[str]):
    """In the C locale every command works."""
    done = payloom(*command, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii:strict")
    assert done.returncode in {0, 2}
    assert "Traceback" not in done.stderr
    assert (done.stdout + done.stderr).isascii()


def test_closed_streams_do_no_harm():
    """Without stdout and stderr a command still ends with its code."""
    close = "import os; os.close(1); os.close(2); import sys; sys.stdout = sys.stderr = None"
    assert payloom("config", before=close).returncode == 0
    assert payloom("config", "--rows", "0", before=close).returncode == 2


def test_names_that_are_no_text():
    """A file name that isn't UTF-8 is shown escaped."""
    done = subprocess.run(
        [sys.executable, "-c", ENTRY, "config", "--config", os.fsdecode(b"\xff\xfe.toml")],
        env=clean_environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
