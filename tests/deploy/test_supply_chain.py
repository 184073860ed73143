"""Workflows run what people run, with the least rights and from pinned actions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
MAKE = re.compile(r"\bmake ([a-z-]+)")


def workflow(name: str) -> dict[Any, Any]:
    return yaml.safe_load((ROOT / ".github/workflows" / name).read_text("utf-8"))


def steps(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items():
        for step in job["steps"]:
            yield name, step


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):(?!=)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_there_are_workflows_to_look_at():
    """The tests below look at something."""
    assert {path.name for path in WORKFLOWS} == {"ci.yml", "release.yml"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_to_a_commit_and_says_its_version(path):
    """A tag can be moved by whoever takes an action over; a commit cannot."""
    used = [line.strip() for line in path.read_text("utf-8").splitlines() if "uses:" in line]
    assert len(used) == sum("uses" in step for _, step in steps(path)) > 0
    for line in used:
        action, _, version = line.partition("uses:")[2].partition("#")
        assert PINNED.fullmatch(action.strip()), line
        assert re.fullmatch(r"v\d+\.\d+\.\d+", version.strip()), line


def test_an_action_has_one_commit_everywhere():
    """Two workflows do not use two versions of an action."""
    used = {step["uses"] for path in WORKFLOWS for _, step in steps(path) if "uses" in step}
    names = [action.partition("@")[0] for action in used]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_rights_are_given_job_by_job(path):
    """Nothing is allowed but what a job names, and each job ends by itself."""
    whole = yaml.safe_load(path.read_text("utf-8"))
    assert whole["permissions"] == {}
    for name, job in whole["jobs"].items():
        assert isinstance(job["permissions"], dict), name
        assert job["timeout-minutes"] <= 120, name


def test_ci_may_write_nothing():
    """Code of a pull request runs in these jobs."""
    rights = [job["permissions"] for job in workflow("ci.yml")["jobs"].values()]
    assert rights == [{"contents": "read"}] * len(rights)


def test_no_job_that_runs_the_code_of_the_project_may_write():
    """What could have been tampered with cannot sign or publish itself; only the builder of images, in its sandbox."""
    for name, job in workflow("release.yml")["jobs"].items():
        runs_code = any(MAKE.search(step.get("run", "")) or ".ci/run" in step.get("run", "") for step in job["steps"])
        if runs_code:
            assert job["permissions"] == {"contents": "read"}, name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_nothing_foreign_gets_at_secrets(path):
    """No trigger that runs a stranger's code with our rights, no stored secret, no text put into a shell's line."""
    text = path.read_text("utf-8")
    triggers = yaml.safe_load(text)[True]  # YAML reads `on` as a truth value
    assert {"pull_request_target", "workflow_run"}.isdisjoint(triggers)
    assert "secrets." not in text
    for name, step in steps(path):
        assert "${{" not in step.get("run", ""), (name, step["name"])
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_call_targets_that_there_are(path):
    """A target that was renamed does not live on in a workflow."""
    called = {target for _, step in steps(path) for target in MAKE.findall(step.get("run", ""))}
    assert called
    assert called <= makefile_targets()


def test_ci_runs_what_people_run():
    """The targets of .ci/run, in its order, on the oldest and the newest Python."""
    own = re.findall(r"^make ([a-z-]+)", (ROOT / ".ci/run").read_text("utf-8"), re.MULTILINE)
    job = workflow("ci.yml")["jobs"]["check"]
    assert [target for step in job["steps"] for target in MAKE.findall(step.get("run", ""))] == own
    requires = re.search(r'requires-python = ">=(3\.\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert requires is not None
    assert job["strategy"]["matrix"]["python"] == [requires[1], f"3.{int(requires[2]) - 1}"]


def test_a_release_reads_no_cache():
    """What an earlier run left cannot get into what is published."""
    for name, step in steps(ROOT / ".github/workflows/release.yml"):
        assert "cache@" not in step.get("uses", ""), name
        assert "cache" not in step.get("with", {}), name
        assert not {"cache-from", "cache-to"} & set(step.get("with", {})), name
        if step.get("uses", "").startswith("docker/build-push-action@"):
            assert step["with"]["no-cache"] is True


def test_the_package_is_published_without_a_token_after_everything_else_was_made():
    """Only the job of the environment `pypi` can be recognised by the index, and it comes after the attestations."""
    jobs = workflow("release.yml")["jobs"]
    (publish,) = [job for job in jobs.values() if any("pypi-publish@" in step.get("uses", "") for step in job["steps"])]
    assert publish["environment"] == "pypi"
    assert publish["permissions"] == {"id-token": "write"}
    assert {"build", "attest", "image"} <= set(publish["needs"])
    assert [step for step in publish["steps"] if "password" in step.get("with", {})] == []


def test_every_job_of_a_release_waits_for_the_build():
    """A commit that fails its tests, or holds a known vulnerability, publishes nothing."""
    jobs = workflow("release.yml")["jobs"]
    targets = [target for step in jobs["build"]["steps"] for target in MAKE.findall(step.get("run", ""))]
    assert {"audit", "release-check"} <= set(targets)
    assert any(".ci/run" in step.get("run", "") for step in jobs["build"]["steps"])
    for name in jobs:
        before, waiting = set(), {name}
        while waiting:
            wanted = jobs[waiting.pop()].get("needs", [])
            waiting |= {wanted} if isinstance(wanted, str) else set(wanted)
            before |= waiting
        assert name == "build" or "build" in before, name


def test_dependabot_watches_what_no_lock_holds():
    """Actions and providers are moved by it, never at once; Python packages and base images are not."""
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text("utf-8"))["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"github-actions", "terraform"}
    for update in updates:
        assert (ROOT / update["directory"].lstrip("/")).is_dir()
        assert update["cooldown"]["default-days"] >= 7
