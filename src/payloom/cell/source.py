"""A config and its days as a source of jobs for the engine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from payloom.cell.assembly import Streams
from payloom.cell.bounds import Border, border_us, cell_borders, chunks
from payloom.cell.columns import ArrowColumns
from payloom.cell.entities import PART_ENTITIES, Entities, entity_counts
from payloom.config import Config, DayRange, config_document, layout_digest, world_digest
from payloom.fraud.cases import CaseTable, is_small
from payloom.plan.periods import Month, day_number
from payloom.schema import FRAUD_LABELS, PAYMENTS
from payloom.write.contract import Emit, Job, Output
from payloom.write.encoding import row_group_rows

if TYPE_CHECKING:
    import pyarrow as pa

I64 = NDArray[np.int64]

MIN_CELL_ROWS = 262_144
"""Cells have at least this many rows, where a month has them: smaller row groups share a file."""

ROW_BYTES_IN_MEMORY = 155
"""Arrow bytes of a payment, strings included (measured)."""

ENCODER_SHARE = 0.3
"""Memory of encoding a row group, as a share of its Arrow bytes (measured)."""

CHUNK_BYTES = 40_000_000
"""Memory of making one chunk of rows (measured)."""

CASE_BYTES = 60
"""Largest memory that listing all cases takes for each payment that is fraud (measured: 65 at 100 million payments, 53
at a billion, 49 at 10 billion)."""

CASE_KEPT_BYTES = 30
"""What of it stays while rows are made (measured): half of it the table of cases, a quarter the filter of blocks."""


class PaymentsSource:
    """All jobs of a config, or of some days of it.

    Parameters
    ----------
    config
        The validated config.
    days
        UTC days to make; by default the whole period.
    """

    def __init__(self, config: Config, days: DayRange | None = None) -> None:
        self.config = config
        self.days = days or DayRange(config.world.start, config.world.end)
        self._producer: PaymentsProducer | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the built world behind: each process builds its own."""
        return self.__dict__ | {"_producer": None}

    @property
    def world_digest(self) -> str:
        """Digest of what decides the rows."""
        return world_digest(self.config)

    @property
    def layout_digest(self) -> str:
        """Digest of what decides the files, given the rows."""
        return layout_digest(self.config)

    def shared(self) -> CaseTable | None:
        """List all fraud, for other processes to share; None in a world with so little that each lists it itself."""
        plot = self.open().streams.plot
        return None if is_small(plot.kit) else plot.cases.table

    def open(self, shared: CaseTable | None = None) -> PaymentsProducer:
        """Build the world, once a process, with the table that `shared` gave to whatever process."""
        if self._producer is None:
            self._producer = PaymentsProducer(self.config, self.days, Streams.of(self.config, shared))
        elif shared is not None and not self._producer.streams.plot.has_cases:
            streams = self._producer.streams.given(shared)
            self._producer = PaymentsProducer(self.config, self.days, streams)
        return self._producer

    @property
    def config_document(self) -> dict[str, Any]:
        """The config in plain JSON values."""
        return config_document(self.config)

    def jobs(self) -> list[Job]:
        """Entity tables first, then the cells in order of time."""
        return self.open().jobs()


class PaymentsProducer:
    """Makes the rows of jobs.

    Parameters
    ----------
    config, days
        As of `PaymentsSource`.
    streams
        The world of this config where it is already built.
    """

    def __init__(self, config: Config, days: DayRange, streams: Streams | None = None) -> None:
        self.streams = streams or Streams.of(config)
        self._first_day, self._end_day = day_number(days.start), day_number(days.end)
        self._rows_by_day = self.streams.rows_by_day()
        group_rows = row_group_rows(PAYMENTS, config.layout.row_group_mb)
        # A file holds whole row groups; cells fall a little short of them, so that the last one is not a sliver.
        groups = max(1, MIN_CELL_ROWS // group_rows)
        self._group_rows, self._cell_rows = group_rows, int(groups * group_rows * 0.97)
        full = (self._first_day, self._end_day) == (
            self.streams.model.plan.period.first_day,
            self.streams.model.plan.period.end_day,
        )
        self._prefix = "part" if full else f"part-{days.start:%Y%m%d}-{days.end:%Y%m%d}"

    @cached_property
    def columns(self) -> ArrowColumns:
        """Makes columns of rows."""
        return ArrowColumns.of(self.streams.model)

    @cached_property
    def entities(self) -> Entities:
        """Makes the entity tables."""
        return Entities(self.streams.model, self.streams.settlement.reissues)

    def jobs(self) -> list[Job]:
        """List the jobs; no row is made, and no fraud listed."""
        jobs = []
        for table, count in entity_counts(self.streams.model).items():
            for part in range(-(-count // PART_ENTITIES)):
                rows = min(PART_ENTITIES, count - part * PART_ENTITIES)
                output = Output(table, table, f"part-{part:05d}")
                jobs.append(Job(f"{table}-{part:05d}", (output,), rows, rows * 400))
        for index, month in self._months():
            for cell, rows in enumerate(self._cell_sizes(month)):
                jobs.append(self._cell_job(index, month, cell, rows))
        return jobs

    def produce(self, job: Job, emit: Emit) -> None:
        """Make the rows of one job."""
        for table, batch in self._made(job):
            emit(table, batch)

    def batches(self, job: Job, table: str) -> Iterator[pa.RecordBatch]:
        """Make the rows of one of a job's tables."""
        return (batch for name, batch in self._made(job) if name == table)

    def _made(self, job: Job) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Make the batches of a job with the tables that they belong to."""
        return self._cell(job) if job.outputs[0].table == PAYMENTS.name else self._entities(job)

    def _entities(self, job: Job) -> Iterator[tuple[str, pa.RecordBatch]]:
        table = job.outputs[0].table
        count = entity_counts(self.streams.model)[table]
        first = int(job.name.rpartition("-")[2]) * PART_ENTITIES
        yield table, self.entities.makers()[table](np.arange(first, min(first + PART_ENTITIES, count)))

    def _cell(self, job: Job) -> Iterator[tuple[str, pa.RecordBatch]]:
        month_index, cell = (int(number) for number in job.name.rsplit("-", 2)[1:])
        month = self.streams.model.plan.period.months[month_index]
        borders = self._borders(month)
        tables = self.streams.model.days.month(month_index)
        sizes = self.streams.spending.identity.day_sizes(tables)
        start, end = borders[cell], borders[cell + 1]
        others, labels = self.streams.others(tables, border_us(tables, sizes, start), border_us(tables, sizes, end))
        for chunk in chunks(tables, sizes, start, end):
            for rows in self.streams.make(tables, chunk, others):
                if len(rows):
                    yield PAYMENTS.name, self.columns.payments(rows)
        yield FRAUD_LABELS.name, self.columns.labels(labels)

    def _months(self) -> list[tuple[int, Month]]:
        """Months of the period that the days touch."""
        months = enumerate(self.streams.model.plan.period.months)
        return [(i, m) for i, m in months if m.first_day < self._end_day and m.end_day > self._first_day]

    def _borders(self, month: Month) -> list[Border]:
        """Borders of a month's cells."""
        plan = self.streams.model.plan
        first, end = max(month.first_day, self._first_day), min(month.end_day, self._end_day)
        days = slice(first - plan.period.first_day, end - plan.period.first_day)
        return cell_borders(first, self._rows_by_day[days], plan.quotas.spending[days], self._cell_rows)

    def _cell_sizes(self, month: Month) -> list[int]:
        """Estimate the rows of a month's cells, for progress: all but equal."""
        first, end = max(month.first_day, self._first_day), min(month.end_day, self._end_day)
        origin = self.streams.model.plan.period.first_day
        total = int(self._rows_by_day[first - origin : end - origin].sum())
        cells = len(self._borders(month)) - 1
        return [total * (cell + 1) // cells - total * cell // cells for cell in range(cells)]

    def _cell_job(self, index: int, month: Month, cell: int, rows: int) -> Job:
        place = f"year={month.year:04d}/month={month.month:02d}"
        stem = f"{self._prefix}-{cell:05d}"
        outputs = (
            Output(PAYMENTS.name, f"{PAYMENTS.name}/{place}", stem),
            Output(FRAUD_LABELS.name, f"{FRAUD_LABELS.name}/{place}", stem),
        )
        group = min(rows, self._group_rows)
        making = CHUNK_BYTES + int(group * ROW_BYTES_IN_MEMORY * (1 + ENCODER_SHARE))
        # Before its first row a process lists all fraud of the world, unless it is given the list.
        fraud = self.streams.model.config.world.fraud_rows
        memory = max(making + CASE_KEPT_BYTES * fraud, CASE_BYTES * fraud)
        shared = 0 if is_small(self.streams.plot.kit) else memory - making
        return Job(f"{self._prefix}-{index:04d}-{cell:05d}", outputs, rows, memory, shared)
