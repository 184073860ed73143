"""What the steps tell their callers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from payloom.engine.failures import FailedJobsError
from payloom.engine.task import Resources
from payloom.errors import ConfigError, CorruptionError, StorageError
from payloom.pipeline.generate import GenerateOptions, generate
from payloom.pipeline.verify import verify
from payloom.write.contract import Job, Output
from tests.engine.fake_source import FakeSource
from tests.faults.trees import tree

ROOT = Path(__file__).resolve().parents[2]
SOURCE = FakeSource(rows=300, months=2)


def test_the_summary_counts_what_is_on_disk(tmp_path):
    """Rows, files and bytes agree with the folder; a second run keeps everything."""
    summary = generate(SOURCE, tmp_path)
    parts = list(tmp_path.glob("[!_]*/**/*.parquet"))
    assert summary.rows == 600
    assert summary.rows_by_table == {"customers": 100, "fraud_labels": 60, "payments": 600}
    assert (summary.files, summary.size_bytes) == (len(parts), sum(part.stat().st_size for part in parts))
    assert (summary.kept_parts, summary.workers, summary.unit) == (0, 1, "full")
    assert summary.peak_rss_bytes > 10_000_000
    again = generate(SOURCE, tmp_path)
    assert (again.kept_parts, again.rows, again.fraud_rows) == (summary.files, 600, summary.fraud_rows)
    report = verify(tmp_path)
    assert (report.rows, report.fraud_rows, report.parts, report.size_bytes) == (
        600,
        summary.fraud_rows,
        summary.files,
        summary.size_bytes,
    )


def test_the_data_folders_hold_parquet_and_nothing_else(tmp_path):
    """Directory readers choke on strays; everything of ours lies in one other folder."""
    generate(SOURCE, tmp_path)
    for key in tree(tmp_path):
        assert key.startswith("_payloom/") or key.endswith(".parquet")


def test_verify_needs_a_data_set(tmp_path):
    """An empty or missing folder is exit code 5; an unfinished one 7."""
    for out in (tmp_path, tmp_path / "missing"):
        with pytest.raises(StorageError, match="no data set"):
            verify(out)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FailedJobsError):
        generate(FakeSource(fail_at="payments-2025-01-00000"), tmp_path)
    with pytest.raises(CorruptionError, match="full is unfinished") as caught:
        verify(tmp_path)
    assert caught.value.exit_code == 7


def test_verify_names_every_problem(tmp_path):
    """The message holds the first and the count; the error has them all."""
    generate(SOURCE, tmp_path)
    parts = sorted(tmp_path.glob("payments/*/*/*.parquet"))
    parts[0].unlink()
    parts[1].write_bytes(b"PAR1")
    with pytest.raises(CorruptionError, match="and 1 more") as caught:
        verify(tmp_path)
    problems = caught.value.values["problems"]
    assert ["is missing" in problems[0], "has 4 bytes" in problems[1]] == [True, True]


def test_nothing_is_written_when_the_memory_can_not_suffice(tmp_path):
    """Exit code 2 comes before the folder is touched, or an old data set removed."""
    with pytest.raises(ConfigError, match="max-memory"):
        generate(SOURCE, tmp_path / "out", GenerateOptions(resources=Resources(max_memory_bytes=1_000_000)))
    assert not (tmp_path / "out").exists()
    generate(SOURCE, tmp_path / "out")
    before = tree(tmp_path / "out")
    with pytest.raises(ConfigError):
        generate(
            FakeSource(seed=5),
            tmp_path / "out",
            GenerateOptions(resources=Resources(max_memory_bytes=1_000_000), overwrite=True),
        )
    assert tree(tmp_path / "out") == before


@pytest.mark.parametrize(
    "outputs",
    [
        (),
        (Output("customers", "customers", "a"), Output("customers", "customers", "a")),
        (Output("customers", "elsewhere", "a"),),
    ],
)
def test_a_source_that_would_overwrite_its_own_files_is_refused(outputs, tmp_path):
    """A bug in a source is found before it costs data."""

    class Clashing(FakeSource):
        def jobs(self) -> list[Job]:
            return [Job("one", outputs, 1, 1)]

    with pytest.raises(ValueError, match=r"source|leaves no file"):
        generate(Clashing(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_relative_folders_stay_where_they_were(tmp_path, monkeypatch):
    """A folder is resolved when the run starts, not when a worker writes."""
    monkeypatch.chdir(tmp_path)
    generate(SOURCE, "out", progress=lambda now: os.chdir("/"))
    monkeypatch.chdir(tmp_path)
    assert verify("out").rows == 600


def test_a_run_does_not_load_what_it_does_not_need(tmp_path):
    """Start-up counts: neither pandas (where it is installed) nor what starts processes, for a run in one process."""
    code = (
        "import sys; from payloom.pipeline.generate import generate; from tests.engine.fake_source import FakeSource; "
        f"generate(FakeSource(rows=10, months=1), {str(tmp_path / 'out')!r}); "
        "print([name for name in ('pandas', 'polars', 'pyarrow.compute', 'subprocess') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
