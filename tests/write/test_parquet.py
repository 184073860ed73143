"""Parts as Parquet readers find them."""

import hashlib

import pyarrow as pa
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


@pytest.mark.parametrize("megabytes", [1, 128, 512])
def test_row_groups_follow_from_the_schema_alone(megabytes):
    """Rows for a group are the target over the declared width; nothing is measured."""
    table = TABLES["payments"]
    rows = row_group_rows(table, megabytes)
    assert rows * row_bytes(table) <= megabytes * 1e6 < (rows + 1) * row_bytes(table)
