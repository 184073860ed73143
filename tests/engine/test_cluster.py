"""Jobs as tasks of a Ray cluster of three nodes on this machine."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from payloom.cell.source import PaymentsSource
from payloom.config import make_config
from payloom.engine.failures import ATTEMPTS_MAX, FailedJobsError
from payloom.engine.progress import Progress
from payloom.engine.task import Resources
from payloom.errors import TransientError
from payloom.pipeline.generate import GenerateOptions, generate
from payloom.pipeline.verify import verify
from payloom.write.contract import Job
from payloom.write.encoding import FileFormat
from tests.counts import count
from tests.engine.fake_source import FakeSource
from tests.faults.trees import broken_promises, tree

# Ray leaves sockets and log files to the garbage collector when a cluster ends.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

MONTHS = count(6, 12)
SOURCE = FakeSource(rows=600, months=MONTHS)


@dataclass(frozen=True)
class ShuffledSource(FakeSource):
    """The same jobs in another order."""

    def jobs(self) -> list[Job]:
        return random.Random(3).sample(super().jobs(), MONTHS + 1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    generate(SOURCE, out, GenerateOptions(resources=Resources(workers=1)))
    return tree(out)


@pytest.fixture(scope="module")
def cluster():
    """Three nodes with one CPU each; workers find the tests."""
    from ray.cluster_utils import Cluster

    before = {name: os.environ.get(name) for name in ("PYTHONPATH", "RAY_USAGE_STATS_ENABLED")}
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    node: dict[str, Any] = {"num_cpus": 1, "memory": 4 * 10**9, "object_store_memory": 100_000_000}
    made = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    try:
        for _ in range(2):
            made.add_node(**node)
        made.wait_for_nodes()
        yield made
    finally:
        made.shutdown()  # type: ignore[no-untyped-call]
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def options(cluster) -> GenerateOptions:
    return GenerateOptions(resources=Resources(cluster=cluster.address))


def workers_of(node) -> list[int]:
    """Give the processes of a node that run tasks at this moment."""
    raylet = node.all_processes["raylet"][0].process.pid
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(raylet)], capture_output=True, text=True, check=False
    )
    lines = [line.split(None, 1) for line in listed.stdout.splitlines()]
    return [int(pid) for pid, args in lines if args.startswith(("ray::payments", "ray::customers"))]


def test_several_nodes_in_any_order_write_the_same_tree(cluster, tmp_path, whole):
    """Bytes and names, manifest and receipts; a second run keeps everything; SIGTERM is handled as before."""
    handler = signal.getsignal(signal.SIGTERM)
    for number, source in enumerate((SOURCE, ShuffledSource(rows=600, months=MONTHS))):
        seen: list[Progress] = []
        generate(source, tmp_path / str(number), options(cluster), seen.append)
        assert tree(tmp_path / str(number)) == whole
        assert seen[-1].rows_done == seen[-1].rows_total == 600 * MONTHS
    again = generate(SOURCE, tmp_path / "0", options(cluster))
    assert again.kept_parts == again.files
    assert tree(tmp_path / "0") == whole
    assert signal.getsignal(signal.SIGTERM) is handler


def test_a_resumed_run_makes_only_what_is_missing(cluster, tmp_path, whole):
    """Two parts are gone: two are made."""
    generate(SOURCE, tmp_path, options(cluster))
    for name in whole:
        if "month=02" in name:
            (tmp_path / name).unlink()
    summary = generate(SOURCE, tmp_path, options(cluster))
    assert summary.files - summary.kept_parts == 2
    assert tree(tmp_path) == whole


def test_a_job_that_always_fails_is_named_and_the_others_finish(cluster, tmp_path, whole):
    """Three attempts, exit code 1; a second run makes only what is missing."""
    tries = tmp_path / "tries"
    source = FakeSource(rows=600, months=MONTHS, fail_at="payments-2025-02-00000", tries=str(tries))
    with pytest.raises(FailedJobsError, match=r"-02-00000 \(ArithmeticError: the kernel has a bug") as caught:
        generate(source, tmp_path / "out", options(cluster))
    assert caught.value.exit_code == 1
    assert tries.stat().st_size == ATTEMPTS_MAX
    assert broken_promises(tmp_path / "out", whole) == []
    summary = generate(SOURCE, tmp_path / "out", options(cluster))
    assert summary.files - summary.kept_parts == 2
    assert tree(tmp_path / "out") == whole


@pytest.mark.integration
def test_a_job_that_kills_its_process_every_time_is_named(cluster, tmp_path, whole):
    """Ray gives up after a bounded number of deaths; the others are finished."""
    source = FakeSource(rows=600, months=MONTHS, kill_at="payments-2025-02-00000")
    with pytest.raises(TransientError, match="payments-2025-02-00000"):
        generate(source, tmp_path, options(cluster))
    assert broken_promises(tmp_path, whole) == []
    assert sum(name.endswith(".parquet") for name in whole) - len(list(tmp_path.rglob("*.parquet"))) == 2


@pytest.mark.integration
def test_three_workers_and_a_node_die_in_one_run(cluster, tmp_path, whole):
    """The data set is complete and verifies, and no part is there twice."""
    doomed = cluster.add_node(num_cpus=1, memory=4 * 10**9, object_store_memory=100_000_000)
    cluster.wait_for_nodes()
    killed: list[int] = []

    def disturb() -> None:
        deadline = time.monotonic() + 60
        while len(killed) < 3 and time.monotonic() < deadline:
            running = [pid for node in cluster.list_all_nodes() for pid in workers_of(node) if pid not in killed]
            if running:
                os.kill(running[0], signal.SIGKILL)
                killed.append(running[0])
            time.sleep(0.7)
        cluster.remove_node(doomed, allow_graceful=False)

    hand = threading.Thread(target=disturb)
    hand.start()
    try:
        generate(FakeSource(rows=600, months=MONTHS, seconds=1.0), tmp_path, options(cluster))
    finally:
        hand.join()
    assert len(killed) == 3
    assert tree(tmp_path) == whole
    assert verify(tmp_path).rows == 600 * MONTHS


@pytest.mark.integration
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_drains_and_the_same_command_finishes(number, cluster, tmp_path, whole):
    """128 + signal, nothing half-visible, and the cluster is still there."""
    code = (
        "import json, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import runpy; runpy.run_module('tests.faults.runner', run_name='__main__')"
    )
    order = f'{{"rows": 600, "months": {MONTHS}, "seconds": 2.0, "asleep": "{tmp_path / "asleep"}"}}'
    command = [sys.executable, "-c", code, str(tmp_path / "out"), order, f'{{"cluster": "{cluster.address}"}}']
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "asleep").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=15)
    assert process.returncode == 128 + number, said
    assert broken_promises(tmp_path / "out", whole) == []
    generate(SOURCE, tmp_path / "out", options(cluster))
    assert tree(tmp_path / "out") == whole


@pytest.mark.integration
def test_payments_are_the_same_where_processes_share_the_list_of_fraud(cluster, tmp_path):
    """A world with so much fraud that the list is made once: local processes, one and two, and three nodes."""
    world = {"rows": 900_000, "fraud_rate": "0.1", "end": "2025-04-01"}
    source = PaymentsSource(make_config({"world": world, "layout": {"row_group_mb": 16}}))
    assert source.shared() is not None
    wanted = [Resources(workers=1), Resources(workers=2), Resources(cluster=cluster.address)]
    trees = []
    for number, resources in enumerate(wanted):
        made = GenerateOptions(file_format=FileFormat("snappy", 16), resources=resources)
        generate(source, tmp_path / str(number), made)
        trees.append(tree(tmp_path / str(number)))
    assert trees[0] == trees[1] == trees[2]
