"""A measurement counts the whole process tree."""

import sys
from pathlib import Path

import pytest

from benchmarks import measure

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"
HOLD = "import time; block = bytearray(200_000_000); time.sleep(0.3)"
IN_A_CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', {!r}], check=True)"


def test_cpu_seconds_include_children(tmp_path):
    """CPU time that a child spends belongs to the command, and sleeping costs none."""
    burned = measure.run([sys.executable, "-c", IN_A_CHILD.format(BURN)], tmp_path / "log")
    slept = measure.run([sys.executable, "-c", "import time; time.sleep(0.4)"], tmp_path / "log")
    assert burned.cpu_seconds >= 0.3
    assert slept.cpu_seconds < 0.3
    assert slept.wall_seconds >= 0.4


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux only")
def test_peak_memory_includes_children(tmp_path):
    """The peak is that of all processes together."""
    peak_bytes = measure.peak_memory_bytes([sys.executable, "-c", IN_A_CHILD.format(HOLD)], tmp_path / "log")
    assert 200e6 < peak_bytes < 300e6


def test_a_failing_command_is_no_measurement(tmp_path):
    """A failure is reported with what the command printed."""
    with pytest.raises(measure.CommandFailedError, match=r"exited with 3\nno such bank"):
        measure.run([sys.executable, "-c", "print('no such bank'); raise SystemExit(3)"], tmp_path / "log")
