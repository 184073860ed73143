"""The library's front door: a world, its days and entities as frames, and its data set on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import polars as pl
import pyarrow as pa

from payloom.cell.assembly import Streams
from payloom.cell.source import PaymentsProducer, PaymentsSource
from payloom.config import ARGUMENT_WORDS, Config, DayRange, day_range, load_config, make_config
from payloom.config.layers import ARGUMENT
from payloom.config.shown import shown_value
from payloom.engine.progress import ProgressCallback
from payloom.engine.task import Resources
from payloom.errors import ConfigError, Problem
from payloom.pipeline.arguments import run_problems
from payloom.pipeline.generate import GenerateOptions, RunSummary, generate
from payloom.pipeline.observed import Moment, observed_labels
from payloom.schema import ACCOUNTS, CARDS, CUSTOMERS, DEVICES, FRAUD_LABELS, MERCHANTS, PAYMENTS, Table
from payloom.storage.address import StoreOptions
from payloom.write.encoding import FileFormat
from payloom.write.units import Unit

Day = str | date
"""A UTC day: a date, or its ISO text such as "2025-06-20"."""


class World:
    """One synthetic world: the same config gives the same rows, whichever of its days are asked for.

    Parameters
    ----------
    config
        A validated `Config`, or a mapping of sections such as ``{"world": {"rows": 100_000, "seed": 1}}``; by default
        the default world of 1,000,000 payments in 2025.

    Raises
    ------
    ConfigError
        With every problem of the config.

    Examples
    --------
    >>> world = World({"world": {"rows": 10_000}})
    >>> world.day("2025-06-20")["is_fraud"].dtype
    Boolean
    """

    def __init__(self, config: Config | Mapping[str, Any] | None = None) -> None:
        self.config = config if isinstance(config, Config) else make_config(config)

    @classmethod
    def from_file(cls, path: str | Path, *, preset: str | None = None) -> Self:
        """Build the world of a TOML file, on top of a preset if one is named."""
        if not isinstance(path, str | Path):
            raise ConfigError([Problem("path", shown_value(path), "expected the path of a TOML file", source=ARGUMENT)])
        return cls(load_config(preset=preset, file=Path(path)).config)

    def generate(
        self,
        out: str | Path,
        *,
        start: Day | None = None,
        end: Day | None = None,
        workers: int | None = None,
        max_memory_bytes: int | None = None,
        cluster: str | None = None,
        overwrite: bool = False,
        store: StoreOptions | None = None,
        progress: ProgressCallback | None = None,
    ) -> RunSummary:
        """Write the data set, or the days [start, end) of it, to a folder or bucket; or finish what a run began there.

        Parameters
        ----------
        out
            The folder, or an address such as ``s3://bucket/prefix``.
        start, end
            First day, and the day after the last; by default the whole period.
        workers
            Processes that make rows; by default chosen.
        max_memory_bytes
            What all processes may take together; by default 1 GB.
        cluster
            Address of a Ray cluster, or ``"auto"`` to find it, or ``"local"`` to start one; by default no cluster.
        overwrite
            Whether to replace what another config left there.
        store
            How to talk to an object store.
        progress
            Told how far the run is.

        Returns
        -------
        RunSummary
            Rows, fraud, files, bytes, seconds, memory.

        Raises
        ------
        ConfigError, ConflictError, StorageError, TransientError, CorruptionError, InterruptedRunError
            As `payloom.pipeline.generate.generate` does.
        """
        resources = Resources(workers, max_memory_bytes, cluster)
        problems = [*run_problems(out, resources, overwrite=overwrite)]
        if problems:
            raise ConfigError(problems)
        days = self._days(start, end)
        whole = (days.start, days.end) == (self.config.world.start, self.config.world.end)
        options = GenerateOptions(
            unit=Unit() if whole else Unit(days.start, days.end),
            file_format=FileFormat(self.config.layout.compression, self.config.layout.row_group_mb),
            resources=resources,
            overwrite=overwrite,
            store=store or StoreOptions(),
        )
        return generate(PaymentsSource(self.config, days), out, options, progress)

    def day(self, day: Day) -> pl.DataFrame:
        """Give the payments of one UTC day, sorted by time: row for row those of the whole data set."""
        days = day_range(self.config.world, day=str(day), words=ARGUMENT_WORDS)
        return _frame(PAYMENTS, self._batches(PAYMENTS, days))

    def payments(self, start: Day | None = None, end: Day | None = None) -> pl.DataFrame:
        """Give the payments of the days [start, end), sorted by time, in memory (about 0.2 GB a million)."""
        return _frame(PAYMENTS, self._batches(PAYMENTS, self._days(start, end)))

    def fraud_labels(self, start: Day | None = None, end: Day | None = None) -> pl.DataFrame:
        """Give the labels of the payments of the days [start, end)."""
        return _frame(FRAUD_LABELS, self._batches(FRAUD_LABELS, self._days(start, end)))

    def observed_labels(self, *, as_of: Moment) -> pl.DataFrame:
        """Give what a defender knew at a moment, see `payloom.pipeline.observed.observed_labels`."""
        return observed_labels(self, as_of=as_of)

    def scan(self, start: Day | None = None, end: Day | None = None) -> pl.LazyFrame:
        """Give the payments of the days [start, end) lazily: made batch by batch as the query runs, never stored."""
        from polars.io.plugins import register_io_source  # noqa: PLC0415 - only scans need it

        days = self._days(start, end)

        def made(
            columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, batch_rows: int | None
        ) -> Iterator[pl.DataFrame]:
            del batch_rows
            left = rows
            for batch in self._batches(PAYMENTS, days):
                frame = _frame(PAYMENTS, [batch])
                if left is not None:
                    frame = frame.head(left)
                    left -= frame.height
                frame = frame if predicate is None else frame.filter(predicate)
                yield frame if columns is None else frame.select(columns)
                if left == 0:
                    return

        return register_io_source(made, schema=PAYMENTS.polars_schema())

    def customers(self) -> pl.DataFrame:
        """Give the customers, one row a person."""
        return self._entities(CUSTOMERS)

    def accounts(self) -> pl.DataFrame:
        """Give the accounts."""
        return self._entities(ACCOUNTS)

    def cards(self) -> pl.DataFrame:
        """Give the cards, each reissue a row."""
        return self._entities(CARDS)

    def merchants(self) -> pl.DataFrame:
        """Give the merchants."""
        return self._entities(MERCHANTS)

    def devices(self) -> pl.DataFrame:
        """Give the devices, each upgrade a row."""
        return self._entities(DEVICES)

    @cached_property
    def _streams(self) -> Streams:
        return Streams.of(self.config)

    def _days(self, start: Day | None, end: Day | None) -> DayRange:
        first, last = (None if day is None else str(day) for day in (start, end))
        return day_range(self.config.world, first=first, end=last, words=ARGUMENT_WORDS)

    def _entities(self, table: Table) -> pl.DataFrame:
        days = DayRange(self.config.world.start, self.config.world.end)
        return _frame(table, self._batches(table, days)).sort(table.names[0])

    def _batches(self, table: Table, days: DayRange) -> Iterator[pa.RecordBatch]:
        """Make the batches of one table."""
        producer = PaymentsProducer(self.config, days, self._streams)
        for job in producer.jobs():
            if table.name in (output.table for output in job.outputs):
                yield from producer.batches(job, table.name)


def _frame(table: Table, batches: Iterator[pa.RecordBatch] | list[pa.RecordBatch]) -> pl.DataFrame:
    """Turn batches into a frame with the declared Polars types."""
    frame = pl.DataFrame(pa.Table.from_batches(batches, table.arrow_schema()))
    return frame.cast(table.polars_schema())
