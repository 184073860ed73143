"""The same oracle with faults made by the kernel: strace injections, small and read-only file systems."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from payloom.pipeline.generate import generate
from tests.counts import count
from tests.engine.fake_source import FakeSource
from tests.faults.trees import broken_promises, tree

ROOT = Path(__file__).resolve().parents[2]
SOURCE = FakeSource(rows=700, months=1)
LARGE = FakeSource(rows=20_000, months=3)

pytestmark = pytest.mark.integration


def command(out: Path, source: FakeSource) -> list[str]:
    values = json.dumps({"rows": source.rows, "months": source.months})
    return [sys.executable, "-m", "tests.faults.runner", str(out), values, "{}"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "out"
    generate(SOURCE, out)
    return tree(out)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(
    ("call", "fault", "codes"),
    [
        ("write", "signal=SIGKILL", (-9, 0)),
        ("fsync", "signal=SIGKILL", (-9, 0)),
        ("rename", "signal=SIGKILL", (-9, 0)),
        ("mkdir", "signal=SIGKILL", (-9, 0)),
        ("fsync", "error=EIO", (5, 0)),
        ("rename", "error=ENOSPC", (5, 0)),
    ],
)
def test_faults_at_system_calls(call, fault, codes, tmp_path, whole):
    """Every K-th call until a run gets through undisturbed; then the same command again."""
    out, number = tmp_path / "out", 0
    while True:
        number += count(4, 1)
        shutil.rmtree(out, ignore_errors=True)
        inject = f"inject={call}:{fault}:when={number}"
        trace = ["strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "-e", f"trace={call}", "-e", inject]
        done = subprocess.run([*trace, *command(out, SOURCE)], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode in codes, done.stderr
        assert "Traceback" not in done.stderr
        assert broken_promises(out, whole) == []
        generate(SOURCE, out)
        assert tree(out) == whole
        if "INJECTED" not in (tmp_path / "trace").read_text() and "SIGKILL" not in (tmp_path / "trace").read_text():
            break
    assert number > 4


def in_namespace(script: str, out: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell script that may mount file systems; `$RUN` is the run, on `$OUT/data`."""
    run = " ".join(f"'{word}'" for word in command(out / "data", LARGE))
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"OUT='{out}'\nrun() {{ {run}; }}\n{script}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def namespaces_work() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not namespaces_work(), reason="needs mount namespaces")
@pytest.mark.parametrize(("limit", "more"), [("size=2m", "size=64m"), ("nr_inodes=20", "nr_inodes=2000")])
def test_a_full_disk_is_reported_and_the_run_finished_when_there_is_space(limit, more, tmp_path):
    """ENOSPC by bytes or by inodes: exit code 5, one line; with more room, the tree of an undisturbed run."""
    generate(LARGE, tmp_path / "whole")
    mount = tmp_path / "mount"
    mount.mkdir()
    done = in_namespace(
        f'mount -t tmpfs -o {limit} none "$OUT"; run; echo "code $?"; mount -o remount,{more} "$OUT"; run; '
        f'echo "code $?"; cp -r "$OUT/data" "{tmp_path / "copy"}"',
        mount,
    )
    assert done.stdout.split("\n")[:2] == ["code 5", "code 0"], done.stderr
    assert "no space is left" in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(tmp_path / "copy") == tree(tmp_path / "whole")


@pytest.mark.skipif(not namespaces_work(), reason="needs mount namespaces")
def test_a_read_only_file_system_is_reported(tmp_path):
    """EROFS: exit code 5, the cause and the way out in one line."""
    done = in_namespace('mount -t tmpfs none "$OUT"; mount -o remount,ro "$OUT"; run; echo "code $?"', tmp_path)
    assert done.stdout == "code 5\n", done.stderr
    assert "read-only" in done.stderr
    assert done.stderr.count("\n") == 1
