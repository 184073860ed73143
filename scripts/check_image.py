"""Build both images and hold them to what docs/image.md promises. Run by `make test-image`.

    python scripts/check_image.py [--no-build] [slim] [full]

Each runs read-only, as nobody in particular, without capabilities or network, in 512 MB, and must make the same rows as
the payloom that runs this script. Exits with 1 when something does not hold.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts import s3_server
from scripts.build_image import build, version
from scripts.image_engine import TARGETS, Engine, ImageError, extra, find_engine
from scripts.local_server import ServerError
from tests.cell.logical_digest import table_digest

ROWS = "100_000"
SLIM_MB_MAX = 400
USER = "10001"
KILLED = 137
TERMINATED = 143
WRONG_CONFIG = 2
CORRUPT = 7
STOP_SECONDS = 5
REVISION = re.compile(r"[0-9a-f]{40}(-dirty)?")
HARDENED = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=512m", "--tmpfs=/tmp"]
OFFLINE = [*HARDENED, "--network=none"]
#: Commands that need an extra, and what they write; MLflow keeps its runs in a database of its own.
EXTRAS = (
    ["validate", "made", "--docs", "docs"],
    ["profile", "made", "--out", "profiles"],
    ["train", "made", "--tracking-uri", "sqlite:////data/runs.db", "--register", "baseline"],
    ["score", "made", "--model", "training/scorers/gradient-boosting", "--from", "2025-12-01", "--to", "2025-12-03"],
    ["realism", "made", "--fast", "--out", "realism.html"],
)
#: What installs, compiles or fetches a repository; Alpine's own busybox stays.
UNWANTED = ("pip", "pip3", "uv", "gcc", "cc", "clang", "ld", "strip", "make", "git", "curl", "hatchling")
LOOK_INSIDE = f"""
import importlib.util, json, os, shutil
def writable(path):
    try:
        open(path + "/probe", "w").close()
        return True
    except OSError:
        return False
print(json.dumps({{
    "uid": os.getuid(),
    "programs": [name for name in {UNWANTED!r} if shutil.which(name, path=os.environ["PATH"] + ":/sbin:/usr/sbin")],
    "modules": [name for name in ("pip", "ensurepip", "setuptools") if importlib.util.find_spec(name)],
    "writable": [path for path in ("/", "/opt/payloom", "/usr/local/lib", "/etc") if writable(path)],
}}))
"""


@dataclass
class Report:
    """What was looked at, and how it came out."""

    image: str
    failed: int = 0

    def add(self, what: str, found: object, *, good: bool) -> None:
        """Note and print one result."""
        self.failed += not good
        print(f"{self.image:13} {'ok' if good else 'FAILED':7} {what:34} {found}", flush=True)


def digests(folder: Path) -> dict[str, str]:
    """Digest of the rows of every table, whatever the files are."""
    tables = sorted({path.relative_to(folder).parts[0] for path in folder.rglob("*.parquet")})
    return {
        name: table_digest(pq.ParquetDataset(sorted(map(str, (folder / name).rglob("*.parquet")))).read())
        for name in tables
    }


@contextmanager
def open_folder() -> Iterator[Path]:
    """Give a folder in which the container's user may write."""
    with tempfile.TemporaryDirectory(prefix="payloom-image-") as name:
        folder = Path(name) / "data"
        folder.mkdir()
        folder.chmod(0o777)
        Path(name).chmod(0o755)
        yield folder


def check_metadata(engine: Engine, report: Report) -> None:
    """Size, user, labels, command."""
    facts = engine.inspect(report.image)
    size_mb = facts["Size"] / 1e6
    limit = SLIM_MB_MAX if report.image.endswith("slim") else float("inf")
    report.add("size, uncompressed", f"{size_mb:.0f} MB", good=size_mb <= limit)
    config = facts["Config"]
    report.add("user", config["User"], good=config["User"] == f"{USER}:{USER}")
    found = {key.rpartition(".")[2]: value for key, value in config["Labels"].items() if "opencontainers" in key}
    right = found.get("version") == version() and REVISION.fullmatch(found.get("revision", "")) is not None
    complete = {"title", "description", "licenses", "created"} <= set(found)
    report.add("labels", found.get("revision", "none"), good=right and complete)
    entry, signal = config["Entrypoint"], config.get("StopSignal")
    report.add("entry point, stop signal", f"{entry} {signal}", good=entry == ["payloom"] and signal == "SIGTERM")


def check_inside(engine: Engine, report: Report) -> None:
    """Who runs there, what is there, what can be written, and whether memory is limited."""
    done = engine.run(report.image, "-c", LOOK_INSIDE, options=[*OFFLINE, "--entrypoint=python"])
    found = json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr}
    report.add("runs as", found.get("uid"), good=found.get("uid") == int(USER))
    tools = [*found.get("programs", ["?"]), *found.get("modules", ["?"])]
    report.add("installers, compilers", tools or "none", good=not tools)
    report.add("can write outside /data, /tmp", found.get("writable") or "nowhere", good=found.get("writable") == [])
    with tempfile.TemporaryDirectory(prefix="payloom-image-oom-") as name:
        # podman leaves a file `oom` where it was called.
        options = [*OFFLINE, "--entrypoint=python"]
        hog = engine.run(report.image, "-c", "bytearray(700 * 2**20)", options=options, cwd=Path(name))
    report.add("700 MiB within 512 MB", f"exit code {hog.returncode}", good=hog.returncode == KILLED)


def check_health(engine: Engine, report: Report) -> None:
    """The health check passes, and can fail."""
    facts = engine.inspect(report.image)
    # Docker keeps it in the config, podman beside it.
    health = facts["Config"].get("Healthcheck") or facts.get("Healthcheck")
    if not health:
        report.add("health check", "none", good=False)
        return
    program, *arguments = health["Test"][1:]
    for what, options, good_codes in (
        ("health check", [], {0}),
        ("health check, no scratch folder", ["--env=TMPDIR=/proc"], set(range(1, 126))),
    ):
        done = engine.run(report.image, *arguments, options=[*OFFLINE, *options, f"--entrypoint={program}"])
        report.add(what, f"exit code {done.returncode}", good=done.returncode in good_codes)


def check_rows(engine: Engine, report: Report, expected: dict[str, str]) -> None:
    """The same rows as on the host, in 512 MB; damage is found there and named by the exit code."""
    with open_folder() as folder:
        mounted = [*OFFLINE, f"--volume={folder}:/data"]
        began = time.monotonic()
        done = engine.run(report.image, "generate", "--rows", ROWS, "--out", "made", "--json", options=mounted)
        seconds = time.monotonic() - began
        if done.returncode:
            report.add("generate", f"exit code {done.returncode}: {done.stderr[-200:]}", good=False)
            return
        peak_mb = json.loads(done.stdout)["peak_rss_bytes"] / 1e6
        report.add(f"generate, {ROWS} rows", f"{seconds:.1f} s, {peak_mb:.0f} MB at most", good=True)
        same = digests(folder / "made") == expected
        report.add(
            "logical digests of 7 tables", "as on the host" if same else "differ", good=same and len(expected) == 7
        )
        done = engine.run(report.image, "verify", "made", options=mounted)
        report.add("verify", f"exit code {done.returncode}", good=done.returncode == 0)
        part = min(folder.glob("made/payments/*/*/*.parquet"))
        damaged = bytearray(part.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        part.write_bytes(damaged)
        done = engine.run(report.image, "verify", "made", options=mounted)
        report.add("verify after a flipped bit", f"exit code {done.returncode}", good=done.returncode == CORRUPT)
    done = engine.run(report.image, "generate", "--fraud-rate", "2", options=OFFLINE)
    report.add("a config that is wrong", f"exit code {done.returncode}", good=done.returncode == WRONG_CONFIG)


def check_extras(engine: Engine, report: Report) -> None:
    """The commands of the extras: in full they work in 2 GB and warn of nothing, in slim they say what is missing."""
    with open_folder() as folder:
        options = [*OFFLINE, "--memory=2g", f"--volume={folder}:/data"]
        # Somebody whom /etc/passwd does not know, as with --user "$(id -u):$(id -g)".
        options.append("--user=12345:12345")
        made = ["generate", "--rows", ROWS, "--out", "made", "--quiet"]
        for arguments in [made, *EXTRAS] if report.image.endswith("full") else [made]:
            began = time.monotonic()
            done = engine.run(report.image, *arguments, options=options)
            said = [line for line in done.stderr.splitlines() if "warning" in line.lower() or "error" in line.lower()]
            good = done.returncode == 0 and not said
            found = said[0] if said else f"exit code {done.returncode}, {time.monotonic() - began:.0f} s"
            report.add(f"extras: {arguments[0]}", found, good=good)
        for command in (["profile", "made"], ["realism", "made", "--fast"]) if report.image.endswith("slim") else []:
            done = engine.run(report.image, *command, options=options)
            good = done.returncode == WRONG_CONFIG and "is not installed" in done.stderr
            report.add(f"a command of full: {command[0]}", f"exit code {done.returncode}", good=good)


def check_stop(engine: Engine, report: Report) -> None:
    """SIGTERM ends a run cleanly, though it is the first process of its container."""
    name = f"payloom-check-{uuid.uuid4().hex[:8]}"
    command = ["generate", "--rows", "20M", "--out", "/data/long", "--quiet"]
    engine.ask("run", "--detach", "--name", name, *extra("IMAGE_RUN_ARGS"), *OFFLINE, report.image, *command)
    try:
        time.sleep(4)
        began = time.monotonic()
        engine.ask("stop", "--time=20", name)
        seconds = time.monotonic() - began
        code = int(engine.ask("inspect", "--format={{.State.ExitCode}}", name))
    finally:
        engine.call("rm", "--force", "--volumes", name)
    good = code == TERMINATED and seconds < STOP_SECONDS
    report.add("SIGTERM after 4 s of work", f"exit code {code} after {seconds:.1f} s", good=good)


def check_publish(engine: Engine, report: Report) -> None:
    """Publishes to a real S3 server on this machine, and verifies what is there."""
    with tempfile.TemporaryDirectory(prefix="payloom-image-s3-") as home:
        server = s3_server.Server(Path(home))
        server.start()
        try:
            keys = server.keys()
            # By name, so that no secret stands in a list of processes.
            os.environ |= {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
            options = [*HARDENED, "--network=host", "--env=AWS_ACCESS_KEY_ID", "--env=AWS_SECRET_ACCESS_KEY"]
            options += [f"--env=AWS_REGION={s3_server.REGION}", f"--env=AWS_ENDPOINT_URL={server.endpoint}"]
            with open_folder() as folder:
                mounted = [*options, f"--volume={folder}:/data"]
                address = f"s3://{s3_server.BUCKET}/image"
                for arguments in (["generate", "--preset", "small", "--out", "made", "--quiet"],
                                  ["publish", "made", address, "--quiet"], ["verify", address]):  # fmt: skip
                    done = engine.run(report.image, *arguments, options=mounted)
                    said = done.stderr.strip()[-160:] or done.stdout.strip()
                    report.add(f"S3: {arguments[0]}", said or "exit code 0", good=done.returncode == 0)
        finally:
            server.stop()


def check(engine: Engine, target: str, expected: dict[str, str]) -> int:
    """Check one image, and give the number of failures."""
    report = Report(f"payloom:{target}")
    checks: list[Callable[[Engine, Report], None]] = [check_metadata, check_inside, check_health, check_stop]
    for one in [*checks, check_publish, check_extras]:
        one(engine, report)
    check_rows(engine, report, expected)
    return report.failed


def expected_digests() -> dict[str, str]:
    """Digests of what this payloom makes, here.

    Raises
    ------
    ImageError
        When it makes nothing.
    """
    payloom = Path(sys.executable).with_name("payloom")
    with tempfile.TemporaryDirectory(prefix="payloom-host-") as name:
        command = [str(payloom), "generate", "--rows", ROWS, "--out", name, "--overwrite", "--quiet"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise ImageError(f"payloom does not run here: {done.stderr.strip()}")
        return digests(Path(name))


def main() -> None:
    """Build, check, and exit with 1 when something does not hold."""
    arguments = sys.argv[1:]
    wanted = [name for name in arguments if name != "--no-build"] or list(TARGETS)
    try:
        engine = find_engine()
        if "--no-build" not in arguments:
            for target in wanted:
                build(engine, target)
        expected = expected_digests()
        failed = sum(check(engine, target, expected) for target in wanted)
    except (ImageError, ServerError) as error:
        sys.exit(f"error: {error}")
    print(f"{failed} failed" if failed else "All of it holds")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
