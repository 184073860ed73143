"""Fixtures of this folder: a data set of days, and a stranger's way to its Iceberg tables."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table as IcebergTable

from tests.catalog.iceberg_tools import catalog, write_days


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of four days, each made by itself."""
    return write_days(tmp_path_factory.mktemp("days"))


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Callable[..., IcebergTable]]:
    """Give what loads a table as a stranger would."""
    opened: list[SqlCatalog] = []

    def load(name: str = "payments", folder: Path = tmp_path) -> IcebergTable:
        opened.append(catalog(folder))
        return opened[-1].load_table(f"payloom.{name}")

    yield load
    for one in opened:
        one.close()
