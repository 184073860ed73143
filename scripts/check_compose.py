"""Check deploy/compose.yaml: Compose reads it, then rules that Compose does not know. Run by `make compose-check`.

    python scripts/check_compose.py

Compose is whichever is there: `docker compose`, the one of .venv-deploy, `docker-compose` 2 or later, `podman-compose`.
It has to accept the file with drawn keys, and to refuse it without them. Neither a daemon nor the network is needed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.compose_env import DRAWN, EXAMPLE, assigned, filled
from scripts.local_server import ROOT

FILE = ROOT / "deploy" / "compose.yaml"
LOOPBACK = "127.0.0.1:"
#: What a laptop of 8 to 12 GB can give to what runs all the time.
MEMORY_BYTES_MAX = 8 * 2**30
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}
WAY_OUT = "run make compose-env"
SECRET_NAME = re.compile(r"PASSWORD|SECRET|_KEY$|FERNET|TOKEN")
#: A name in braces, and how it is used: `:-` and a default, `:?` and a message, or nothing.
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([^}]*))?\}")
PINNED = re.compile(r"[^@\s]+:[\w.-]+@sha256:[0-9a-f]{64}")

Service = Mapping[str, Any]


def resolved(text: str) -> str:
    """Give a text with every variable replaced by its default."""
    return VARIABLE.sub(lambda found: found[3] if found[2] in {":-", "-"} else "", text)


def is_one_shot(service: Service) -> bool:
    """Whether a service ends by itself."""
    return service.get("restart") == "no"


def memory_bytes(text: str) -> int:
    """Read a size such as 512m."""
    return int(text[:-1]) * UNITS[text[-1].lower()]


def limit_problems(service: Service) -> Iterator[str]:
    """What could take the whole machine."""
    for name in ("cpus", "mem_limit", "pids_limit"):
        if not service.get(name):
            yield f"has no {name}"
    if "max-size" not in (service.get("logging") or {}).get("options", {}):
        yield "has a log without an end: logging.options.max-size"


def right_problems(service: Service) -> Iterator[str]:
    """What a service may do beyond its work."""
    if not service.get("read_only"):
        yield "can write to its root file system: read_only"
    if service.get("cap_drop") != ["ALL"]:
        yield "keeps capabilities: cap_drop"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "can gain privileges: security_opt"
    if service.get("privileged"):
        yield "is privileged"
    user = str(service.get("user", "")).partition(":")[0]
    if user in {"", "0", "root"} and service.get("network_mode") != "none":
        yield "runs as root, or as whatever its image says: user"
    for mount in service.get("volumes", []):
        if str(mount).startswith((".", "/", "~")) and "ro" not in str(mount).split(":")[-1].split(","):
            yield f"can write to the host: {mount}"


def network_problems(service: Service) -> Iterator[str]:
    """What others could reach."""
    for port in service.get("ports", []):
        if not str(port).startswith(LOOPBACK):
            yield f"publishes a port to other machines: {port}"
    if service.get("network_mode", "none") != "none":
        yield f"shares a network: network_mode {service['network_mode']}"


def life_problems(service: Service, services: Mapping[str, Service]) -> Iterator[str]:
    """How a service starts, goes on and ends."""
    if service.get("restart") not in {"no", "unless-stopped"}:
        yield 'has no restart policy: "no" or unless-stopped'
    check = service.get("healthcheck") or {}
    if not is_one_shot(service) and (not check.get("test") or check.get("disable")):
        yield "has no health check"
    needed = service.get("depends_on") or {}
    for name in needed:
        if name not in services:
            yield f"depends on {name}, which is not there"
            continue
        wanted = "service_completed_successfully" if is_one_shot(services[name]) else "service_healthy"
        if not isinstance(needed, dict) or needed[name].get("condition") != wanted:
            yield f"does not wait for {name}: condition {wanted}"


def image_problems(service: Service, built: set[str]) -> Iterator[str]:
    """What could be another program tomorrow."""
    image = str(service.get("image", ""))
    if image not in built and not PINNED.fullmatch(resolved(image)):
        yield f"has an image without tag and digest: {resolved(image) or 'none'}"
    if image in built and "build" not in service and service.get("pull_policy") != "never":
        yield f"looks for an image elsewhere that is made here: pull_policy of {resolved(image)}"
    for name, value in ((service.get("build") or {}).get("args") or {}).items():
        if name.endswith("IMAGE") and not PINNED.fullmatch(resolved(str(value))):
            yield f"is built on an image without tag and digest: {resolved(str(value))}"


def secret_problems(service: Service) -> Iterator[str]:
    """Secrets that stand in the file."""
    for name, value in (service.get("environment") or {}).items():
        if SECRET_NAME.search(name) and not any(found[2] == ":?" for found in VARIABLE.finditer(str(value))):
            yield f"has a secret of its own: {name}"


def variable_problems(text: str, example: str, drawn: frozenset[str]) -> Iterator[str]:
    """Required names that `make compose-env` does not give, and secrets with a default."""
    lines = filter(None, map(assigned, example.splitlines()))
    in_example = dict(lines)
    required = set()
    for found in VARIABLE.finditer(text):
        name, use, words = found.groups()
        if use == ":?":
            required.add(name)
            if words != WAY_OUT:
                yield f"{name}: the message is {words!r}, not {WAY_OUT!r}"
        elif SECRET_NAME.search(name):
            yield f"{name}: a secret that may be missing: ${{{name}:?{WAY_OUT}}}"
    for name in sorted(required ^ drawn):
        yield f"{name}: {'never drawn by make compose-env' if name in required else 'drawn, and not required'}"
    for name in sorted(required):
        if in_example.get(name) != "":
            yield f"{name}: {'has a value' if in_example.get(name) else 'is missing'} in .env.example"


def problems(text: str, example: str, drawn: frozenset[str] = frozenset(DRAWN)) -> list[str]:
    """Give what is wrong with a Compose file and its example of settings, a line each."""
    document = yaml.safe_load(text)
    services: dict[str, Service] = document["services"]
    built = {str(one["image"]) for one in services.values() if "build" in one}
    found = list(variable_problems(text, example, drawn))
    for name, service in services.items():
        said = [
            *limit_problems(service),
            *right_problems(service),
            *network_problems(service),
            *life_problems(service, services),
            *image_problems(service, built),
            *secret_problems(service),
        ]
        found += [f"{name} {one}" for one in said]
    stays = [one for one in services.values() if not is_one_shot(one) and one.get("mem_limit")]
    total = sum(memory_bytes(str(one["mem_limit"])) for one in stays)
    if total > MEMORY_BYTES_MAX:
        found.append(f"what runs all the time may take {total / 2**30:.2f} GB of {MEMORY_BYTES_MAX / 2**30:.0f}")
    return found


def compose() -> tuple[list[str], str] | None:
    """Give the command of a Compose that knows the Compose Specification, and its version."""
    for command in (
        ["docker", "compose"],
        # Not the script in bin/, which forgets the exit code.
        *([str(program)] for program in ROOT.glob(".venv-deploy/lib/python3*/site-packages/compose/docker-compose")),
        ["docker-compose"],
        ["podman-compose"],
    ):
        if shutil.which(command[0]) is None:
            continue
        told = subprocess.run([*command, "version"], check=False, capture_output=True, text=True)
        # Version 1 is from before the specification.
        version = re.search(r"\bv?(\d+)\.\d+\.\d+", told.stdout)
        if told.returncode == 0 and version and (command[0] == "podman-compose" or int(version[1]) > 1):
            return command, version[0]
    return None


def read_by_compose(command: list[str], file: Path, settings: str) -> subprocess.CompletedProcess[str]:
    """Let Compose read the file with these settings and no others."""
    # A variable of the shell would win over the settings.
    kept = {name: value for name, value in os.environ.items() if name in {"HOME", "PATH"} or name.startswith("DOCKER_")}
    with tempfile.TemporaryDirectory() as folder:
        env_file = Path(folder) / "env"
        env_file.write_text(settings, "utf-8")
        whole = [*command, "--file", str(file), "--env-file", str(env_file), "config", "--quiet"]
        return subprocess.run(whole, check=False, capture_output=True, text=True, env=kept, cwd=folder)


def compose_problems(command: list[str], file: Path, example: str) -> Iterator[str]:
    """What Compose says against the file, with keys; and what it does not say without."""
    with_keys = read_by_compose(command, file, filled(example)[0])
    if with_keys.returncode:
        yield f"Compose refuses it: {with_keys.stderr.strip()[-500:]}"
    without = read_by_compose(command, file, "")
    if without.returncode == 0 or WAY_OUT not in without.stderr:
        yield f"Compose does not ask for the keys: exit code {without.returncode}, {without.stderr.strip()[-200:]!r}"


def main() -> int:
    """Check the file; give the exit code."""
    try:
        text, example = FILE.read_text("utf-8"), EXAMPLE.read_text("utf-8")
        found = problems(text, example)
    except (OSError, yaml.YAMLError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    tool = compose()
    if tool is None:
        found.append("there is no Compose to read it; make .venv-deploy, or install docker compose or podman-compose")
    else:
        found += compose_problems(tool[0], FILE, example)
    for one in found:
        print(f"error: {FILE.relative_to(ROOT)}: {one}", file=sys.stderr)
    if not found and tool:
        services = yaml.safe_load(text)["services"]
        print(f"{FILE.relative_to(ROOT)}: {len(services)} services, read by {Path(tool[0][-1]).name} {tool[1]}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
