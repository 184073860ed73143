"""A clock that is wrong: the data are the same; a bucket refuses what is signed with it, and that is what is said."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.trees import data_and_manifests, tree
from tests.faults_s3.lab import ROOT

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
PAYLOOM = [sys.executable, "-c", "from payloom.cli.main import main; main()"]
SKEWS = ("+1h", "-1h", "+1y", "-1y")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed"),
]


def at_another_time(skew: str, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run payloom with a clock that is wrong by `skew`."""
    return subprocess.run(
        [*PAYLOOM, *arguments],
        cwd=ROOT,
        # Only the calendar is wrong: pauses and timeouts go by the clock that cannot be set.
        env=env | {"LD_PRELOAD": str(LIBRARIES[0]), "FAKETIME": skew, "FAKETIME_DONT_FAKE_MONOTONIC": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def whole(lab, tmp_path_factory) -> Path:
    """A small world, made by a right clock."""
    out = tmp_path_factory.mktemp("clock") / "whole"
    run = lab.command("generate", "--rows", "2000", "--workers", "1", "--out", str(out), "--quiet")
    assert run.wait() == 0, run.said
    return out


@pytest.mark.parametrize("skew", SKEWS)
def test_the_same_data_at_any_time(skew, whole, lab, tmp_path, figure):
    """An hour or a year off: the same files, byte for byte."""
    out = tmp_path / "out"
    options = ("--rows", "2000", "--workers", "1", "--out", str(out), "--quiet")
    done = at_another_time(skew, lab.server.env(), "generate", *options)
    assert done.returncode == 0, done.stderr
    assert data_and_manifests(tree(out)) == data_and_manifests(tree(whole))
    figure("a clock that is wrong", 1, 1)


@pytest.mark.parametrize("skew", SKEWS)
def test_a_bucket_refuses_a_wrong_clock(skew, lab, kinds, place, figure):
    """What is signed with a wrong clock is refused: code 5, and the clock is named."""
    done = at_another_time(skew, lab.server.env(), "publish", str(kinds["publish"].folder), place.url)
    assert done.returncode == 5, done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert "clock" in done.stderr
    assert place.listing() == []
    figure("a clock that is wrong", 1, 1)
