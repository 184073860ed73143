"""What the gate fetches of a data set in a bucket: each payment once."""

from pathlib import Path

import pytest

from payloom import World
from payloom.pipeline.publish import publish
from payloom.quality.dataset import open_data
from payloom.quality.gate import measure
from payloom.storage.address import StoreOptions
from tests.servers.counting import CountingProxy
from tests.servers.seaweed import SeaweedServer

CONFIG = {"world": {"rows": 60_000, "seed": 3, "start": "2025-03-01", "end": "2025-05-01"}}


def test_payments_are_fetched_once(s3_server: SeaweedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Types, and the ids that refunds name, cost footers and a column more; the verdicts are those of the folder."""
    for name, value in s3_server.env().items():
        monkeypatch.setenv(name, value)
    World(CONFIG).generate(tmp_path / "data", workers=1)
    address = f"s3://{s3_server.bucket()}/x"
    publish(str(tmp_path / "data"), address)
    stored = sum(file.stat().st_size for file in (tmp_path / "data" / "payments").rglob("*.parquet"))
    with CountingProxy(s3_server.address) as proxy:
        data = open_data(address, StoreOptions(endpoint_url=proxy.endpoint))
        measured = measure(data, sample_rows=1_000)
        assert stored <= proxy.sent_of("/payments/") < 1.2 * stored
    here = measure(open_data(tmp_path / "data"), sample_rows=1_000)
    assert measured.rows == 60_000
    assert "failed" not in {result.verdict for result in measured.results}
    assert [(result.rule.name, result.verdict, result.found) for result in measured.results] == [
        (result.rule.name, result.verdict, result.found) for result in here.results
    ]
