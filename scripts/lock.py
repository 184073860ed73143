"""Compile requirements/*.txt, with hashes, valid on every supported Python and system.

Run by `make lock`. Files name no index: each machine uses the one it is configured for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Written by `make lock` from {source}. Hashes are checked on every installation.\n"
#: Output name -> what it is compiled from. `dev` holds everything of `core`, at the same versions.
LOCKS = {
    "bootstrap": ["requirements/bootstrap.in"],
    "dev": ["pyproject.toml", "--extra", "dev"],
    "core": ["pyproject.toml", "--constraints", "requirements/dev.txt"],
    "realism": ["pyproject.toml", "--extra", "realism", "--constraints", "requirements/dev.txt"],
    "s3": ["pyproject.toml", "--extra", "s3", "--constraints", "requirements/dev.txt"],
    "iceberg": ["pyproject.toml", "--extra", "iceberg", "--constraints", "requirements/dev.txt"],
    "quality": ["pyproject.toml", "--extra", "quality", "--constraints", "requirements/dev.txt"],
    "profile": ["pyproject.toml", "--extra", "profile", "--constraints", "requirements/dev.txt"],
    "ray": ["pyproject.toml", "--extra", "ray", "--constraints", "requirements/dev.txt"],
    "train": ["pyproject.toml", "--extra", "train", "--constraints", "requirements/dev.txt"],
    "server": ["requirements/server.in", "--constraints", "requirements/dev.txt"],
    "airflow": ["requirements/airflow.in"],
    "athena": ["requirements/athena.in"],
    "bench": ["requirements/bench.in"],
    "checkov": ["requirements/checkov.in"],
    "deploy": ["requirements/deploy.in"],
    "engines": ["requirements/engines.in", "--constraints", "requirements/dev.txt"],
    "reference": ["requirements/reference.in"],
}


def compile_lock(name: str, sources: list[str], upgrade: list[str]) -> None:
    """Compile one file in place, keeping the versions it already has unless told otherwise."""
    target = ROOT / "requirements" / f"{name}.txt"
    command = [
        str(Path(sys.executable).with_name("uv")), "pip", "compile", "--quiet", "--universal",
        "--python", sys.executable, "--python-version", "3.11", "--generate-hashes", "--no-header",
        "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--system-certs",
        "--output-file", str(target), *upgrade, *sources,
    ]  # fmt: skip
    # Local indexes hold some files only; a lock needs the hashes of every platform.
    env = {key: value for key, value in os.environ.items() if key not in {"UV_INDEX", "UV_FIND_LINKS"}}
    subprocess.run(command, check=True, cwd=ROOT, env=env)
    target.write_text(HEADER.format(source=sources[0]) + target.read_text("utf-8"), "utf-8")


def main() -> None:
    """Compile every lock; `--upgrade` takes newer versions."""
    for name, sources in LOCKS.items():
        compile_lock(name, sources, sys.argv[1:])
        print(f"requirements/{name}.txt")


if __name__ == "__main__":
    main()
