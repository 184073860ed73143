"""The profile of a data set in a bucket, with the pages beside it."""

from pathlib import Path

import pytest

from payloom.pipeline.profile import profile
from payloom.pipeline.publish import publish
from payloom.pipeline.verify import verify
from payloom.profile import subject as subjects
from payloom.profile.subject import open_subject
from payloom.storage.address import StoreOptions
from tests.servers.seaweed import SeaweedServer


@pytest.fixture
def place(s3_server: SeaweedServer, world: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Publish the small world to a bucket of its own."""
    for name, value in s3_server.env().items():
        monkeypatch.setenv(name, value)
    address = f"s3://{s3_server.bucket()}/runs/a"
    publish(world, address)
    return address


@pytest.mark.integration
def test_pages_lie_beside_the_data(place: str, world: Path, s3_server: SeaweedServer) -> None:
    """The page in the bucket shows what the page of the folder shows, and the data set is still whole."""
    bucket = place.split("/")[2]
    report = profile(place, f"{place}/profiles", compare=str(world))
    page = s3_server.client().get_object(Bucket=bucket, Key="runs/a/profiles/compare.html")["Body"].read().decode()
    assert report.pages == {"compare.html": len(page.encode())}
    assert page.count("30,000") >= 2
    assert "The median of B is 1.00 times that of A." in page
    assert verify(place).rows == 30_000


@pytest.mark.integration
def test_not_every_file_is_fetched_where_there_are_many(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit only some files are, and the totals are those of the manifests."""
    monkeypatch.setattr(subjects, "WHOLE_ROWS_MAX", 15_000)
    with open_subject(place, StoreOptions(), sample_rows=2_000) as subject:
        assert subject.rows == 30_000
        assert subject.frauds == 600
        assert subject.fetched is not None
        files, total = subject.fetched
        assert 0 < files < total
        assert len(subject.data.files) == files
        assert subject.basis == f"{files} of {total} files of payments, evenly over time"
        assert subject.sample.height == 2_000
