"""Parts as Parquet readers find them."""

import hashlib

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from payloom.schema import TABLES
from payloom.storage.local import LocalStore
from payloom.write.encoding import FileFormat, row_bytes, row_group_rows
from payloom.write.parquet import PartWriter
from payloom.write.parts import Part
from tests.engine.fake_source import START_US, batch

SMALL = FileFormat(row_group_mb=1)


def write(store: LocalStore, table: str, groups: list, file_format: FileFormat = SMALL) -> Part:
    writer = PartWriter(store, f"{table}/part.parquet", TABLES[table], file_format)
    for batches in groups:
        writer.write_group(batches)
    return writer.finish()


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


@pytest.mark.parametrize("table", sorted(TABLES))
@pytest.mark.parametrize("compression", ["snappy", "zstd"])
def test_rows_and_schema_come_back(table, compression, store):
    """Every declared table, read with page checksums; the columns are those declared."""
    batches = [batch(table, 0, 500), batch(table, 500, 700)]
    part = write(store, table, [batches[:1], batches[1:]], FileFormat(compression=compression))
    read = pq.read_table(store.root / part.key, partitioning=None, page_checksum_verification=True)
    assert read.schema.equals(TABLES[table].arrow_schema())
    assert read.equals(pa.Table.from_batches(batches))
    assert part.rows == 1200


def test_the_part_describes_its_file(store):
    """Size and sha256 of the bytes on disk, range of times, fraud rows, rows by typology."""
    batches = [batch("fraud_labels", 0, 900), batch("fraud_labels", 900, 100)]
    part = write(store, "fraud_labels", [batches])
    data = (store.root / part.key).read_bytes()
    rows = pa.Table.from_batches(batches)
    assert (part.size_bytes, part.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (part.first_time_us, part.last_time_us) == (START_US, START_US + 999_000_000)
    assert part.fraud_rows == sum(rows.column("is_fraud").to_pylist())
    names = rows.column("typology").to_pylist()
    assert part.typologies == {name: names.count(name) for name in sorted(set(names))}


def test_an_empty_part_is_a_readable_file(store):
    """A month without fraud still has its file of labels."""
    part = write(store, "fraud_labels", [])
    assert pq.read_table(store.root / part.key).schema.equals(TABLES["fraud_labels"].arrow_schema())
    assert (part.rows, part.fraud_rows, part.first_time_us, part.typologies) == (0, 0, None, {})


def test_the_footer_promises_what_readers_use(store):
    """Statistics everywhere, the sort order, dictionaries for codes, delta for times, a checksum on every page."""
    part = write(store, "payments", [[batch("payments", 0, 3000)]])
    metadata = pq.ParquetFile(store.root / part.key).metadata
    group = metadata.row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    assert all(column.is_stats_set for column in columns.values())
    assert [sort.column_index for sort in group.sorting_columns] == [1]
    for column in TABLES["payments"].columns:
        encodings = columns[column.name].encodings
        assert ("RLE_DICTIONARY" in encodings) == (column.encoding == "dictionary"), column.name
        assert ("DELTA_BINARY_PACKED" in encodings) == (column.encoding == "delta"), column.name
    assert columns["event_time"].statistics.min < columns["event_time"].statistics.max
    assert columns["mcc"].compression == "SNAPPY"


def test_times_that_run_backwards_are_refused(store):
    """The footer promises sorted times, so they are looked at, inside a batch and between groups."""
    late, early = batch("payments", 100, 50), batch("payments", 0, 50)
    for groups in ([[late, early]], [[late], [early]], [[late.take(pa.array([1, 0]))]]):
        with pytest.raises(ValueError, match="not in the order"):
            write(store, "payments", groups)


def test_another_schema_is_refused(store):
    """A batch of another table never becomes a part."""
    with pytest.raises((ValueError, pa.ArrowException)):
        write(store, "payments", [[batch("customers", 0, 10)]])


def test_what_the_encoder_writes_after_an_abort_is_dropped(store):
    """Encoders close their files when they are collected, which must not publish a shorter file."""
    writer = PartWriter(store, "payments/part.parquet", TABLES["payments"], SMALL)
    writer.write_group([batch("payments", 0, 3000)])
    writer.abort()
    del writer
    store.clear_staging(every_run=False)
    assert list(store.list("payments")) == []


def edge_rows(table: str) -> list[pa.RecordBatch]:
    """Batches of one row, without any value, with every value, and cut out of the middle of others."""
    rows = batch(table, 0, 700)
    names = [column.name for column in TABLES[table].columns if column.nullable]
    empty, full = rows.to_pylist(), rows.to_pylist()
    for row in empty:
        row.update(dict.fromkeys(names))
    for name in names:
        value = next(row[name] for row in full if row[name] is not None)
        for row in full:
            row[name] = value if row[name] is None else row[name]
    made = [rows_of(table, empty[:100]), rows_of(table, full[100:200])]
    return [*made, rows.slice(200, 1), rows.slice(201, 13), rows.slice(214, 486)]


def rows_of(table: str, rows: list[dict]) -> pa.RecordBatch:
    declared = TABLES[table]
    arrays = []
    for column in declared.columns:
        values = [row[column.name] for row in rows]
        if column.kind == "enum":
            codes = [None if value is None else column.codes.index(value) for value in values]
            kind = column.arrow_type()
            arrays.append(pa.DictionaryArray.from_arrays(pa.array(codes, kind.index_type), pa.array(column.codes)))
        else:
            arrays.append(pa.array(values, column.arrow_type()))
    return pa.RecordBatch.from_arrays(arrays, schema=declared.arrow_schema())


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_reader_gets_the_rows(table, store):
    """pyarrow, Polars, pandas and DuckDB agree on pages without values, with all values, and of one row."""
    batches = edge_rows(table)
    part = write(store, table, [batches[:2], batches[2:]])
    path = store.root / part.key
    rows = pa.Table.from_batches(batches)
    assert pq.read_table(path, partitioning=None, page_checksum_verification=True).equals(rows)
    plain = pa.table({field.name: rows.column(field.name).cast(plain_type(field.type)) for field in rows.schema})
    assert as_plain(pl.read_parquet(path, hive_partitioning=False).to_arrow(), plain).equals(plain)
    assert len(pd.read_parquet(path, partitioning=None)) == 700
    with duckdb.connect() as connection:
        duck_rows = connection.sql(f"from read_parquet('{path}', hive_partitioning=false)").to_arrow_table()
    assert as_plain(duck_rows, plain).equals(plain)


def as_plain(found: pa.Table, plain: pa.Table) -> pa.Table:
    """The found columns in the plain types; a time is an instant whatever zone it is shown in."""
    return pa.table({field.name: found.column(field.name).cast(field.type) for field in plain.schema})


def plain_type(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_dictionary(kind) else kind


@pytest.mark.parametrize("table", sorted(TABLES))
def test_statistics_are_those_of_the_rows(table, store):
    """Least, greatest and nulls of every column in every row group, as pyarrow computes them."""
    batches = edge_rows(table)
    part = write(store, table, [batches[:1], batches[1:]])
    metadata = pq.read_metadata(store.root / part.key)
    for number, group in enumerate((batches[:1], batches[1:])):
        rows = pa.Table.from_batches(group)
        for place, name in enumerate(rows.schema.names):
            values = rows.column(name).cast(plain_type(rows.schema.field(name).type))
            found = metadata.row_group(number).column(place).statistics
            assert found.null_count == values.null_count, name
            wanted = pc.min_max(values).as_py()
            assert (found.min, found.max) == (wanted["min"], wanted["max"]), name


@pytest.mark.parametrize("megabytes", [1, 128, 512])
def test_row_groups_follow_from_the_schema_alone(megabytes):
    """Rows for a group are the target over the declared width; nothing is measured."""
    table = TABLES["payments"]
    rows = row_group_rows(table, megabytes)
    assert rows * row_bytes(table) <= megabytes * 1e6 < (rows + 1) * row_bytes(table)
