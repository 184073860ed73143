"""What lies in a folder, and what must hold of it after any fault."""

from __future__ import annotations

import hashlib
from pathlib import Path

Tree = dict[str, str]


def tree(out: Path) -> Tree:
    """sha256 of every file by its path; lock files hold nothing."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def data_and_manifests(found: Tree) -> Tree:
    """The files that a reader sees, and those that commit them."""
    return {
        key: digest
        for key, digest in found.items()
        if not key.startswith("_payloom/") or key.startswith("_payloom/manifests/")
    }


def broken_promises(out: Path, whole: Tree) -> list[str]:
    """What is visible and differs from the undisturbed run's; a manifest promises every part."""
    found = data_and_manifests(tree(out))
    wrong = [key for key, digest in found.items() if whole.get(key) != digest]
    if any(key.startswith("_payloom/manifests/") for key in found):
        wrong += [f"{key} is missing" for key in data_and_manifests(whole) if key not in found]
    return wrong
