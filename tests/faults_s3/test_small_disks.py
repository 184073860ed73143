"""Full and read-only disks on this side of a bucket: what is published from, to, or read through."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.trees import tree
from tests.faults_s3.lab import ROOT, Lab

PAYLOOM = [sys.executable, "-c", "from payloom.cli.main import main; main()"]


def namespaces_work() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not namespaces_work(), reason="needs mount namespaces"),
]


def in_namespace(lab: Lab, script: str, mount: Path, **env: str) -> list[str]:
    """Run a shell script that may mount at `$MOUNT`; return the lines that it printed, stderr among them.

    `payloom` prints what the command line does, and its exit code.
    """
    mount.mkdir()
    words = " ".join(f"'{word}'" for word in PAYLOOM)
    setting = f'payloom() {{ {words} "$@" 2>&1; echo "code $?"; }}\n'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", setting + script],
        cwd=ROOT,
        env=lab.server.env() | {"NO_COLOR": "1", "MOUNT": str(mount), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def refused(lines: list[str], code: int, word: str) -> list[str]:
    """Take a refusal off the front of the lines: cause, way out, exit code; return the rest."""
    assert lines[0].startswith("error: "), lines
    assert word in lines[0], lines
    assert lines[1].startswith("fix: "), lines
    assert lines[2] == f"code {code}", lines
    return lines[3:]


def test_publish_to_a_full_disk(lab, kinds, tmp_path, figure):
    """A folder on a disk of 4 MB: no space, 5; with more room the same command finishes."""
    source, copy = kinds["publish"].folder, tmp_path / "copy"
    lines = in_namespace(
        lab,
        f'mount -t tmpfs -o size=4m none "$MOUNT"; payloom publish {source} "$MOUNT/data" --quiet; '
        f'mount -o remount,size=64m "$MOUNT"; payloom publish {source} "$MOUNT/data" --quiet; '
        f'payloom verify "$MOUNT/data" --quiet; cp -r "$MOUNT/data" {copy}',
        tmp_path / "mount",
    )
    assert refused(lines, 5, "no space is left") == ["code 0", "code 0"]
    whole = kinds["publish"].whole
    assert {key: digest for key, digest in tree(copy).items() if key in whole} == whole
    figure("a full or read-only disk on this side", 1, 1)


def test_publish_to_a_read_only_disk(lab, kinds, tmp_path, figure):
    """A folder on a read-only file system: said so, 5."""
    lines = in_namespace(
        lab,
        f'mount -t tmpfs none "$MOUNT"; mount -o remount,ro "$MOUNT"; '
        f'payloom publish {kinds["publish"].folder} "$MOUNT/data"',
        tmp_path / "mount",
    )
    assert refused(lines, 5, "read-only") == []
    figure("a full or read-only disk on this side", 1, 1)


def test_publish_from_a_read_only_disk(lab, kinds, tmp_path, place, figure):
    """Nothing is written on this side: a read-only source can be published."""
    lines = in_namespace(
        lab,
        f'mount -t tmpfs none "$MOUNT"; cp -r {kinds["publish"].folder} "$MOUNT/data"; '
        f'mount -o remount,ro "$MOUNT"; payloom publish "$MOUNT/data" {place.url} --quiet',
        tmp_path / "mount",
    )
    assert lines == ["code 0"]
    assert place.tree() == kinds["publish"].whole
    figure("a full or read-only disk on this side", 1, 1)


def test_verify_without_room_for_a_part(lab, kinds, tmp_path, place, figure):
    """`verify` fetches each part into a temporary file; without room for it that is what it says, not corruption."""
    assert kinds["publish"].start(place).wait() == 0
    lines = in_namespace(
        lab,
        f'mount -t tmpfs -o size=2m none "$MOUNT"; TMPDIR="$MOUNT" payloom verify {place.url}; '
        f"payloom verify {place.url} --json",
        tmp_path / "mount",
    )
    rest = refused(lines, 5, "no space is left")
    assert json.loads(rest[0])["parts"] == 3
    assert rest[1] == "code 0"
    figure("a full or read-only disk on this side", 1, 1)
