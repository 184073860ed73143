"""Find what builds and runs images here, docker or podman, and ask it. For the scripts about images.

Environment: `IMAGE_ENGINE` names the command, with its own options, instead of what is found; `IMAGE_BUILD_ARGS` and
`IMAGE_RUN_ARGS` are added to every build and every run.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = Path("deploy/docker/Dockerfile")
TARGETS = ("slim", "full")
NO_ENGINE = "no docker or podman that works was found; install one, start its daemon, or name it: IMAGE_ENGINE=podman"
#: What podman says on machines without systemd, which changes nothing for us.
_NOISE = "systemd connection"


class ImageError(Exception):
    """Something about an image failed; the text is one line."""


@dataclass(frozen=True)
class Engine:
    """A command that builds and runs images."""

    command: tuple[str, ...]

    @cached_property
    def name(self) -> str:
        """Docker or podman, by what it says itself: the command may be `sudo docker`, or podman under docker's name."""
        return "podman" if "podman" in self.call("--version").stdout else "docker"

    def call(self, *arguments: str, timeout_seconds: float = 600, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """Call it and give what it printed, whatever its exit code."""
        done = subprocess.run(
            [*self.command, *arguments], check=False, capture_output=True, text=True, timeout=timeout_seconds, cwd=cwd
        )
        done.stderr = "\n".join(line for line in done.stderr.splitlines() if _NOISE not in line)
        return done

    def ask(self, *arguments: str) -> str:
        """Call it and give what it printed.

        Raises
        ------
        ImageError
            When it failed, with its last line.
        """
        done = self.call(*arguments)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
            raise ImageError(f"{self.name} {arguments[0]} failed: {last}")
        return done.stdout

    def inspect(self, image: str) -> dict[str, Any]:
        """Give all that it knows of an image."""
        found: list[dict[str, Any]] = json.loads(self.ask("image", "inspect", image))
        return found[0]

    def run(
        self, image: str, *arguments: str, options: Sequence[str] = (), timeout_seconds: float = 600, cwd: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        """Run a container to its end."""
        command = ["run", "--rm", *extra("IMAGE_RUN_ARGS"), *options, image, *arguments]
        return self.call(*command, timeout_seconds=timeout_seconds, cwd=cwd)


def extra(variable: str) -> list[str]:
    """Give the further arguments that an environment variable holds."""
    return shlex.split(os.environ.get(variable, ""))


def find_engine() -> Engine:
    """Give the engine that was named, else docker, else podman: the first that answers.

    Raises
    ------
    ImageError
        When none works.
    """
    named = extra("IMAGE_ENGINE")
    for command in [named] if named else [["docker"], ["podman"]]:
        if shutil.which(command[0]) is None:
            continue
        engine = Engine(tuple(command))
        if engine.call("info", timeout_seconds=60).returncode == 0:
            return engine
    raise ImageError(f"IMAGE_ENGINE={shlex.join(named)} does not work" if named else NO_ENGINE)
