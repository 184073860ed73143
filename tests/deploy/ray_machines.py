"""Two machines in namespaces of their own, on which the commands of deploy/ray/cluster.yaml start Ray.

Run by test_ray_cluster_stand_in.py below `unshare --net --pid`: whatever it starts is reached from nowhere else, and
ends with it. Ray launches the head at a stand-in of AWS, and the head launches its worker there. It prints what it saw.
"""

import http.client
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ray.autoscaler import tags
from ray.autoscaler._private import commands
from ray.autoscaler._private.providers import _get_node_provider

from scripts.aws_stand_in import REGION, StandIn, stand_in
from scripts.check_ray_cluster import FILE, ROOT, filled

HEAD, WORKER = "10.99.0.1", "10.99.0.2"
BIN = Path(sys.executable).parent
WAIT_SECONDS = 120
#: What a driver prints: where its task ran, or why it did not.
DRIVER = """
import sys, ray
try:
    ray.init(sys.argv[1], log_to_driver=False)
except Exception as error:
    print("refused:", type(error).__name__)
else:
    where = ray.remote(ray.util.get_node_ip_address)
    print(ray.get(where.remote(), timeout=100))
"""


def network() -> int:
    """Link this namespace, the head's, with another one; give the process that holds that."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
    time.sleep(0.5)
    inside = ["nsenter", "-t", str(holder.pid), "-n"]
    for command in (
        "ip link set lo up",
        "ip link add v0 type veth peer name v1",
        f"ip link set v1 netns {holder.pid}",
        f"ip addr add {HEAD}/24 dev v0",
        "ip link set v0 up",
        "ip route add default via 10.99.0.254",
    ):
        subprocess.run(command.split(), check=True)
    for command in (
        "ip link set lo up",
        f"ip addr add {WORKER}/24 dev v1",
        "ip link set v1 up",
        "ip route add default via 10.99.0.254",
    ):
        subprocess.run([*inside, *command.split()], check=True)
    return holder.pid


def what_terraform_makes(server: StandIn) -> dict[str, str]:
    """Make what the file names, and give the names."""
    ec2, iam = server.client("ec2"), server.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.74.0.0/20")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.74.0.0/24")["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    group = ec2.create_security_group(GroupName="ray", Description="ray", VpcId=vpc)["GroupId"]
    for profile in ("ray-head", "ray-worker"):
        iam.create_instance_profile(InstanceProfileName=profile)
    return {
        "name": "payloom-ray",
        "region": REGION,
        "image_id": ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"],
        "subnet_ids": json.dumps([subnet]),
        "security_group_id": group,
        "head_profile": "ray-head",
        "worker_profile": "ray-worker",
    }


def launch_head(document: dict[str, Any], home: Path) -> None:
    """Do what `ray up` does until it would use ssh; leave the head's files where ssh would have put them."""
    config = commands._bootstrap_config(document, no_config_cache=True)
    node = config["available_node_types"]["head"]["node_config"]
    marks = {
        tags.TAG_RAY_NODE_KIND: tags.NODE_KIND_HEAD,
        tags.TAG_RAY_USER_NODE_TYPE: "head",
        tags.TAG_RAY_NODE_STATUS: tags.STATUS_UNINITIALIZED,
        tags.TAG_RAY_LAUNCH_CONFIG: "of the test",
    }
    provider = _get_node_provider(config["provider"], config["cluster_name"])
    provider.create_node(node, marks, 1)
    mounts = dict(config["file_mounts"])
    config, _written = commands._set_up_config_for_head_node(config, provider, False)
    for there, here in config["file_mounts"].items():
        target = home / there.removeprefix("~/")
        target.parent.mkdir(parents=True, exist_ok=True)
        source = Path(here).expanduser()
        if there in mounts and source.suffix == ".whl" and not source.exists():
            target.write_bytes(b"in place of the wheel")
        elif source != target:
            shutil.copyfile(source, target)


def start(commands_: Sequence[str], resources: Mapping[str, int], tmp: Path, inside: Sequence[str] = ()) -> None:
    """Run the one command that starts Ray, as the launcher would: with the resources of the kind, by bash."""
    (command,) = (one for one in commands_ if "ray start" in one)
    tmp.mkdir()
    settings = {
        "RAY_TMPDIR": str(tmp),
        "RAY_OVERRIDE_RESOURCES": json.dumps(resources),
        "RAY_HEAD_IP": HEAD,
    }
    subprocess.run(
        [*inside, "bash", "-c", command],
        check=True,
        env=os.environ | settings,
        stdout=sys.stderr,
        stdin=subprocess.DEVNULL,
    )


def driver(inside: Sequence[str], **settings: str) -> subprocess.Popen[str]:
    """Start a driver, as the launcher runs commands: after .bashrc."""
    return subprocess.Popen(
        [*inside, "bash", "-c", 'source ~/.bashrc; python -c "$0" "$1"', DRIVER, f"{HEAD}:6379"],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    """Give the last thing that a driver printed."""
    return process.communicate(timeout=WAIT_SECONDS)[0].splitlines()[-1]


def generate(scratch: Path) -> str:
    """Run payloom on the head, as the page says; give the first thing that it says."""
    words = f"payloom generate --rows 20000 --engine ray --address auto --out {scratch / 'data'}"
    done = subprocess.run(
        ["bash", "-c", f"source ~/.bashrc; {words}"],
        check=True,
        # Where `auto` looks for the cluster of this machine.
        env=os.environ | {"RAY_TMPDIR": str(scratch / "1")},
        stdout=subprocess.PIPE,
        text=True,
        timeout=WAIT_SECONDS,
    )
    return done.stdout.splitlines()[0]


def listeners(inside: Sequence[str] = ()) -> list[tuple[str, int, str]]:
    """Address, port and program of everything that listens."""
    table = subprocess.run([*inside, "ss", "-Hltnp"], check=True, capture_output=True, text=True).stdout
    found = re.findall(r"\S+ +\S+ +\S+ +(\S+):(\d+) +\S+ +users:\(\(\"([^\"]+)\"", table)
    return [(address, int(port), program) for address, port, program in found]


def answer(port: int) -> int | str:
    """What a port of the head says to who asks for a page and has no token."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{HEAD}:{port}/", timeout=5) as page:
            return int(page.status)
    except urllib.error.HTTPError as error:
        return error.code
    except http.client.HTTPException:
        return "gRPC"


def shown(token: str) -> list[str]:
    """Processes that show the token, among their arguments or variables."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                if token.encode() in (folder / name).read_bytes():
                    found.append(f"{name} of {(folder / 'comm').read_text().strip()}")
            except OSError:
                continue
    return found


def machines(server: StandIn) -> list[dict[str, Any]]:
    """What was launched, of each: its kind and what the rules are about."""
    ec2 = server.client("ec2")
    found = [one for reservation in ec2.describe_instances()["Reservations"] for one in reservation["Instances"]]
    disks = {disk["Attachments"][0]["InstanceId"]: disk for disk in ec2.describe_volumes()["Volumes"]}
    return [
        {
            "kind": named["ray-user-node-type"],
            "type": one["InstanceType"],
            "spot": one.get("InstanceLifecycle") == "spot",
            "profile": one["IamInstanceProfile"]["Arn"].rpartition("/")[2],
            "tokens": one["MetadataOptions"]["HttpTokens"],
            "groups": [group["GroupName"] for group in one["SecurityGroups"]],
            "key": one["KeyName"],
            "encrypted": disks[one["InstanceId"]]["Encrypted"],
            "tags": [named.get(key) for key in ("project", "managed-by", "stack", "ray-cluster-name")],
        }
        for one in found
        for named in [{tag["Key"]: tag["Value"] for tag in one["Tags"]}]
    ]


def wait_for(what: str, holds: Any) -> None:
    """Wait until it holds."""
    end_s = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > end_s:
            sys.exit(f"{what}: not within {WAIT_SECONDS} s")
        time.sleep(1)


def main(tools: Path, scratch: Path) -> None:
    """Launch, start, look, and print."""
    holder = network()
    inside = ["nsenter", "-t", str(holder), "-n"]
    home, stranger = scratch / "h", scratch / "s"
    (home / ".ray").mkdir(parents=True)
    (home / "payloom").mkdir()
    (home / "payloom/venv").symlink_to(BIN.parent)
    stranger.mkdir()
    (stranger / ".bashrc").write_text(f"PATH={BIN}:$PATH\n", "utf-8")
    token = secrets.token_hex(32)
    (home / ".ray/auth_token").write_text(token, "utf-8")
    with stand_in("moto", tools, scratch / "aws") as server:
        os.environ.update({name: value for name, value in server.environment().items() if name.startswith("AWS_")})
        os.environ["HOME"] = str(home)
        os.chdir(ROOT)
        document = yaml.safe_load(filled(FILE.read_text("utf-8"), what_terraform_makes(server)))
        launch_head(document, home)
        (command,) = (one for one in document["setup_commands"] if ".bashrc" in one)
        subprocess.run(["bash", "-c", command], check=True)
        start(document["head_start_ray_commands"], {"CPU": 0}, scratch / "1")
        driven = driver([])
        wait_for("the head launches a worker for what waits", lambda: len(machines(server)) > 1)
        start(document["worker_start_ray_commands"], {"CPU": 2}, scratch / "2", inside)
        ours = {server.port, server.proxy_port}
        found = {
            "machines": machines(server),
            "with the token": said(driven),
            "payloom": generate(scratch),
            "without a token": said(driver(inside, HOME=str(stranger), RAY_AUTH_MODE="token")),
            "without authentication": said(driver(inside, HOME=str(stranger), RAY_AUTH_MODE="disabled")),
            "with another token": said(
                driver(inside, HOME=str(stranger), RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="0" * 64)
            ),
            "head": [one for one in listeners() if one[1] not in ours],
            "worker": listeners(inside),
            "pages": {port: answer(port) for _, port, _ in listeners() if port not in ours},
            "shown": shown(token),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
