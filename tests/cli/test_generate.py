"""`payloom generate` and `payloom verify`, with a source whose rows mean nothing."""

import json
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payloom.cli import generate_command, progress
from payloom.cli.generate_command import Run, checked_run
from payloom.cli.main import run
from payloom.cli.progress import Progress
from payloom.engine.task import Resources
from payloom.pipeline.generate import RunSummary
from payloom.write.units import Unit
from tests.config.hostile import hostile_toml
from tests.counts import count
from tests.engine.fake_source import FakeSource

FAKE = FakeSource(rows=200, months=2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with the fake source in place of the real one."""
    monkeypatch.setattr(generate_command, "_source", lambda _: FAKE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def given_options(**options: str | None) -> dict[str, object]:
    """What click hands to `generate` when only these options are given."""
    names = ("rows", "start", "end", "seed", "fraud_rate", "customers", "merchants", "compression", "row_group_mb")
    none = dict.fromkeys(
        (*names, "config_file", "preset", "from_day", "to_day", "day", "workers", "max_memory", "address")
    )
    return {**none, "engine": "local", "out": "data", "overwrite": False, "quiet": False, "as_json": False, **options}


def test_a_run_ends_with_a_summary(folder: Path, capfd: pytest.CaptureFixture[str]):
    """Rows, fraud, files, speed, memory, and commands that work on what was written."""
    assert run(["generate"]) == 0
    out = capfd.readouterr().out
    assert out.startswith("400 payments")
    for word in ("fraud", "files", "rows/s", "memory", "payloom verify data", "payloom schema"):
        assert word in out
    shown = next(line for line in out.splitlines() if "python -c" in line)
    assert "transaction_id" in shell(shown.strip().replace("python", sys.executable, 1))
    assert run(["verify", "data"]) == 0
    assert "400 payments" in capfd.readouterr().out


def test_the_commands_of_the_summary_survive_odd_folders(folder: Path, capfd: pytest.CaptureFixture[str]):
    """Spaces, quotes and dollars in the folder's name are quoted for the shell."""
    assert run(["generate", "--out", "a $HOME 'b\" c"]) == 0
    lines = [line.strip() for line in capfd.readouterr().out.splitlines()]
    shown = next(line for line in lines if line.startswith("python -c"))
    assert "transaction_id" in shell(shown.replace("python", sys.executable, 1))
    verify = shlex.split(next(line for line in lines if line.startswith("payloom verify")))
    assert run(verify[1:]) == 0


def shell(command: str) -> str:
    """What a shell prints for a command."""
    return subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout


def test_json_is_one_object(folder: Path, capfd: pytest.CaptureFixture[str]):
    """With --json, stdout is one object with the summary's numbers."""
    assert run(["generate", "--json"]) == 0
    summary = json.loads(capfd.readouterr().out)
    assert (summary["status"], summary["rows"], summary["out"]) == ("ok", 400, "data")
    assert summary["fraud_rate"] == summary["fraud_rows"] / 400
    assert run(["verify", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["rows"] == 400


def test_a_second_run_keeps_what_is_there(folder: Path, capfd: pytest.CaptureFixture[str]):
    """The same command again makes nothing, and says so instead of a speed."""
    assert run(["generate", "--quiet"]) == 0
    assert run(["generate"]) == 0
    out = capfd.readouterr().out
    assert "kept from an earlier run" in out
    assert "rows/s" not in out


def test_the_real_source(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """From the command line to files that verify: exactly so many payments, exactly so many frauds."""
    out = str(tmp_path / "data")
    assert run(["generate", "--rows", "2_001", "--fraud-rate", "0.0125", "--out", out, "--json"]) == 0
    summary = json.loads(capfd.readouterr().out)
    # 2,001 x 0.0125 = 25.0125
    assert (summary["rows"], summary["fraud_rows"]) == (2_001, 25)
    assert run(["verify", out]) == 0


def test_quiet_says_nothing(folder: Path, capfd: pytest.CaptureFixture[str]):
    """--quiet leaves both streams empty."""
    assert run(["generate", "--quiet"]) == 0
    assert run(["verify", "data", "--quiet"]) == 0
    assert capfd.readouterr() == ("", "")


def test_a_damaged_file_is_told(folder: Path, capfd: pytest.CaptureFixture[str]):
    """verify ends with 7 and names every file that is not as it was written."""
    assert run(["generate", "--quiet"]) == 0
    parts = sorted((folder / "data" / "payments").rglob("*.parquet"))
    for part in parts:
        part.write_bytes(part.read_bytes()[:-1])
    assert run(["verify", "data"]) == 7
    err = capfd.readouterr().err
    assert all(part.name in err for part in parts)
    assert run(["verify", "nowhere"]) == 5


def test_another_world_in_the_folder_is_refused(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """A second config into the same folder ends with 4 unless it may replace the first."""
    assert run(["generate", "--quiet"]) == 0
    monkeypatch.setattr(generate_command, "_source", lambda _: FakeSource(rows=300, months=2))
    assert run(["generate", "--quiet"]) == 4
    assert run(["generate", "--quiet", "--overwrite"]) == 0
    assert run(["verify", "data"]) == 0
    assert "600 payments" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("options", "unit"),
    [
        ({}, Unit()),
        ({"from_day": "2025-01-01", "to_day": "2026-01-01"}, Unit()),
        ({"day": "2025-12-31"}, Unit(date(2025, 12, 31), date(2026, 1, 1))),
        ({"from_day": "2025-12-01"}, Unit(date(2025, 12, 1), date(2026, 1, 1))),
        ({"to_day": "2025-02-01"}, Unit(date(2025, 1, 1), date(2025, 2, 1))),
    ],
)
def test_a_slice_is_its_own_unit(options: dict[str, str], unit: Unit):
    """--day, --from and --to publish just those days; all days are a full run."""
    assert generate_command._unit(checked_run(given_options(**options))) == unit


def test_the_options_of_a_run_arrive():
    """Sizes, counts and switches reach the run as numbers."""
    wanted = checked_run(given_options(workers="2", max_memory="1GiB", rows="2k", compression="zstd", out="elsewhere"))
    assert (wanted.resources, wanted.out) == (Resources(2, 2**30), "elsewhere")
    assert wanted.loaded.config.world.rows == 2_000
    assert wanted.loaded.config.layout.compression == "zstd"
    assert wanted.loaded.source_of("world.rows") == "option --rows"


def test_config_prints_what_generate_would_use(folder: Path, capfd: pytest.CaptureFixture[str]):
    """The printed config, saved and given back with --config, is the same world."""
    assert run(["config", "--rows", "5k", "--preset", "small"]) == 0
    text = capfd.readouterr().out
    (folder / "x.toml").write_text(text, encoding="utf-8")
    assert run(["config", "--config", "x.toml", "--json"]) == 0
    values = json.loads(capfd.readouterr().out)
    assert values["settings"]["world.rows"] == {"value": 5_000, "source": "file x.toml"}
    assert values["world_digest"] in text


def test_lines_come_now_and_then(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Without a terminal, a thousand updates in twelve seconds print two lines."""
    now_s = 0.0
    monkeypatch.setattr("payloom.cli.progress.time.monotonic", lambda: now_s)
    with progress.Lines(progress.ROWS) as lines:
        for step in range(1_000):
            now_s = step * 0.012
            lines.update(step, 1_000)
    err = capfd.readouterr().err.splitlines()
    assert len(err) == 2
    assert "of 1,000 rows" in err[0]


def test_the_bar_ends_full(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """On a terminal the bar shows rows and share, and leaves stdout alone."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress.Bar(progress.ROWS) as bar:
        bar.update(500, 1_000)
        bar.update(1_000, 1_000)
    out, err = capfd.readouterr()
    assert out == ""
    assert "1,000 of 1,000 rows" in err
    assert "100%" in err


FLAGS = [
    *("--rows", "--start", "--end", "--seed", "--fraud-rate", "--customers", "--merchants", "--compression"),
    *("--row-group-mb", "--from", "--to", "--day", "--workers", "--max-memory", "--preset", "--config", "--out"),
]
HOSTILE_TEXT = st.one_of(
    st.sampled_from(
        ["0", "1", "-1", "nan", "inf", "1e6", "1e99", "9" * 60, "0.3", "1.5", "2025-02-30", "2025-06-01", "2026-01-01"]
    ),
    st.sampled_from(["", " ", "x.toml", "..", "/", "small", "zstd", "a\nb", "\x1b[31m", "\u202e", "1GB", "\udcff"]),
    st.text(max_size=20),
)


@settings(max_examples=count(100, 2_000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    options=st.lists(st.tuples(st.sampled_from(FLAGS), HOSTILE_TEXT), max_size=6),
    data=st.one_of(st.none(), hostile_toml),
)
def test_hostile_command_lines(
    options: list[tuple[str, str]],
    data: bytes | None,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    """Any options and any file: accepted or refused with 2, one screen, no traceback, nothing written."""
    monkeypatch.setattr(generate_command, "_generate", _nothing)
    (folder / "x.toml").write_bytes(data or b"")
    arguments = [f"{flag}={text}" for flag, text in options]
    code = run(["generate", *arguments, *([] if data is None else ["--config=x.toml"])])
    err = capfd.readouterr().err
    assert code in {0, 2}, err
    assert len(err.splitlines()) <= 24
    assert "Traceback" not in err
    assert "\x1b" not in err
    assert [entry.name for entry in folder.iterdir()] == ["x.toml"]


def _nothing(run: Run, progress: Progress) -> RunSummary:
    """Stand in for a run: the input was accepted."""
    del progress
    return RunSummary(
        out=str(run.out),
        unit="full",
        rows=1,
        fraud_rows=0,
        rows_by_table={},
        files=1,
        size_bytes=1,
        seconds=1.0,
        peak_rss_bytes=1,
        workers=1,
        kept_parts=0,
        more_memory_bytes=0,
    )
