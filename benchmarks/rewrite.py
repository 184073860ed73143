"""Read a data set with Polars and write it again with the same settings: what encoding alone costs.

Usage: python -m benchmarks.rewrite SOURCE TARGET
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl


def row_group_rows(part: Path) -> int:
    """Rows of the first row group of a Parquet file."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - the start-up it costs is small beside the rewrite

    rows: int = pq.read_metadata(part).row_group(0).num_rows
    return rows


def main(source: Path, target: Path) -> None:
    """Write every Parquet file below `source` again, below `target`."""
    for part in sorted(source.rglob("*.parquet")):
        copy = target / part.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        pl.read_parquet(part, hive_partitioning=False).write_parquet(
            copy, compression="snappy", statistics=True, row_group_size=row_group_rows(part)
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
