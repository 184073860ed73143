"""Check deploy/ray/cluster.yaml, or what Terraform made of it: Ray reads it, then rules that Ray does not know.

    python scripts/check_ray_cluster.py
    python scripts/check_ray_cluster.py my-cluster.yaml

Ray fills in its defaults and asks its own schema. The rules are about who gets in, what a machine may do, what stands
in the clear, what is pinned, and what ends by itself. Nothing is asked of AWS.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "deploy" / "ray" / "cluster.yaml"
TOKEN = "~/.ray/auth_token"  # noqa: S105 - a path
PINS = ("core", "s3", "ray")
NAME_IN_BRACES = re.compile(r"\$\{(\w+)\}")
#: What Terraform fills in; what a file with other names needs, nobody gives.
NAMES = frozenset({"name", "region", "image_id", "subnet_ids", "security_group_id", "head_profile", "worker_profile"})
#: Keys of AWS, Ray's own kind of token, and private keys.
SECRET = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\b[0-9a-f]{64}\b|PRIVATE KEY|aws_(?:secret|session)|_SECRET_", re.ASCII
)
NEWLINE = "\n"
DISK_GB_MAX = 100
WORKERS_MAX = 16
IDLE_MINUTES_MAX = 15
LIFE_MINUTES_MAX = 24 * 60
START = re.compile(r"\bray start\b")
SHUTDOWN = re.compile(r"sudo shutdown -P \+(\d+)")
#: Options that open something to others, with the only values that do not.
CLOSED = {"--dashboard-host": {"127.0.0.1", "localhost"}, "--ray-client-server-port": set[str]()}

Document = Mapping[str, Any]


def filled(text: str, values: Mapping[str, str]) -> str:
    """Give the file with its names replaced, as Terraform does.

    Raises
    ------
    KeyError
        When a name has no value.
    """
    return NAME_IN_BRACES.sub(lambda found: values[found[1]], text)


def ray_problems(document: dict[str, Any]) -> Iterator[str]:
    """What Ray itself says when it fills in its defaults and asks its schema."""
    from ray.autoscaler._private.util import prepare_config, validate_config  # noqa: PLC0415

    try:
        validate_config(prepare_config(document))
    except Exception as error:  # noqa: BLE001 - Ray raises whatever it stumbles over
        yield f"Ray does not take it: {type(error).__name__}: {str(error).partition(NEWLINE)[0]}"


def text_problems(text: str) -> Iterator[str]:
    """What must not stand in a file that is committed and copied around."""
    if SECRET.search(text):
        yield "something looks like a secret"
    for name in sorted(set(NAME_IN_BRACES.findall(text)) - NAMES):
        yield f"nobody fills in ${{{name}}}"
    if 0 < len(set(NAME_IN_BRACES.findall(text))) < len(NAMES):
        yield "only some names are filled in"


def cluster_problems(document: Document) -> Iterator[str]:
    """What belongs to the whole cluster."""
    if not 1 <= document.get("max_workers", 0) <= WORKERS_MAX:
        yield f"max_workers is not from 1 to {WORKERS_MAX}"
    if not 0 < document.get("idle_timeout_minutes", 0) <= IDLE_MINUTES_MAX:
        yield f"idle workers stay for longer than {IDLE_MINUTES_MAX} minutes"
    if document.get("docker"):
        yield "commands run in a container, which docker's daemon starts as root"
    provider = document.get("provider", {})
    if provider.get("cache_stopped_nodes") is not False:
        yield "machines are stopped instead of terminated: provider.cache_stopped_nodes"
    if "security_group" in provider:
        yield "Ray would make a security group, open to ssh of everybody: provider.security_group"
    if not provider.get("key_pair", {}).get("key_name") and "ssh_private_key" not in document.get("auth", {}):
        yield "Ray would use a key pair that all clusters of the account share: provider.key_pair"


def disk_problems(node: Document) -> Iterator[str]:
    """What holds for every disk."""
    disks = [one.get("Ebs", {}) for one in node.get("BlockDeviceMappings", [])]
    if not disks:
        yield "has the disk of its image, encrypted or not"
    for disk in disks:
        if disk.get("Encrypted") is not True:
            yield "has a disk in the clear"
        if disk.get("VolumeType") != "gp3":
            yield "has a disk that is not gp3"
        if disk.get("DeleteOnTermination") is not True:
            yield "has a disk that stays, and costs, when it is gone"
        if not 8 <= disk.get("VolumeSize", 0) <= DISK_GB_MAX:
            yield f"has a disk that is not of 8 to {DISK_GB_MAX} GB"


def node_problems(node: Document) -> Iterator[str]:
    """What holds for every machine."""
    metadata = node.get("MetadataOptions", {})
    if metadata.get("HttpTokens") != "required":
        yield "gives its role's keys without a session: MetadataOptions.HttpTokens"
    if metadata.get("HttpPutResponseHopLimit") != 1:
        yield "gives its role's keys further than itself: MetadataOptions.HttpPutResponseHopLimit"
    if not node.get("SecurityGroupIds"):
        yield "has no security group of its own: Ray would make one, open to ssh of everybody"
    if not node.get("SubnetIds"):
        yield "has no subnet: Ray would take any of the account"
    if not node.get("ImageId"):
        yield "has no image: Ray would take one of 2018"
    if "UserData" in node:
        yield "has user data, which whoever may look at the machine can read"
    if node.get("InstanceInitiatedShutdownBehavior") != "terminate":
        yield "is only stopped when its time is over: InstanceInitiatedShutdownBehavior"
    yield from disk_problems(node)
    for kind in ("instance", "volume"):
        specified = [one for one in node.get("TagSpecifications", []) if one.get("ResourceType") == kind]
        if {tag["Key"] for one in specified for tag in one["Tags"]} < {"project", "managed-by", "stack"}:
            yield f"has no tags on its {kind}: project, managed-by, stack"


def kind_problems(document: Document) -> Iterator[str]:
    """What sets the head and the workers apart."""
    kinds = dict(document["available_node_types"])
    head = kinds.pop(document["head_node_type"])
    if head["node_config"].get("InstanceMarketOptions"):
        yield "the head is on the spot market: the run would end with it"
    if head.get("resources", {}).get("CPU") != 0:
        yield "the head makes rows, next to Ray and the driver: resources"
    profiles = []
    for name, kind in [("head", head), *kinds.items()]:
        profile = kind["node_config"].get("IamInstanceProfile", {})
        if not profile:
            yield f"{name} has no instance profile: Ray would make one that may do everything in EC2 and S3"
        profiles.append(profile)
    for name, kind in kinds.items():
        if profiles[0] in profiles[1:]:
            yield f"{name} may do what the head may: IamInstanceProfile"
        if kind["node_config"].get("InstanceMarketOptions", {}).get("MarketType") != "spot":
            yield f"{name} is not on the spot market"
        if not 0 <= kind.get("min_workers", 0) <= kind.get("max_workers", 0) <= document["max_workers"]:
            yield f"{name} has no bounds: min_workers, max_workers"


def mount_problems(document: Document, version: str) -> Iterator[str]:
    """What is copied to the machines."""
    mounts = document.get("file_mounts", {})
    if mounts.get(TOKEN) != TOKEN:
        yield f"the token does not come as a file: file_mounts {TOKEN}"
    wheel = f"payloom-{version}-py3-none-any.whl"
    if not any(Path(there).name == Path(here).name == wheel for there, here in mounts.items()):
        yield f"file_mounts does not bring {wheel}"
    for pin in PINS:
        if not any(Path(here).as_posix().endswith(f"requirements/{pin}.txt") for here in mounts.values()):
            yield f"file_mounts does not bring requirements/{pin}.txt"


def setup_problems(document: Document, version: str) -> Iterator[str]:
    """What is installed."""
    setup = [*document.get("setup_commands", []), *document.get("head_setup_commands", [])]
    setup += [*document.get("initialization_commands", []), *document.get("worker_setup_commands", [])]
    installs = [command for command in setup if "pip install" in command]
    for pin in PINS:
        if not any(f"{pin}.txt" in command and "--require-hashes" in command for command in installs):
            yield f"{pin}.txt is not installed with --require-hashes"
    for command in installs:
        if "--require-hashes" not in command and not ("--no-index" in command and "--no-deps" in command):
            yield f"something is installed without a hash: {command[:40]}"
    if not any(f"payloom-{version}-py3-none-any.whl" in command for command in installs):
        yield "payloom's wheel is not installed"
    if not any(re.search(r"\bpython3\.1[123] -m venv\b", command) for command in setup):
        yield "Python has no version: python3.11 -m venv"
    if not any(re.search(rf"chmod 600 {re.escape(TOKEN)}", command) for command in setup):
        yield "others on a machine may read the token: chmod 600"
    if any(re.search(r"curl|wget|docker|--privileged", command) for command in setup):
        yield "something is fetched without a hash, or docker is used"


def start_problems(document: Document) -> Iterator[str]:
    """How Ray is started."""
    for name in ("head", "worker"):
        commands = document.get(f"{name}_start_ray_commands", [])
        starts = [command for command in commands if START.search(command)]
        if len(starts) != 1:
            yield f"{name}: not one `ray start`"
            continue
        if not re.search(r"(?:^|[\s;])RAY_AUTH_MODE=token\s", starts[0]):
            yield f"{name}: Ray starts without RAY_AUTH_MODE=token, and takes work of everybody"
        if any("RAY_AUTH_TOKEN" in command for command in commands):
            yield f"{name}: the token would stand in the list of processes"
        options = dict(re.findall(r"(--[a-z-]+)[= ](\S+)", starts[0]))
        for option, allowed in CLOSED.items():
            if option in options and options[option] not in allowed:
                yield f"{name}: {option}={options[option]} listens to others"
        if name == "head" and "--dashboard-host" not in options:
            yield "head: nobody says where the dashboard listens: --dashboard-host=127.0.0.1"
        if "--object-store-memory" not in options:
            yield f"{name}: Ray takes 30 % of the memory for objects: --object-store-memory"
        ends = [int(found[1]) for command in commands if (found := SHUTDOWN.search(command))]
        if not ends or not 0 < ends[0] <= LIFE_MINUTES_MAX:
            yield f"{name}: never ends by itself: sudo shutdown -P +MINUTES, at most {LIFE_MINUTES_MAX}"


def problems(text: str) -> list[str]:
    """What is wrong with a cluster file; nothing, if all is well."""
    found = list(text_problems(text))
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return [*found, f"no YAML: {error}"]
    refused = list(ray_problems(document))
    if refused:
        return [*found, *refused]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    found += cluster_problems(document)
    for name, kind in document["available_node_types"].items():
        found += [f"{name} {problem}" for problem in node_problems(kind["node_config"])]
    found += kind_problems(document)
    found += mount_problems(document, version)
    found += setup_problems(document, version)
    found += start_problems(document)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is wrong; give 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "file", nargs="?", type=Path, default=FILE, help="the cluster file (default: deploy/ray/cluster.yaml)"
    )
    given = parser.parse_args(arguments)
    found = problems(given.file.read_text("utf-8"))
    for problem in found:
        print(f"{given.file.name}: {problem}", file=sys.stderr)
    if not found:
        print(f"{given.file.name}: Ray takes it, and every rule holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
