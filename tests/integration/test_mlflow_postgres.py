"""Tracking as a team runs it: an MLflow server on PostgreSQL, with its files in S3."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from payloom.baseline.models import BOOSTING
from payloom.baseline.train import Difference
from payloom.tracking.load import load_scorer
from payloom.tracking.runs import log_results
from payloom.tracking.session import session
from scripts.local_server import free_ports
from scripts.mlflow_server import SETTINGS, answers
from tests.servers.postgres import postgres, programs
from tests.servers.seaweed import SeaweedServer
from tests.tracking import made

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed (Debian: apt install postgresql)"),
]


@pytest.fixture
def bucket(s3_server: SeaweedServer) -> str:
    return s3_server.bucket()


@pytest.fixture
def address(s3_server: SeaweedServer, bucket: str, tmp_path: Path) -> Iterator[str]:
    """Run the server; only it knows the keys of the bucket."""
    port = free_ports(["http"])["http"]
    keys = s3_server.env()
    with postgres("mlflow") as database, (tmp_path / "log").open("wb") as log:
        command = [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
            "--backend-store-uri", database, "--artifacts-destination", f"s3://{bucket}/mlflow",
        ]  # fmt: skip
        environment = {**os.environ, **SETTINGS, **keys, "MLFLOW_S3_ENDPOINT_URL": keys["AWS_ENDPOINT_URL"]}
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True
        )
        try:
            end = time.monotonic() + 180
            while not answers(port):
                assert process.poll() is None, (tmp_path / "log").read_text("utf-8")[-2_000:]
                assert time.monotonic() < end, "the server did not answer in three minutes"
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def test_runs_lie_in_postgresql_and_models_in_s3(
    address: str, bucket: str, s3_server: SeaweedServer, tmp_path: Path
) -> None:
    """Logged, registered, promoted, and fetched again to score; the client has no key of the bucket."""
    first = made.write(tmp_path / "a", 0.6)
    log_results(first.folder, address, register="fraud")
    second = made.write(tmp_path / "b", 0.7)
    logged = log_results(second.folder, address, register="fraud", compare=lambda _: Difference(0.1, 0.05, 0.15))
    assert logged.promotion is not None
    assert (logged.promotion.champion, logged.promotion.promoted) == (2, True)
    with session(address) as client:
        run = client.get_run(logged.run_id)
    assert run.data.metrics["test_ap"] == second.evaluation.models[0].metrics.ap.value
    listed = s3_server.client().list_objects_v2(Bucket=bucket, Prefix="mlflow/").get("Contents", [])
    assert any(each["Key"].endswith("scorer/scorer.json") for each in listed)
    assert not [name for name in os.environ if name.startswith("AWS_SECRET")]
    best = second.evaluation.models[0].kind
    scorer = load_scorer("models:/fraud@champion", address)
    assert scorer.kind == best
    assert scorer.score(second.example).tolist() == second.scorer(best).score(second.example).tolist()
    assert BOOSTING in second.kinds
