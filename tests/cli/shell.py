"""The command line as a shell starts it, and as a test can look into it."""

import os
import subprocess
import sys
from pathlib import Path

ENTRY = "from payloom.cli.main import main; main()"
"""What the installed script does."""


def payloom(
    *arguments: str, before: str = "", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own; `before` is code to run first."""
    return subprocess.run(
        [sys.executable, "-c", f"{before}\n{ENTRY}", *arguments],
        env={**clean_environment(), **environment},
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def clean_environment() -> dict[str, str]:
    """This process's environment without what changes the output."""
    dropped = ("NO_COLOR", "PAYLOOM_DEBUG", "COLUMNS", "PYTHONIOENCODING", "FORCE_COLOR")
    return {name: value for name, value in os.environ.items() if name not in dropped}
