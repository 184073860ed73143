"""What the manifests say: rows, months and years."""

from pathlib import Path

import polars as pl
import pytest

from payloom import World
from payloom.catalog.names import Years
from payloom.catalog.published import Month, months_of, published, rows_of, years_of
from payloom.errors import StorageError
from payloom.schema import CUSTOMERS, PAYMENTS, TABLES
from payloom.storage.local import LocalStore

CONFIG = {"world": {"rows": 2_000, "start": "2025-12-30", "end": "2026-01-03"}}


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two days of two years, each a unit with a manifest."""
    folder = tmp_path_factory.mktemp("days")
    world = World(CONFIG)
    for start, end in (("2025-12-31", "2026-01-01"), ("2026-01-01", "2026-01-02")):
        world.generate(folder, start=start, end=end, workers=1)
    return folder


@pytest.mark.parametrize("name", TABLES)
def test_rows_are_those_of_the_files(days: Path, name: str) -> None:
    """Parts that both days list, as those of the customers are, count once."""
    found = published(LocalStore(days))
    assert len(found) == 2
    written = pl.scan_parquet(list((days / name).rglob("*.parquet"))).select(pl.len()).collect().item()
    assert rows_of(found, TABLES[name]) == written


def test_months_and_years_are_those_of_the_folders(days: Path) -> None:
    """Each folder with a part is a month; a table that does not lie by month has none."""
    found = published(LocalStore(days))
    assert months_of(found, PAYMENTS) == [Month("2025", "12"), Month("2026", "01")]
    assert years_of(months_of(found, PAYMENTS)) == Years(2025, 2026)
    assert (months_of(found, CUSTOMERS), years_of([])) == ([], None)


def test_an_empty_folder_is_no_data_set(tmp_path: Path) -> None:
    """Nothing is counted or registered where nothing is finished."""
    with pytest.raises(StorageError, match="no finished data set"):
        published(LocalStore(tmp_path))
