"""How many workers a run gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.engine import budget
from payloom.engine.budget import PROCESS_BYTES, check_memory, memory_for, worker_count
from payloom.errors import ConfigError
from payloom.write.contract import Job, Output

MB = 1_000_000


def jobs(number: int, rows: int = 1_000_000, memory_bytes: int = 200 * MB) -> list[Job]:
    return [Job(f"job-{i}", (Output("payments", "payments", f"part-{i}"),), rows, memory_bytes) for i in range(number)]


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    monkeypatch.setattr(budget, "available_cpus", lambda: 8)
    monkeypatch.setattr(budget, "available_memory_bytes", lambda: 64_000 * MB)


def test_small_runs_stay_in_one_process():
    """Starting processes costs more than a million rows do."""
    assert worker_count(jobs(12, rows=83_000), workers=None, max_memory_bytes=None) == 1


def test_large_runs_use_the_machine():
    """As many as there are CPUs, when there is memory, and enough to do for each."""
    assert worker_count(jobs(100), workers=None, max_memory_bytes=4_000 * MB) == 8
    assert worker_count(jobs(10), workers=None, max_memory_bytes=4_000 * MB) == 2


def test_a_run_takes_a_gigabyte_unless_it_is_told_otherwise():
    """Two processes of 340 MB fit beside the run itself; who asks for workers gets them as long as memory is free."""
    assert worker_count(jobs(100), workers=None, max_memory_bytes=None) == 2
    assert worker_count(jobs(100), workers=8, max_memory_bytes=None) == 8
    assert worker_count(jobs(100), workers=8, max_memory_bytes=1_000 * MB) == 2
    needed = memory_for(jobs(100), 8)
    assert worker_count(jobs(100), workers=None, max_memory_bytes=needed) == 8
    assert worker_count(jobs(100), workers=None, max_memory_bytes=needed - 1) == 7


def test_little_free_memory_lowers_the_default(monkeypatch):
    """A machine with half a gigabyte free runs one process."""
    monkeypatch.setattr(budget, "available_memory_bytes", lambda: 500 * MB)
    assert worker_count(jobs(100), workers=None, max_memory_bytes=None) == 1
    assert worker_count(jobs(100), workers=8, max_memory_bytes=None) == 1


@given(st.integers(1, 64), st.integers(1, 64), st.integers(400, 8_000))
def test_memory_caps_the_workers(number, workers, megabytes):
    """The processes' bases and their jobs together stay below the cap, unless one is too many already."""
    chosen = worker_count(jobs(number), workers=workers, max_memory_bytes=megabytes * MB)
    assert 1 <= chosen <= min(number, workers)
    assert chosen == 1 or chosen * (PROCESS_BYTES + 200 * MB) <= megabytes * MB


def test_a_job_that_can_not_fit_is_refused_before_anything_is_written():
    """Exit code 2 and how much it takes."""
    with pytest.raises(ConfigError, match="at least 340 MB"):
        check_memory(jobs(1), 300 * MB)
    check_memory(jobs(1), 340 * MB)
    check_memory(jobs(1), None)


def test_fewer_than_one_worker_is_refused():
    """Zero is no way to say automatic."""
    with pytest.raises(ConfigError, match="workers"):
        worker_count(jobs(1), workers=0, max_memory_bytes=None)
