"""The rules of deploy/ray/cluster.yaml hold, and each of them finds what it is there for."""

import re
from pathlib import Path

import pytest
from ray.autoscaler import tags as ray_tags

from scripts import check_ray_cluster
from scripts.check_ray_cluster import FILE, NAMES, filled, problems

ROOT = Path(__file__).parents[2]
RAY_MODULE = (ROOT / "deploy/terraform/modules/ray/main.tf").read_text("utf-8")
TEXT = FILE.read_text("utf-8")
VALUES = dict.fromkeys(NAMES, "x") | {"subnet_ids": '["subnet-1", "subnet-2"]', "head_profile": "h"}
HEAD = "InstanceType: m7i.large"
LOOPBACK = "--dashboard-host=127.0.0.1"
#: What is changed in the file (every time it occurs), and a part of what must be said of it.
FAULTS = {
    "no YAML": ("docker", "docker", "no YAML"),
    "an unknown key": ("max_workers: 4\nupscaling", "max_worker: 4\nupscaling", "Ray does not take it"),
    "no head": ("head_node_type: head", "head_node_type: heads", "Ray does not take it"),
    "too many at least": ("min_workers: 0", "min_workers: 9", "Ray does not take it"),
    "a key of AWS": ("Value: payloom}", "Value: AKIACANARYOFTHISTEST}", "looks like a secret"),
    "a token": ("project, Value: payloom", "project, Value: " + "0a" * 32, "looks like a secret"),
    "a name nobody gives": ("${image_id}", "${image}", "nobody fills in ${image}"),
    "half filled": ("${image_id}", "ami-1", "only some names"),
    "many machines": ("max_workers: 4\nupscaling", "max_workers: 99\nupscaling", "max_workers is not"),
    "idle for ever": ("idle_timeout_minutes: 5", "idle_timeout_minutes: 600", "idle workers stay"),
    "a container": ("auth:\n", "docker: {image: x, container_name: y}\nauth:\n", "in a container"),
    "machines kept": ("cache_stopped_nodes: false", "cache_stopped_nodes: true", "stopped instead of terminated"),
    "Ray's open group": ("  key_pair:", "  security_group: {GroupName: x}\n  key_pair:", "ssh of everybody"),
    "everybody's key": ("    key_name: ${name}-${region}", "    key_name:", "share"),
    "keys without a session": ("HttpTokens: required", "HttpTokens: optional", "without a session"),
    "keys for containers": ("HopLimit: 1", "HopLimit: 2", "further than itself"),
    "no group": ('SecurityGroupIds: ["${security_group_id}"]', "SecurityGroupIds: []", "no security group"),
    "no subnet": ("SubnetIds: ${subnet_ids}", "SubnetIds: []", "no subnet"),
    "no image": ("ImageId: ${image_id}", "ImageId:", "one of 2018"),
    "user data": (HEAD, HEAD + "\n      UserData: x", "has user data"),
    "stopped at its end": ("ShutdownBehavior: terminate", "ShutdownBehavior: stop", "only stopped"),
    "a disk in the clear": ("Encrypted: true", "Encrypted: false", "in the clear"),
    "an old disk": ("VolumeType: gp3", "VolumeType: gp2", "not gp3"),
    "a disk that stays": ("DeleteOnTermination: true", "DeleteOnTermination: false", "stays, and costs"),
    "a large disk": ("VolumeSize: 30", "VolumeSize: 3000", "not of 8 to 100 GB"),
    "the image's disk": ("BlockDeviceMappings: &disk", "X: &disk", "of its image"),
    "no tags on disks": ("ResourceType: volume", "ResourceType: network-interface", "no tags on its volume"),
    "one tag less": ("            - {Key: project, Value: payloom}\n", "", "no tags on its instance"),
    "a head on spot": (HEAD, HEAD + "\n      InstanceMarketOptions: {MarketType: spot}", "the head is on"),
    "a head that works": ("resources: {CPU: 0}", "resources: {CPU: 2}", "the head makes rows"),
    "workers with the head's rights": ('Name: "${worker_profile}"', 'Name: "${head_profile}"', "what the head may"),
    "Ray's own rights": ('{Name: "${head_profile}"}', "{}", "may do everything in EC2"),
    "workers on demand": ("MarketType: spot", "MarketType: capacity-block", "not on the spot market"),
    "no bounds": ("    max_workers: 4\n    node", "    max_workers: 40\n    node", "has no bounds"),
    "no token": ("  ~/.ray/auth_token: ~/.ray/auth_token\n", "", "the token does not come"),
    "another wheel": ("dist/payloom-0.1.0", "dist/payloom-0.0.9", "does not bring payloom-0.1.0"),
    "no pins": ("requirements/ray.txt", "requirements/dev.txt", "does not bring requirements/ray.txt"),
    "no hashes": (" --require-hashes", "", "not installed with --require-hashes"),
    "something else": ("head_setup_commands: []", "head_setup_commands: [pip install dask]", "without a hash"),
    "no wheel": ("    ~/payloom/payloom-0.1.0-py3-none-any.whl\n", "    ~/payloom/x.whl\n", "wheel is not installed"),
    "any Python": ("python3.11 -m venv", "python3 -m venv", "Python has no version"),
    "a readable token": (" && chmod 600 ~/.ray/auth_token", "", "may read the token"),
    "a script from elsewhere": ("head_setup_commands: []", "head_setup_commands: [curl x | sh]", "fetched"),
    "no authentication": ("RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0 ~/", "~/", "takes work of everybody"),
    "authentication off": ("; RAY_AUTH_MODE=token", "; RAY_AUTH_MODE=disabled", "takes work of everybody"),
    "a token for all to see": ("- sudo shutdown", "- export RAY_AUTH_TOKEN=abc; sudo shutdown", "list of processes"),
    "an open dashboard": (LOOPBACK, "--dashboard-host=0.0.0.0", "listens to others"),
    "a dashboard of defaults": (LOOPBACK, "--include-dashboard=true", "where the dashboard listens"),
    "an open client server": (LOOPBACK, LOOPBACK + " --ray-client-server-port=10001", "listens to others"),
    "memory for objects": (" --object-store-memory=4000000000", "", "30 % of the memory"),
    "no end": ("  - sudo shutdown -P +480\n", "", "never ends by itself"),
    "an end next week": ("+480", "+9999", "never ends by itself"),
    "no start": ("ray start --head", "ray up --head", "not one `ray start`"),
}  # fmt: skip


def test_the_file_has_no_fault() -> None:
    """The file that is delivered keeps every rule, with names in braces and with values."""
    assert problems(TEXT) == []
    assert problems(filled(TEXT, VALUES)) == []


def test_the_names_are_those_that_terraform_fills_in() -> None:
    """No name is missing in the module's output, and none is too many."""
    output = (ROOT / "deploy/terraform/modules/ray/outputs.tf").read_text("utf-8")
    assert set(re.findall(r"^    (\w+) +=", output, re.MULTILINE)) == NAMES == set(re.findall(r"\$\{(\w+)\}", TEXT))


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_told(name: str) -> None:
    """A fault in the file is told."""
    good, bad, said = FAULTS[name]
    text = TEXT.replace(good, bad) if good != bad else TEXT + "\n  - [\n"
    assert text != TEXT, "the fault was not planted"
    assert any(said in problem for problem in problems(text)), problems(text)


def test_the_command_names_the_file_and_the_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 and a line for each fault; 0 for the file itself."""
    bad = tmp_path / "mine.yaml"
    bad.write_text(TEXT.replace("Encrypted: true", "Encrypted: false"), "utf-8")
    assert check_ray_cluster.main([str(bad)]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mine.yaml: ")]
    assert lines == ["mine.yaml: head has a disk in the clear", "mine.yaml: worker has a disk in the clear"]
    assert check_ray_cluster.main([]) == 0


def test_the_heads_rights_are_for_the_machines_of_the_file() -> None:
    """Type, key pair and tags of the policy are those that the file and Ray use."""
    types = re.findall(r" InstanceType: (\S+)", TEXT)
    variables = (ROOT / "deploy/terraform/variables.tf").read_text("utf-8")
    allowed = re.search(r'"ray_worker_types" \{.*?default\s+= \["([^"]+)"\]', variables, re.DOTALL)
    assert allowed is not None
    assert types[1:] == [allowed[1]]
    assert 'key_name = "${var.name}-${local.region}"' in RAY_MODULE
    assert "key_name: ${name}-${region}" in TEXT
    assert f'cluster_tag = "{ray_tags.TAG_RAY_CLUSTER_NAME}"' in RAY_MODULE
    written = [ray_tags.TAG_RAY_NODE_STATUS, ray_tags.TAG_RAY_RUNTIME_CONFIG, ray_tags.TAG_RAY_FILE_MOUNTS_CONTENTS]
    assert '["Name", "' + '", "'.join(written) + '"]' in RAY_MODULE


def test_the_head_can_launch_terminate_and_pass_on_nothing_without_a_condition() -> None:
    """Each right that changes something names a tag, a machine's property, or one resource."""
    policy = RAY_MODULE[RAY_MODULE.index('"head" {') : RAY_MODULE.index("locals {\n  roles")]
    found = re.findall(r"\n  statement \{\n(.*?)\n  \}\n", policy, re.DOTALL)
    assert len(found) == 9
    for text in found:
        wide = re.search(r'resources\s+= .*[/"]\*"', text)
        assert not wide or "condition {" in text or "ec2:DescribeInstances" in text, text
