"""Kill, fail or cut short every system call that changes something; then run the same command again."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.counts import count

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("mode", "amount"),
    [
        ("crash", 1),
        ("crash_workers", count(35, 1)),
        ("crash_overwrite", count(8, 1)),
        ("io_errors", count(8, 1)),
        ("no_space", count(11, 1)),
        ("short_writes", count(13, 1)),
        ("file_size_limit", 1),
        ("races", count(10, 400)),
    ],
)
def test_nothing_half_visible_and_the_same_command_ends_in_the_same_tree(mode, amount, tmp_path):
    """The oracle of every fault; `amount` is the stride over the calls, or the number of races."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.driver", mode, str(tmp_path), str(amount)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == []
