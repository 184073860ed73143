"""Payments made on clusters of Ray: the bytes of one process, whatever dies, stops or fails meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from payloom.config import make_config
from payloom.fraud.cases import KEPT_EVENTS
from tests.cli.shell import ENTRY
from tests.engine.clusters import (
    ROOT,
    Nodes,
    at_work,
    cluster_of,
    environment,
    kill_one_at_work,
    processes_of,
    short_folder,
    wait_for,
)
from tests.faults.trees import Tree, broken_promises, tree
from tests.faults_s3.lab import kept
from tests.servers.seaweed import SeaweedServer

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
]

#: Small row groups, for many cells, and more fraud than each process lists for itself; the other world has little.
ROW_GROUP_MB = 24
LARGE: dict[str, Any] = {"rows": 4_000_000, "start": "2025-01-01", "end": "2025-04-01", "fraud_rate": 0.02}
SMALL: dict[str, Any] = {"rows": 800_000, "start": "2025-01-01", "end": "2025-02-01", "fraud_rate": 0.003}
CELLS = 19
POISONED = "part-0001-00002"
END_SECONDS = 8.0
#: A process of a terminal hears Ctrl-C; one that was started in the background would not.
AS_IN_A_TERMINAL = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"


@contextmanager
def started(command: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process in a group of its own, which does not outlive the test."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=env | {"NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def payloom(*arguments: str) -> list[str]:
    return ["-c", f"{AS_IN_A_TERMINAL}\n{ENTRY}", *arguments]


def generation(world: dict[str, Any], out: Path | str, *more: str) -> list[str]:
    options = [text for name, value in world.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    return payloom("generate", *options, "--row-group-mb", str(ROW_GROUP_MB), "--out", str(out), "--quiet", *more)


def on(cluster: Nodes | None) -> list[str]:
    """Options for a cluster that runs, or for one of the run's own."""
    return ["--engine", "ray", *(["--address", cluster.address] if cluster else [])]


def said_of(command: list[str], env: dict[str, str], code: int = 0) -> str:
    """Run to the end; give what it said."""
    with started(command, env) as process:
        _, said = process.communicate(timeout=240)
        assert process.returncode == code, said
        return said


def cells(out: Path) -> list[Path]:
    """Finished cells."""
    return list(out.glob("payments/*/*/*.parquet"))


@pytest.fixture(scope="module")
def wholes(tmp_path_factory) -> dict[str, Tree]:
    """What one process of this machine writes."""
    assert make_config({"world": LARGE}).world.fraud_rows > KEPT_EVENTS > make_config({"world": SMALL}).world.fraud_rows
    found = {}
    with short_folder() as folder:
        for name, world in (("large", LARGE), ("small", SMALL)):
            out = tmp_path_factory.mktemp(name)
            said_of(generation(world, out / "data", "--workers", "1"), environment(folder))
            found[name] = tree(out / "data")
            if name == "large":
                assert len(cells(out / "data")) == CELLS
    return found


@pytest.fixture
def whole(wholes) -> Tree:
    return wholes["large"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Nodes]:
    """Three nodes with one CPU each."""
    with cluster_of(3) as made:
        yield made


def ran_in_another_order(out: Path, cluster: Nodes, **poison: Any) -> list[str]:
    order = {"config": {"world": LARGE, "layout": {"row_group_mb": ROW_GROUP_MB}}, "cluster": cluster.address, **poison}
    return ["-m", "tests.integration.ray_runs", str(out), json.dumps(order)]


@pytest.mark.parametrize("name", ["large", "small"])
@pytest.mark.parametrize("way", ["2 workers", "8 workers", "one node", "three nodes"])
def test_every_engine_writes_the_same_tree(way, name, cluster, tmp_path, wholes):
    """Bytes and names, manifest and receipts, with fraud that each process lists and with a list that they share."""
    more = {
        "2 workers": ["--workers", "2"],
        "8 workers": ["--workers", "8"],
        "one node": on(None),
        "three nodes": on(cluster),
    }
    with short_folder() as folder:
        world = {"large": LARGE, "small": SMALL}[name]
        said_of(generation(world, tmp_path / "data", *more[way]), environment(folder))
    assert tree(tmp_path / "data") == wholes[name]


def test_any_order_of_jobs_writes_the_same_tree(cluster, tmp_path, whole):
    """On three nodes."""
    said_of(ran_in_another_order(tmp_path / "data", cluster), cluster.env)
    assert tree(tmp_path / "data") == whole


def test_three_workers_and_a_node_die_in_one_run(cluster, tmp_path, whole):
    """The data set is complete and verifies, and no part is there twice."""
    out = tmp_path / "data"
    doomed: Any = cluster.add()
    killed = set()
    try:
        with started(generation(LARGE, out, *on(cluster)), cluster.env) as process:
            for number in range(3):
                _wait_for_cells(out, 2 * number)
                killed.add(kill_one_at_work(cluster.folder))
            wait_for(lambda: cluster.at_work(doomed))
            cluster.kill(doomed)
            doomed = None
            assert process.poll() is None
            assert len(cells(out)) < CELLS
            _, said = process.communicate(timeout=240)
            assert process.returncode == 0, said
    finally:
        if doomed:
            cluster.kill(doomed)
    assert len(killed) == 3
    assert tree(out) == whole
    said_of(payloom("verify", str(out), "--quiet"), cluster.env)


def test_the_only_node_with_the_list_of_fraud_dies(tmp_path, whole):
    """The node that comes in its place has the list built anew."""
    out = tmp_path / "data"
    with (
        cluster_of(2, idle_head=True) as cluster,
        started(generation(LARGE, out, *on(cluster)), cluster.env) as process,
    ):
        _wait_for_cells(out, 2)
        cluster.add()
        cluster.kill(cluster.others[0])
        assert len(cells(out)) < CELLS
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said
    assert tree(out) == whole


def _wait_for_cells(out: Path, least: int) -> None:
    wait_for(lambda: len(cells(out)) >= least)


@pytest.mark.parametrize(("kills", "code"), [(False, 1), (True, 6)])
def test_a_poisoned_cell_is_named_and_the_others_finish(kills, code, cluster, tmp_path, whole):
    """It raises, or kills its process, every time; the next run makes only that cell."""
    out = tmp_path / "data"
    said = said_of(ran_in_another_order(out, cluster, poisoned=POISONED, kills=kills), cluster.env, code)
    assert POISONED in said
    assert said.count("\n") == 1
    assert broken_promises(out, whole) == []
    assert len(cells(out)) == CELLS - 1
    before = {path: path.stat().st_mtime_ns for path in out.glob("*/**/*.parquet")}
    said_of(generation(LARGE, out, *on(cluster)), cluster.env)
    assert tree(out) == whole
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("own", [True, False], ids=["own cluster", "running cluster"])
def test_a_signal_drains_and_the_same_command_finishes(own, number, cluster, tmp_path, whole):
    """Ctrl-C reaches the whole group, SIGTERM the run alone: out in time, nothing half-visible, nobody left."""
    out = tmp_path / "data"
    with short_folder() as folder:
        env, place = (environment(folder), folder) if own else (cluster.env, cluster.folder)
        command = generation(LARGE, out, *on(None if own else cluster))
        with started(command, env) as process:
            wait_for(lambda: cells(out) and at_work(place))
            began = time.monotonic()
            if number == signal.SIGINT:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
            _, said = process.communicate(timeout=30)
            seconds = time.monotonic() - began
        assert process.returncode == 128 + number, said
        assert seconds < END_SECONDS
        assert [line.partition(":")[0] for line in said.splitlines()] == ["error", "fix"], said
        assert number.name in said
        assert broken_promises(out, whole) == []
        assert not (out / "_payloom/staging").exists()
        if own:
            wait_for(lambda: not processes_of(folder), 10, "the run's own cluster lives on")
        else:
            wait_for(lambda: not at_work(place), 10, "jobs of the run go on")
        assert len(cells(out)) < CELLS
        said_of(command, env)
    assert tree(out) == whole


@pytest.mark.parametrize("own", [True, False], ids=["own cluster", "running cluster"])
def test_a_killed_run_is_finished_by_the_next(own, cluster, tmp_path, whole):
    """kill -9 of the run: its own cluster dies with it, another one stops working for it."""
    out = tmp_path / "data"
    with short_folder() as folder:
        env, place = (environment(folder), folder) if own else (cluster.env, cluster.folder)
        command = generation(LARGE, out, *on(None if own else cluster))
        with started(command, env) as process:
            wait_for(lambda: cells(out) and at_work(place))
            process.kill()
            process.wait(timeout=10)
            wait_for(lambda: not at_work(place), 20, "jobs of the dead run go on")
            if own:
                # Two helpers of Ray look for its head for a minute before they end.
                wait_for(lambda: not processes_of(folder), 120, "the dead run's own cluster lives on")
        assert broken_promises(out, whole) == []
        assert len(cells(out)) < CELLS
        said_of(command, env)
    assert tree(out) == whole


def objects(server: SeaweedServer, bucket: str) -> Tree:
    """sha256 of every object by its key, of bytes that are read."""
    client = server.client()
    keys = server.keys_and_etags(bucket)
    bodies = ((key, client.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys)
    return kept({key: hashlib.sha256(body).hexdigest() for key, body in bodies})


@pytest.fixture(scope="module")
def near_s3(s3_server) -> Iterator[Nodes]:
    """Two nodes that can sign in to the S3 server."""
    with cluster_of(2, **s3_server.env()) as made:
        yield made


def test_nodes_write_to_a_bucket(near_s3, s3_server, whole):
    """A worker is killed in the middle of an upload: the same objects as in a folder, and `clean` removes the rest."""
    bucket = s3_server.bucket()
    url = f"s3://{bucket}"
    with started(generation(LARGE, url, "--part-size", "5MiB", *on(near_s3)), near_s3.env) as process:
        wait_for(lambda: s3_server.unfinished_uploads(bucket))
        kill_one_at_work(near_s3.folder)
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said
    assert objects(s3_server, bucket) == whole
    said_of(payloom("clean", url, "--older-than", "0"), near_s3.env)
    assert s3_server.unfinished_uploads(bucket) == []
    assert objects(s3_server, bucket) == whole
    said_of(payloom("verify", url, "--quiet"), near_s3.env)


def test_a_signal_leaves_no_upload_in_the_bucket(near_s3, s3_server, whole):
    """Uploads that were under way are aborted, and the same command finishes."""
    bucket = s3_server.bucket()
    command = generation(LARGE, f"s3://{bucket}", "--part-size", "5MiB", *on(near_s3))
    with started(command, near_s3.env) as process:
        wait_for(lambda: s3_server.unfinished_uploads(bucket))
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT, said
    wait_for(lambda: not at_work(near_s3.folder), 10, "jobs of the run go on")
    assert s3_server.unfinished_uploads(bucket) == []
    found = objects(s3_server, bucket)
    assert not any(key.startswith("_payloom/manifests/") for key in found)
    assert [key for key, digest in found.items() if whole.get(key) != digest] == []
    said_of(command, near_s3.env)
    assert objects(s3_server, bucket) == whole
