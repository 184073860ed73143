"""What the machine has, as the control group sees it."""

import pytest

from payloom.engine import memory


@pytest.fixture
def group(tmp_path, monkeypatch):
    folder = tmp_path / "outer/inner"
    folder.mkdir(parents=True)
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    monkeypatch.setattr(memory, "_cgroup_folders", lambda: [folder, folder.parent])
    return folder


def test_a_cpu_quota_bounds_the_cpus(group, monkeypatch):
    """The tightest limit of the group and its parents counts; `max` is none."""
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(16)), raising=False)
    assert memory.available_cpus() == 16
    (group / "cpu.max").write_text("max 100000\n")
    (group.parent / "cpu.max").write_text("250000 100000\n")
    assert memory.available_cpus() == 2
    (group / "cpu.max").write_text("50000 100000\n")
    assert memory.available_cpus() == 1


def test_a_memory_limit_bounds_what_is_free(group):
    """What the group already uses is gone."""
    (group / "memory.max").write_text("3000000\n")
    (group / "memory.current").write_text("1000000\n")
    assert memory.available_memory_bytes() == 2_000_000


def test_this_process_has_a_size():
    """Python alone takes some megabytes."""
    assert 5_000_000 < memory.peak_rss_bytes() < 100_000_000_000
    assert memory.available_cpus() >= 1
