"""Install pinned requirements, with hashes, into a virtual environment.

Run by `make` with the machine's own Python; standard library only. The fast installer (uv) is used
when it can be had and follows pip's configuration; otherwise pip does the same work, slower.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
NO_VENV = (
    "error: this Python cannot make virtual environments (on Debian: apt install python3-venv); "
    "or name another one: make PYTHON=python3.13"
)


def interpreter(venv: Path) -> Path:
    """Give the path of the environment's Python."""
    return venv / "bin" / "python"


def attempt(command: list[str], env: dict[str, str] | None = None) -> str | None:
    """Run a command; give None when it succeeded, else what it printed."""
    try:
        done = subprocess.run(
            command,
            check=False,
            env=env,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except OSError as error:
        return str(error)
    return done.stdout if done.returncode else None


def make_environment(venv: Path) -> None:
    """Create the environment, or create it again when it no longer runs on this Python.

    Raises
    ------
    SystemExit
        When this Python has no working `venv` module.
    """
    same = "import pip, sys; sys.exit(sys.version_info[:2] != ({}, {}))".format(*sys.version_info[:2])
    if attempt([str(interpreter(venv)), "-c", same]) is None:
        return
    if venv.exists():
        shutil.rmtree(venv)
    print(f"Making {venv.name} with Python {sys.version.split()[0]}", flush=True)
    if attempt([sys.executable, "-m", "venv", str(venv)]) is not None:
        shutil.rmtree(venv, ignore_errors=True)
        sys.exit(NO_VENV)


def pip_settings(venv: Path) -> dict[str, str]:
    """Read pip's effective settings, keyed by option name, as in `extra-index-url`."""
    listing = subprocess.run(
        [str(interpreter(venv)), "-m", "pip", "config", "list"],
        check=False,
        capture_output=True,
        text=True,
    ).stdout
    settings: dict[str, str] = {}
    for line in sorted(listing.splitlines()):
        name, separator, value = line.partition("=")
        if separator:
            option = name.rpartition(".")[2]
            settings[option] = " ".join(str(ast.literal_eval(value)).split())
    return settings


def uv_environment(venv: Path) -> dict[str, str]:
    """Translate pip's settings into the variables that uv reads; what is set already wins."""
    settings = pip_settings(venv)
    wanted = {
        "UV_DEFAULT_INDEX": settings.get("index-url"),
        "UV_INDEX": settings.get("extra-index-url"),
        "UV_FIND_LINKS": settings.get("find-links", "").replace(" ", ",") or None,
        "SSL_CERT_FILE": settings.get("cert"),
        "UV_HTTP_TIMEOUT": settings.get("default-timeout") or settings.get("timeout"),
        "UV_SYSTEM_CERTS": "true",
        "UV_PYTHON_DOWNLOADS": "never",
        # Every requirement has a hash, so it does not matter which index serves a file.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    given = {name: value for name, value in wanted.items() if value}
    return {**given, **os.environ}


def install(venv: Path, arguments: list[str], pauses_seconds: tuple[int, ...] = (2, 10)) -> None:
    """Install with uv, then with pip, and try again after a pause: networks fail.

    Raises
    ------
    SystemExit
        When every attempt failed, with what the last one printed.
    """
    python = str(interpreter(venv))
    uv = str(venv / "bin" / "uv")
    # Compiled now, as pip does it: a first run would otherwise compile for a second or two.
    with_uv = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *arguments]
    with_pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    problem: str | None = ""
    for pause_seconds in (0, *pauses_seconds):
        if pause_seconds:
            print(f"Packages could not be installed, trying again in {pause_seconds} s", flush=True)
            time.sleep(pause_seconds)
        if attempt(with_uv, uv_environment(venv)) is None:
            return
        problem = attempt(with_pip)
        if problem is None:
            return
    sys.exit(f"{problem}\nerror: packages could not be installed (see above); then run make again")


def main() -> None:
    """Set up one environment from the named requirement files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", help="files of requirements/, without .txt")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--project", action="store_true", help="install this project, editable")
    options = parser.parse_args()
    make_environment(options.venv)
    print(f"Installing {', '.join(options.names)} into {options.venv.name}", flush=True)
    hashed = ["--require-hashes", "--requirement"]
    install(options.venv, [*hashed, str(REQUIREMENTS / "bootstrap.txt")])
    for name in options.names:
        install(options.venv, [*hashed, str(REQUIREMENTS / f"{name}.txt")])
    if options.project:
        # Its build tools are pinned in bootstrap.txt, so nothing unpinned is fetched.
        editable = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
        install(options.venv, editable, pauses_seconds=())


if __name__ == "__main__":
    main()
