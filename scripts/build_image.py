"""Build the images of deploy/docker/Dockerfile with docker or podman, whichever is there. Run by `make image`.

    python scripts/build_image.py [slim] [full]

They are tagged payloom:slim and payloom:full, slim also payloom:<version>. Time stamps are those of the commit, so that
one commit gives one image. See scripts/image_engine.py for the environment variables.
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.image_engine import DOCKERFILE, ROOT, TARGETS, Engine, ImageError, extra, find_engine

VERSION = ROOT / "src/payloom/version.py"


def git(*arguments: str) -> str:
    """Give git's answer, or nothing where there is no repository."""
    done = subprocess.run(["git", *arguments], check=False, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip() if done.returncode == 0 else ""


def version() -> str:
    """Give the version of payloom in this tree."""
    names: dict[str, str] = {}
    for line in VERSION.read_text("utf-8").splitlines():
        name, _, value = line.partition(" = ")
        names[name.partition(":")[0]] = value.strip('"')
    return names["__version__"]


def labels() -> dict[str, str]:
    """Give the build arguments that become labels; a tree with changes says so."""
    revision = git("rev-parse", "HEAD") or "unknown"
    if git("status", "--porcelain", "--untracked-files=no"):
        revision += "-dirty"
    moment = dt.datetime.fromtimestamp(int(epoch()), dt.UTC)
    return {"VERSION": version(), "REVISION": revision, "CREATED": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def epoch() -> str:
    """Give the seconds since 1970 that all time stamps get: those that were asked for, or the commit's."""
    return os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct") or "0"


def build_command(engine: Engine, target: str) -> list[str]:
    """Give the command that builds one target."""
    tags = [f"payloom:{target}", *([f"payloom:{version()}"] if target == "slim" else [])]
    arguments = [f"--build-arg={name}={value}" for name, value in labels().items()]
    # Older podman takes a label out of its cache although the argument in it has changed.
    arguments += [f"--label=org.opencontainers.image.{name.lower()}={value}" for name, value in labels().items()]
    if engine.name == "docker":
        # BuildKit takes its time from this argument.
        arguments.append(f"--build-arg=SOURCE_DATE_EPOCH={epoch()}")
    else:
        # The other format has no place for a health check.
        arguments += ["--format=docker", "--layers", f"--timestamp={epoch()}"]
    source = os.environ.get("IMAGE_SOURCE")
    if source:
        arguments.append(f"--label=org.opencontainers.image.source={source}")
    return [
        *engine.command, "build", f"--file={DOCKERFILE}", f"--target={target}", *(f"--tag={tag}" for tag in tags),
        *arguments, *extra("IMAGE_BUILD_ARGS"), ".",
    ]  # fmt: skip


def build(engine: Engine, target: str) -> None:
    """Build one target; what the engine prints goes to standard error.

    Raises
    ------
    ImageError
        When the build failed.
    """
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    done = subprocess.run(build_command(engine, target), check=False, cwd=ROOT, env=environment, stdout=sys.stderr)
    if done.returncode:
        raise ImageError(f"target {target} could not be built with {engine.name}; what failed stands above")


def main() -> None:
    """Build what is named, or both."""
    wanted = sys.argv[1:] or list(TARGETS)
    unknown = sorted(set(wanted) - set(TARGETS))
    try:
        if unknown:
            raise ImageError(f"no target {', '.join(unknown)}; there are {' and '.join(TARGETS)}")
        engine = find_engine()
        for target in wanted:
            build(engine, target)
            size_mb = engine.inspect(f"payloom:{target}")["Size"] / 1e6
            print(f"payloom:{target}  {size_mb:.0f} MB")
    except ImageError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
