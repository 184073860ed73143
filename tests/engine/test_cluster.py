"""Jobs as tasks of a Ray cluster of three nodes on this machine."""

import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from payloom.engine.failures import ATTEMPTS_MAX, FailedJobsError
from payloom.engine.progress import Progress
from payloom.engine.task import Resources
from payloom.errors import ConfigError
from payloom.pipeline.generate import GenerateOptions, generate
from payloom.write.contract import Job
from tests.counts import count
from tests.engine.clusters import Nodes, cluster_of
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
def cluster() -> Iterator[Nodes]:
    """Three nodes with one CPU each."""
    with cluster_of(3) as made:
        yield made


def options(cluster: Nodes) -> GenerateOptions:
    return GenerateOptions(resources=Resources(cluster=cluster.address))


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


@pytest.mark.parametrize(
    ("address", "words"),
    [("127.0.0.1:1", "refused"), ("127.0.0.1:99999", "no cluster"), ("nobody.invalid:6379", "no cluster")],
)
def test_an_address_where_nobody_answers_is_refused_at_once(address, words, tmp_path):
    """Ray itself would try for most of a minute; the next line says how to get a cluster."""
    with pytest.raises(ConfigError, match=words) as caught:
        generate(SOURCE, tmp_path, GenerateOptions(resources=Resources(cluster=address)))
    assert address in caught.value.message
    assert "ray start --head" in caught.value.hint
