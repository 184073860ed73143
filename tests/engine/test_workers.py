"""Jobs on worker processes and in this one."""

from itertools import pairwise

import pyarrow.parquet as pq
import pytest

from payloom.engine.failures import ATTEMPTS_MAX, FailedJobsError
from payloom.engine.progress import Progress
from payloom.engine.task import Resources
from payloom.errors import TransientError
from payloom.pipeline.generate import GenerateOptions, generate
from payloom.pipeline.verify import verify
from tests.counts import count
from tests.engine.fake_source import FakeSource
from tests.faults.trees import broken_promises, tree

SOURCE = FakeSource(rows=600, months=count(4, 12))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    generate(SOURCE, out, GenerateOptions(resources=Resources(workers=1)))
    return tree(out)


@pytest.mark.parametrize("workers", [2, 8])
def test_any_number_of_workers_writes_the_same_tree(workers, tmp_path, whole):
    """Bytes and names, manifest and receipts."""
    seen: list[Progress] = []
    summary = generate(SOURCE, tmp_path, GenerateOptions(resources=Resources(workers=workers)), seen.append)
    assert tree(tmp_path) == whole
    assert summary.workers == min(workers, SOURCE.months + 1)
    assert seen[-1] == Progress(600 * SOURCE.months, 600 * SOURCE.months, SOURCE.months + 1, SOURCE.months + 1)


def test_progress_counts_every_payment_once_and_nothing_else(tmp_path):
    """In this process, for a fresh run and for one that finds everything there."""
    for _ in range(2):
        seen: list[Progress] = []
        generate(SOURCE, tmp_path, GenerateOptions(resources=Resources(workers=1)), seen.append)
        assert seen[-1].rows_done == seen[-1].rows_total == 600 * SOURCE.months
        assert seen[-1].jobs_done == seen[-1].jobs_total == SOURCE.months + 1
        assert all(before.rows_done <= after.rows_done for before, after in pairwise(seen))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_that_always_fails_is_named_and_the_others_finish(workers, tmp_path, whole):
    """Three attempts, and its exception is the cause; a second run makes only what is missing."""
    tries = tmp_path / "tries"
    source = FakeSource(rows=600, months=SOURCE.months, fail_at="payments-2025-02-00000", tries=str(tries))
    out = tmp_path / "out"
    with pytest.raises(FailedJobsError, match=r"-02-00000 \(ArithmeticError: the kernel has a bug") as caught:
        generate(source, out, GenerateOptions(resources=Resources(workers=workers)))
    assert caught.value.exit_code == 1
    assert isinstance(caught.value.__cause__, ArithmeticError)
    assert tries.stat().st_size == ATTEMPTS_MAX
    assert broken_promises(out, whole) == []
    missing = {name for name in whole if name not in tree(out)}
    assert all("month=02" in name or name.startswith("_payloom/") for name in missing)
    assert sum(name.endswith(".parquet") for name in missing) == 2
    assert not (out / "_payloom/staging").exists()
    summary = generate(SOURCE, out)
    assert summary.files - summary.kept_parts == 2
    assert tree(out) == whole


def test_a_run_in_which_everything_fails_gives_up(tmp_path):
    """After ten jobs it is not the jobs."""
    source = FakeSource(rows=60, months=12, fail_at="payments-")
    with pytest.raises(FailedJobsError, match="10 jobs failed every time") as caught:
        generate(source, tmp_path, GenerateOptions(resources=Resources(workers=2)))
    assert len(caught.value.values["problems"]) == 10


def test_a_killed_worker_costs_only_its_job(tmp_path, whole):
    """Another worker takes the job up again, and the tree is the same."""
    source = FakeSource(
        rows=600, months=SOURCE.months, kill_at="payments-2025-02-00000", kill_once=str(tmp_path / "killed")
    )
    generate(source, tmp_path / "out", GenerateOptions(resources=Resources(workers=2)))
    assert (tmp_path / "killed").exists()
    assert tree(tmp_path / "out") == whole


def test_a_worker_that_is_killed_every_time_ends_the_run(tmp_path, whole):
    """Three attempts, then exit code 6 and what to try; the others are finished."""
    source = FakeSource(rows=600, months=SOURCE.months, kill_at="payments-2025-02-00000")
    with pytest.raises(TransientError, match=r"-02-00000 \(its process was killed by signal 9") as caught:
        generate(source, tmp_path, GenerateOptions(resources=Resources(workers=2)))
    assert "--max-memory" in caught.value.hint
    assert broken_promises(tmp_path, whole) == []
    assert sum(name.endswith(".parquet") for name in whole) - len(list(tmp_path.rglob("*.parquet"))) == 2


def test_row_groups_are_cut_at_the_same_rows_whatever_the_batches(tmp_path, monkeypatch):
    """Sizes of emitted batches leave no trace."""
    trees = []
    for size in (512, 100):
        monkeypatch.setattr("tests.engine.fake_source.BATCH_ROWS", size)
        monkeypatch.setattr("payloom.write.parquet.row_group_rows", lambda table, megabytes: 250)
        out = tmp_path / str(size)
        generate(SOURCE, out, GenerateOptions(resources=Resources(workers=1)))
        trees.append(out)
    verify(trees[0])
    parts = [min(out.glob("payments/*/*/*.parquet")) for out in trees]
    metadata = [pq.read_metadata(part) for part in parts]
    for found in metadata:
        assert [found.row_group(i).num_rows for i in range(found.num_row_groups)] == [250, 250, 100]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_lack_of_memory_is_explained(workers, tmp_path):
    """Exit code 6 and which options take less, instead of a traceback."""
    source = FakeSource(rows=600, months=2, fail_at="payments-2025-02-00000", failure=MemoryError)
    with pytest.raises(TransientError, match="ran out of memory") as caught:
        generate(source, tmp_path, GenerateOptions(resources=Resources(workers=workers)))
    assert caught.value.exit_code == 6
    assert "--row-group-mb" in caught.value.hint
