"""Opens what is to be judged: a data set of payloom in a folder or a bucket, or data of anybody with a mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from payloom.errors import StorageError
from payloom.quality.pieces import ForeignFile, Piece, StoredPart, foreign_files
from payloom.quality.rule import Declared
from payloom.realism.mapping import Mapping
from payloom.schema import TABLES
from payloom.storage.address import StoreOptions, is_remote, open_store
from payloom.storage.store import Store
from payloom.write.identity import no_data_set, read_identity
from payloom.write.manifest import Manifest, merged_parts
from payloom.write.records import manifests
from payloom.write.units import Unit

MAIN: Final = "payments"
LABELS: Final = "fraud_labels"

Days = tuple[int, int]


@dataclass(frozen=True)
class Data:
    """Data to be judged.

    Attributes
    ----------
    source
        Where it lies, as it was given.
    pieces
        Files by table, in the order of their names.
    declared
        What it says of itself.
    """

    source: str
    pieces: MappingABC[str, Sequence[Piece]]
    declared: Declared


def open_data(location: str | Path, options: StoreOptions | None = None, mapping: str | Path | None = None) -> Data:
    """Open a data set of payloom, or any Parquet or CSV file or folder.

    Parameters
    ----------
    location
        A folder, a file, or an address such as ``s3://bucket/prefix``.
    options
        How to talk to an object store.
    mapping
        TOML file that says which column is which; needed for data that payloom did not write and does not name as it.

    Raises
    ------
    StorageError, TransientError
        If there is nothing to read.
    ConfigError
        If the mapping can't be read, or the address is none.
    CorruptionError
        If a record of the data set is damaged.
    """
    if is_remote(location):
        return _of_store(str(location), open_store(location, options))
    place = Path(location)
    if not place.exists():
        raise StorageError(f"{location} does not exist", hint="name a data set, or a file or folder of data")
    if mapping is None and place.is_dir():
        store = open_store(place)
        if read_identity(store) is not None:
            return _of_store(str(location), store)
    translate = Mapping.read(Path(mapping)) if mapping is not None else Mapping()
    return Data(str(location), {MAIN: [ForeignFile(file, translate) for file in foreign_files(place)]}, Declared())


def _of_store(source: str, store: Store) -> Data:
    identity = read_identity(store)
    published = manifests(store)
    if identity is None or not published:
        raise no_data_set(store)
    parts = merged_parts(published)
    pieces: dict[str, list[Piece]] = {name: [] for name in TABLES}
    for part in sorted(parts.values(), key=lambda part: part.key):
        pieces[part.table].append(StoredPart(store, part.key, part.table, part.rows))
    return Data(source, pieces, declared_by(identity.config, published))


def declared_by(config: MappingABC[str, Any], published: Sequence[Manifest]) -> Declared:
    """Return what config and manifests say of a data set."""
    period = period_of(config)
    typologies: Counter[str] = Counter()
    for part in merged_parts(published).values():
        typologies.update(part.typologies)
    return Declared(
        ours=True,
        config=config,
        days=merged_days([_days(manifest.unit, period) for manifest in published]),
        period=period,
        rows=sum(manifest.rows for manifest in published),
        fraud_rows=sum(manifest.fraud_rows for manifest in published),
        typologies=dict(typologies),
    )


def period_of(config: MappingABC[str, Any]) -> Days:
    """Return the config's first day and its end as ordinals."""
    world = config["world"]
    return date.fromisoformat(world["start"]).toordinal(), date.fromisoformat(world["end"]).toordinal()


def merged_days(ranges: Sequence[Days]) -> tuple[Days, ...]:
    """Join ranges of days that touch."""
    joined: list[Days] = []
    for first, end in sorted(ranges):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((first, end))
    return tuple(joined)


def _days(unit: Unit, period: Days) -> Days:
    return period if unit.start is None or unit.end is None else (unit.start.toordinal(), unit.end.toordinal())
