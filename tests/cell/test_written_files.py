"""Files read back, by four readers, as the schema declares them and with the rows that were made."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from payloom.cell.source import PaymentsSource
from payloom.config import make_config
from payloom.engine.task import Resources
from payloom.pipeline.generate import GenerateOptions, generate
from payloom.schema import TABLES, Column
from tests.cell.logical_digest import column_digests
from tests.cell.worlds import World, build
from tests.counts import count

VALUES = {"world": {"rows": count(8_000, 500_000), "start": "2025-02-01", "end": "2025-04-01", "fraud_rate": "0.02"}}

tables = pytest.mark.parametrize("table", TABLES)

PHYSICAL = {
    "int64": ("INT64", "None"),
    "int32": ("INT32", "None"),
    "int16": ("INT32", "Int(bitWidth=16, isSigned=true)"),
    "float64": ("DOUBLE", "None"),
    "float32": ("FLOAT", "None"),
    "bool": ("BOOLEAN", "None"),
    "string": ("BYTE_ARRAY", "String"),
    "enum": ("BYTE_ARRAY", "String"),
    "timestamp": ("INT64", "Timestamp(isAdjustedToUTC=true, timeUnit=microseconds"),
    "date": ("INT32", "Date"),
}
"""Parquet's physical and logical type by kind: what Athena and Spark go by."""

DUCKDB = {
    "int64": "BIGINT", "int32": "INTEGER", "int16": "SMALLINT", "float64": "DOUBLE", "float32": "FLOAT",
    "bool": "BOOLEAN", "string": "VARCHAR", "enum": "VARCHAR", "timestamp": "TIMESTAMP WITH TIME ZONE", "date": "DATE",
}  # fmt: skip

POLARS = {
    "int64": pl.Int64, "int32": pl.Int32, "int16": pl.Int16, "float64": pl.Float64, "float32": pl.Float32,
    "bool": pl.Boolean, "string": pl.String, "date": pl.Date,
}  # fmt: skip

PANDAS = {"int64": "int64", "int32": "int32", "int16": "int16", "float64": "float64", "float32": "float32"}
PANDAS |= {"bool": "bool", "enum": "category", "timestamp": "datetime64[us, UTC]", "date": "object"}
PANDAS["string"] = "object" if pd.__version__.startswith("2.") else "str"


@pytest.fixture(scope="module")
def made() -> World:
    return build(VALUES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("written")
    generate(PaymentsSource(make_config(VALUES)), out, GenerateOptions(resources=Resources(workers=1)))
    return out


def parts(folder: Path, table: str) -> list[Path]:
    found = sorted((folder / table).rglob("*.parquet"))
    assert found
    return found


def plain(table: pa.Table) -> pa.Table:
    """The declared types, with codes as text."""
    fields = [f.with_type(pa.string()) if pa.types.is_dictionary(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields))


@tables
def test_every_part_has_the_declared_schema(folder, table) -> None:
    """Names, order, Arrow types and null flags; Parquet's own types; one schema in all parts."""
    declared = TABLES[table]
    for part in parts(folder, table):
        file = pq.ParquetFile(part)
        assert file.schema_arrow.equals(declared.arrow_schema(), check_metadata=False)
        for index, column in enumerate(declared.columns):
            stored = file.schema.column(index)
            physical, logical = PHYSICAL[column.kind]
            assert (stored.name, stored.physical_type) == (column.name, physical)
            assert str(stored.logical_type).startswith(logical)
            assert stored.max_definition_level == int(column.nullable)


@tables
def test_arrow_reads_the_rows_that_were_made(folder, made, table) -> None:
    """pyarrow reads each table's parts, in order of their names, with the made rows bit for bit."""
    read = pa.concat_tables([pq.ParquetFile(part).read() for part in parts(folder, table)])
    assert column_digests(read) == column_digests(made.tables[table])


@tables
def test_polars_reads_them(folder, made, table) -> None:
    """Polars reads the declared types, codes as categories, and equal contents."""
    read = pl.read_parquet(parts(folder, table))
    for column in TABLES[table].columns:
        found = read.schema[column.name]
        if column.kind == "enum":
            assert isinstance(found, pl.Categorical | pl.Enum)
        elif column.kind == "timestamp":
            assert found == pl.Datetime("us", "UTC")
        else:
            assert found == POLARS[column.kind]
    codes = [c.name for c in TABLES[table].columns if c.kind == "enum"]
    assert read.with_columns(pl.col(codes).cast(pl.String)).equals(made.frames[table])


@tables
def test_polars_takes_the_declared_enums(folder, table) -> None:
    """The rows fit the Polars schema that the package declares, code by code."""
    declared = TABLES[table].polars_schema()
    read = pl.read_parquet(parts(folder, table))
    codes = {name: kind for name, kind in declared.items() if isinstance(kind, pl.Enum)}
    cast = read.with_columns(pl.col(name).cast(pl.String).cast(kind) for name, kind in codes.items())
    assert all(cast.schema[name] == kind for name, kind in codes.items())


@tables
def test_duckdb_reads_them(folder, made, table) -> None:
    """DuckDB sees the declared types under a glob, the months as partitions, and equal contents."""
    glob = folder / table / ("**/*.parquet" if TABLES[table].by_month else "*.parquet")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        source = f"read_parquet('{glob}', hive_partitioning = false)"
        kinds = dict(
            connection.sql(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {source})").fetchall()
        )
        assert kinds == {column.name: DUCKDB[column.kind] for column in TABLES[table].columns}
        order = ", ".join(TABLES[table].sort_by)
        read = connection.sql(f"SELECT * FROM {source} ORDER BY {order}").to_arrow_table()
    expected = plain(made.tables[table]).sort_by([(name, "ascending") for name in TABLES[table].sort_by])
    assert column_digests(read.cast(expected.schema)) == column_digests(expected)


def pandas_kind(column: Column, values: pd.Series) -> str:
    """Type that pandas gives a column: whole numbers with gaps become float64, which holds 53 bits exactly."""
    if column.kind in {"int64", "int32", "int16"} and values.isna().any():
        return "float64"
    return PANDAS[column.kind]


@tables
def test_pandas_reads_them(folder, made, table) -> None:
    """pandas reads the declared types; ids in columns with gaps survive as floating point numbers."""
    read = pd.concat([pd.read_parquet(part, partitioning=None) for part in parts(folder, table)], ignore_index=True)
    expected = made.frames[table]
    for column in TABLES[table].columns:
        values = read[column.name]
        if column.kind != "enum":
            assert str(values.dtype) == pandas_kind(column, values), column.name
        found = pl.Series(
            column.name,
            pa.Array.from_pandas(values.astype(str).where(values.notna(), None))
            if column.kind == "enum"
            else pa.Array.from_pandas(values),
        )
        assert found.cast(expected.schema[column.name]).equals(expected[column.name], null_equal=True), column.name


def test_months_lie_in_their_folders(folder, made) -> None:
    """Folders by year and month hold the payments and labels of that month, sorted, and all of them."""
    for table in ("payments", "fraud_labels"):
        rows = 0
        for part in parts(folder, table):
            month = part.parent.relative_to(folder / table).as_posix()
            times = pl.read_parquet(part, columns=["event_time"])["event_time"]
            assert times.is_sorted()
            assert set(times.dt.strftime("year=%Y/month=%m")) <= {month}
            rows += len(times)
        assert rows == made.tables[table].num_rows


def test_hive_partitions_are_found(folder, made) -> None:
    """A reader that is given a table's folder finds year and month as columns and no stray file."""
    scanned = pl.scan_parquet(folder / "payments", hive_partitioning=True).select(pl.len(), pl.col("month").n_unique())
    assert scanned.collect().row(0) == (made.tables["payments"].num_rows, 2)
