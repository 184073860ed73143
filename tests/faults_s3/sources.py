"""Sources of these tests: batches that a process makes once and its children inherit, and units of one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import pyarrow as pa

from payloom.write.contract import Emit, Job, Output
from tests.engine.fake_source import FakeProducer, FakeSource, batch

#: Rows of a month whose file goes up in two parts of 5 MiB and 1 MiB; the other files are small.
LARGE_ROWS = 62_000
SMALL_ROWS = 200
FIRST_DAY = date(2025, 1, 1)


@cache
def made_once(table: str, first: int, rows: int, seed: int) -> pa.RecordBatch:
    return batch(table, first, rows, seed)


@dataclass(frozen=True)
class QuickSource(FakeSource):
    """A `FakeSource` that makes each job's rows at once; `day` makes it a unit of that day, in a folder of its own."""

    rows: int = SMALL_ROWS
    months: int = 1
    day: str = ""

    def jobs(self) -> list[Job]:
        if not self.day:
            return super().jobs()
        year, month, number = self.day.split("-")
        folder = f"year={year}/month={month}/day={number}"
        outputs = tuple(Output(name, f"{name}/{folder}", "part-00000") for name in ("payments", "fraud_labels"))
        entities = super().jobs()[0]
        return [entities, Job(f"payments-{self.day}-00000", outputs, self.rows, self.memory_bytes)]

    def open(self) -> QuickProducer:
        return QuickProducer(self)


class QuickProducer(FakeProducer):
    """Emits what `made_once` has; sources that sleep or die are left to `FakeProducer`."""

    def produce(self, job: Job, emit: Emit) -> None:
        source = self.source
        if job.outputs[0].table == "customers" or source.seconds or source.kill_at:
            super().produce(job, emit)
            return
        day = getattr(source, "day", "")
        place = (date.fromisoformat(day) - FIRST_DAY).days if day else int(job.name.split("-")[2]) - 1
        emit("payments", made_once("payments", place * source.rows, source.rows, source.seed))
        emit("fraud_labels", made_once("fraud_labels", place * source.rows, source.rows // 10, source.seed))
