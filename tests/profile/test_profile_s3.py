"""The profile of a data set in a bucket, with the pages beside it."""

from pathlib import Path
from types import ModuleType

import pytest
from polars.exceptions import PolarsError

from payloom import World
from payloom.errors import CorruptionError
from payloom.pipeline.profile import profile
from payloom.pipeline.publish import publish
from payloom.pipeline.verify import verify
from payloom.profile import excerpt, row_groups, sampling
from payloom.profile import subject as subjects
from payloom.profile.compare_page import compare_page
from payloom.profile.payments_page import payments_page
from payloom.profile.subject import open_subject
from payloom.storage import object_ranges
from payloom.storage.address import StoreOptions
from tests.profile.conftest import CONFIG
from tests.servers.counting import CountingProxy
from tests.servers.seaweed import SeaweedServer

ROWS = 60_000
#: As if these were a hundred million payments in a hundred row groups, of which a quarter may be read.
LIMITS: list[tuple[ModuleType, str, int]] = [
    (sampling, "WHOLE_ROWS_MAX", 15_000),
    (subjects, "WHOLE_ROWS_MAX", 15_000),
    (sampling, "READ_ROWS_MAX", 16_000),
    (sampling, "GROUPS_MIN", 4),
    (row_groups, "GROUPS_MIN", 4),
    (row_groups, "GROUP_ROWS_MIN", 1_000),
    (subjects, "WINDOW_ROWS_MAX", 10_000),
    (subjects, "FILE_ROWS_MAX", 15_000),
    # Chunks are small here.
    (excerpt, "GAP_BYTES_MAX", 0),
    (object_ranges, "AHEAD_BYTES", 2_048),
]


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


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a data set with some tens of row groups."""
    folder = tmp_path_factory.mktemp("parted") / "data"
    config = {"world": {**CONFIG["world"], "rows": ROWS}, "layout": {"row_group_mb": 1}}
    World(config).generate(folder, workers=1)
    return folder


@pytest.fixture
def address(parted: Path, s3_server: SeaweedServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Publish it, and let its size be one of which only some row groups are read."""
    for name, value in s3_server.env().items():
        monkeypatch.setenv(name, value)
    for module, limit, rows in LIMITS:
        monkeypatch.setattr(module, limit, rows)
    address = f"s3://{s3_server.bucket()}/x"
    publish(str(parted), address)
    return address


def stored_bytes(folder: Path) -> int:
    """Return the size of all payments."""
    return sum(file.stat().st_size for file in (folder / "payments").rglob("*.parquet"))


def test_only_what_is_read_is_fetched(parted: Path, address: str, s3_server: SeaweedServer) -> None:
    """A large data set gives the sample that it gives in a folder for two fifths of the bytes at most."""
    with CountingProxy(s3_server.address) as proxy, open_subject(str(parted), StoreOptions(), sample_rows=1_000) as own:
        options = StoreOptions(endpoint_url=proxy.endpoint)
        with open_subject(address, options, sample_rows=1_000) as subject:
            assert (subject.rows, subject.frauds) == (ROWS, ROWS // 50)
            assert subject.sample.height == 1_000
            assert subject.sample.equals(own.sample)
            assert stored_bytes(parted) * 0.05 < proxy.sent_of("/payments/") < stored_bytes(parted) * 0.4
            assert subject.window.collect().equals(own.window.collect())
            assert proxy.sent_of("/payments/") < stored_bytes(parted) * 0.7


@pytest.mark.integration
def test_pages_of_a_bucket_are_those_of_the_folder(parted: Path, address: str) -> None:
    """Where only some row groups are fetched, no page reads what was not."""
    with (
        open_subject(str(parted), StoreOptions(), sample_rows=1_000) as own,
        open_subject(address, StoreOptions(), sample_rows=1_000) as subject,
    ):
        assert payments_page(subject).replace(address, "") == payments_page(own).replace(str(parted), "")
        assert compare_page(subject, own).count(f"{ROWS:,}") >= 2
        assert f"a sample of 1,000 of {ROWS:,} payments" in payments_page(subject)


def test_what_was_not_fetched_is_an_error(address: str) -> None:
    """A column that nobody asked for can't be read as zeros."""
    with open_subject(address, StoreOptions(), sample_rows=1_000) as subject:
        assert subject.data.payments.select("event_time", "is_fraud").collect().height == ROWS
        for column in ("amount_minor", "channel", "customer_id", "latitude"):
            with pytest.raises(PolarsError):
                subject.data.payments.select(column).collect()


def test_a_connection_that_is_cut_meanwhile(parted: Path, address: str, s3_server: SeaweedServer) -> None:
    """Each fifth request fails in one way or another, and the sample is what it is without."""
    with CountingProxy(s3_server.address) as proxy, open_subject(str(parted), StoreOptions(), sample_rows=1_000) as own:
        for number, fault in enumerate(("truncated_reply", "lost_reply", "reset_before", "bad_gateway_html") * 3):
            proxy.plan("get", fault, nth=8 + 5 * number)
        options = StoreOptions(endpoint_url=proxy.endpoint, timeout_seconds=2)
        with open_subject(address, options, sample_rows=1_000) as subject:
            assert subject.sample.equals(own.sample)
        assert len(proxy.faults) >= 4


def test_a_part_that_is_no_parquet_file(parted: Path, address: str, s3_server: SeaweedServer) -> None:
    """One line names it, and says what to do."""
    key = next((parted / "payments").rglob("*.parquet")).relative_to(parted)
    s3_server.client().put_object(Bucket=address.split("/")[2], Key=f"x/{key}", Body=b"no Parquet at all")
    with (
        pytest.raises(CorruptionError, match=rf"{key} can't be read"),
        open_subject(address, StoreOptions(), sample_rows=1_000),
    ):
        pass
