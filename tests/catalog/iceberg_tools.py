"""Data sets for Iceberg tables, and other people's ways of reading them."""

import json
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.table import Table

from payloom import World
from payloom.catalog.iceberg import IcebergOptions, TableChange
from payloom.catalog.iceberg_tables import IcebergTables
from payloom.catalog.published import published
from payloom.pipeline.publish import PublishOptions, PublishSummary, publish
from payloom.storage.address import StoreOptions
from payloom.storage.digests import file_sha256
from payloom.storage.local import LocalStore
from payloom.storage.store import Store
from payloom.write.identity import read_identity
from payloom.write.manifest import Manifest, manifest_key

DAYS = tuple(date(2025, 1, 30).fromordinal(date(2025, 1, 30).toordinal() + number) for number in range(4))
"""Two days at the end of a month and two of the next."""

CONFIG = {"world": {"rows": 1_200, "start": "2025-01-30", "end": "2025-02-03", "fraud_rate": "0.02"}}


def write_days(folder: Path) -> Path:
    """Generate each day by itself, all into `folder`."""
    world = World(CONFIG)
    for day in DAYS:
        world.generate(folder, start=day, end=date.fromordinal(day.toordinal() + 1), workers=1)
    return folder


def catalog_url(folder: Path) -> str:
    """Give the address of a catalog's database in a folder."""
    return f"sqlite:///{folder}/catalog.db"


def options(folder: Path, namespace: str = "payloom") -> IcebergOptions:
    """Give the options for tables whose catalog lies in a folder."""
    return IcebergOptions(catalog=catalog_url(folder), namespace=namespace)


def catalog(folder: Path, **properties: str) -> SqlCatalog:
    """Open a catalog as any user of PyIceberg does, with PyIceberg's own way of reading files."""
    found = load_catalog("payloom", type="sql", uri=catalog_url(folder), **properties)
    assert isinstance(found, SqlCatalog)
    return found


def paths(table: Table) -> list[str]:
    """Give the data files of the current snapshot, sorted; one that is there twice is named twice."""
    return sorted(task.file.file_path for task in table.scan().plan_files())


def listed(folder: Path, table: str = "payments") -> list[str]:
    """Give the keys of the parts with rows that the manifests list for a table, sorted."""
    manifests = published(LocalStore(folder))
    return sorted({part.key for one in manifests for part in one.parts if part.table == table and part.rows})


def write_other_bytes(folder: Path, key: str) -> None:
    """Encode a part again, with half of its rows, and let its manifest say so."""
    store = LocalStore(folder)
    path = folder / key
    rows = pq.read_table(path, partitioning=None)
    pq.write_table(rows.slice(0, rows.num_rows // 2), path, write_page_checksum=True)
    with path.open("rb") as file:
        sha256 = file_sha256(file)
    for manifest in published(store):
        parts = tuple(
            replace(part, rows=rows.num_rows // 2, size_bytes=path.stat().st_size, sha256=sha256)
            if part.key == key
            else part
            for part in manifest.parts
        )
        changed = Manifest(manifest.unit, manifest.world_digest, manifest.layout_digest, parts)
        store.put(manifest_key(manifest.unit), changed.to_bytes())


def metadata(table: Table) -> dict:
    """Give the metadata of a local table as it lies on disk."""
    return json.loads(Path(table.metadata_location.removeprefix("file://")).read_text("utf-8"))


def compact(table: Table, folder: Path) -> None:
    """Write all rows into one new file and put it in place of the others, as another engine's maintenance does."""
    path = folder / "compacted.parquet"
    pq.write_table(table.scan().to_arrow(), path)
    with table.transaction() as transaction, transaction.update_snapshot().overwrite() as producer:
        for task in table.scan().plan_files():
            producer.delete_data_file(task.file)
        producer.append_data_file(parquet_file_to_data_file(table.io, table.metadata, f"file://{path}"))


def heights(folder: Path, *days: date) -> int:
    """Give the number of payments of some days of a data set."""
    names = {day.isoformat() for day in days}
    return sum(one.rows for one in published(LocalStore(folder)) if one.unit.name in names)


def send(source: Path, folder: Path, day: date | None = None, *, overwrite: bool = False) -> PublishSummary:
    """Publish to ``folder/out`` with tables in the catalog of `folder`."""
    chosen = PublishOptions(day=day, overwrite=overwrite, iceberg=options(folder))
    return publish(source, folder / "out", chosen)


def follow(store: Store, folder: Path, reach: StoreOptions | None = None) -> tuple[TableChange, ...]:
    """Let the tables in the catalog of `folder` follow what lies in a store, without a publication."""
    identity = read_identity(store)
    assert identity is not None
    with closing(IcebergTables(store, options(folder), reach or StoreOptions())) as tables:
        return tables.follow(identity, lambda: None)
