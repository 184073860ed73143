"""DuckDB runs its dialect as it is printed."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from payloom.catalog.columns import column_comment
from payloom.catalog.published import published, rows_of
from payloom.pipeline.catalog import ddl
from payloom.schema import PAYMENTS, TABLES
from payloom.storage.local import LocalStore
from tests.catalog.worlds import write_world


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set in a folder with a space in its name."""
    return write_world(tmp_path_factory.mktemp("lake") / "my data")


@pytest.fixture(scope="module")
def database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that ran the printed script."""
    with duckdb.connect() as connection:
        connection.execute(ddl(str(folder), "duckdb"))
        yield connection


@pytest.mark.parametrize("name", TABLES)
def test_views_count_what_the_manifests_list(database: duckdb.DuckDBPyConnection, folder: Path, name: str) -> None:
    """Each view has all rows of its table."""
    (counted,) = database.execute(f"SELECT COUNT(*) FROM payloom.{name}").fetchall()
    assert counted[0] == rows_of(published(LocalStore(folder)), TABLES[name]) > 0


@pytest.mark.parametrize("name", TABLES)
def test_views_have_the_declared_columns(database: duckdb.DuckDBPyConnection, name: str) -> None:
    """Columns, their order and their comments are the schema's."""
    found = database.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = 'payloom' AND table_name = ? "
        "ORDER BY column_index",
        [name],
    ).fetchall()
    declared = [(column.name, column_comment(column)) for column in TABLES[name].columns]
    assert found[: len(declared)] == declared
    assert [column for column, _ in found[len(declared) :]] == (["year", "month"] if TABLES[name].by_month else [])


def test_types_are_kept(database: duckdb.DuckDBPyConnection) -> None:
    """Times are instants, integers keep their width, and partition columns are numbers."""
    kinds = dict(
        database.execute(
            "SELECT column_name, data_type FROM duckdb_columns() "
            "WHERE schema_name = 'payloom' AND table_name = 'payments'"
        ).fetchall()
    )
    expected = {"event_time": "TIMESTAMP WITH TIME ZONE", "local_offset_min": "SMALLINT", "bin_id": "INTEGER"}
    expected |= {"latitude": "FLOAT", "is_fraud": "BOOLEAN", "year": "INTEGER", "month": "INTEGER"}
    assert {name: kinds[name] for name in expected} == expected


def test_duckdb_and_polars_find_the_same_month(database: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """A month is a number in both, so that January is 1, and its rows are those whose time lies in it."""
    query = "SELECT COUNT(*) FROM payloom.payments WHERE year = 2026 AND month = 1"
    ((found,),) = database.execute(query).fetchall()
    below = pl.scan_parquet(folder / "payments", hive_partitioning=True)
    by_folder = below.filter((pl.col("year") == 2026) & (pl.col("month") == 1)).select(pl.len()).collect().item()
    by_time = below.filter(pl.col("event_time").dt.strftime("%Y-%m") == "2026-01").select(pl.len()).collect().item()
    assert found == by_time == by_folder > 0


def test_a_script_can_run_twice(database: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Running it again replaces the views."""
    database.execute(ddl(str(folder), "duckdb"))
    assert database.execute("SELECT COUNT(*) FROM payloom.payments").fetchall() == [(5_000,)]


def test_a_wrong_statement_fails(database: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """The engine really reads the script: a column that the files lack is refused."""
    wrong = ddl(str(folder), "duckdb", table=PAYMENTS.name).replace('"amount_minor"', '"amount_major"')
    with pytest.raises(duckdb.BinderException, match="amount_major"):
        database.execute(wrong)
