"""A source whose rows mean nothing, follow from their position alone, and have every declared column."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from payloom.schema import TABLES, Column
from payloom.write.contract import Emit, Job, Output

BATCH_ROWS = 512
START_US = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def mixed(column: int, first: int, rows: int, seed: int) -> np.ndarray:
    """53 bits for each position, the same on every machine."""
    with np.errstate(over="ignore"):
        z = (np.arange(first, first + rows, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z ^= np.uint64((column * 1_000_003 + seed) % 2**64) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z >> np.uint64(11)).astype(np.int64)


def wrapped(kind: pa.DataType, values: np.ndarray, mask: np.ndarray | None) -> pa.Array:
    """An Arrow array without `pa.array`, which loads pandas where it is installed."""
    bits = None if mask is None else pa.py_buffer(np.packbits(~mask, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(np.ascontiguousarray(values))])


def strings(texts: Sequence[str], mask: np.ndarray | None = None) -> pa.Array:
    bits = None if mask is None else pa.py_buffer(np.packbits(~mask, bitorder="little"))
    ends = np.cumsum([0, *map(len, texts)]).astype(np.int32)
    return pa.Array.from_buffers(
        pa.string(), len(texts), [bits, pa.py_buffer(ends), pa.py_buffer("".join(texts).encode())]
    )


def array(column: Column, index: int, first: int, rows: int, seed: int) -> pa.Array:
    bits = mixed(index, first, rows, seed)
    mask = mixed(index + 1000, first, rows, seed) % 3 == 0 if column.nullable else None
    kind = column.arrow_type()
    if column.kind == "enum":
        codes = (bits % len(column.codes)).astype(np.int8 if column.index_bits == 8 else np.int16)
        return pa.DictionaryArray.from_arrays(wrapped(kind.index_type, codes, mask), strings(column.codes))
    if column.kind == "string":
        return strings([f"10.0.{bit % 256}.{bit % 251}" for bit in bits.tolist()], mask)
    if column.kind == "bool":
        flags = pa.py_buffer(np.packbits(bits % 10 == 0, bitorder="little"))
        return pa.Array.from_buffers(kind, rows, [None, flags])
    if column.name == "event_time":
        bits = START_US + np.arange(first, first + rows) * 1_000_000
    small = {"float32": bits % 10_000 / 100, "float64": bits % 10_000 / 100, "int64": bits, "timestamp": bits}
    widths = {"float32": np.float32, "float64": np.float64, "int64": np.int64, "timestamp": np.int64, "int16": np.int16}
    values = small.get(column.kind, bits % 30_000)
    return wrapped(kind, values.astype(widths.get(column.kind, np.int32)), mask)


def batch(table: str, first: int, rows: int, seed: int = 0) -> pa.RecordBatch:
    declared = TABLES[table]
    arrays = [array(column, index, first, rows, seed) for index, column in enumerate(declared.columns)]
    return pa.RecordBatch.from_arrays(arrays, schema=declared.arrow_schema())


@dataclass(frozen=True)
class FakeSource:
    """A part of `rows` payments and a tenth as many labels for each month, and one entity table.

    Jobs whose names begin with `fail_at` raise, and each time add a byte to the file `tries`. The job named `kill_at`
    kills its process, only once if `kill_once` names a file that can remember. Every batch of payments sleeps
    `seconds`, and `asleep` says so.
    """

    rows: int = 1500
    months: int = 3
    seed: int = 0
    layout: str = "a"
    memory_bytes: int = 1_000_000
    fail_at: str = ""
    failure: type[Exception] = ArithmeticError
    kill_at: str = ""
    kill_once: str = ""
    seconds: float = 0.0
    asleep: str = ""
    tries: str = ""
    only_month: int = 0

    @property
    def world_digest(self) -> str:
        return hashlib.sha256(f"{self.rows} {self.months} {self.seed}".encode()).hexdigest()

    @property
    def layout_digest(self) -> str:
        return hashlib.sha256(self.layout.encode()).hexdigest()

    @property
    def config_document(self) -> dict[str, int]:
        return {"rows": self.rows, "months": self.months, "seed": self.seed}

    def jobs(self) -> list[Job]:
        entities = Job("customers", (Output("customers", "customers", "part-00000"),), 100, self.memory_bytes)
        months = [self.only_month] if self.only_month else range(1, self.months + 1)
        return [entities, *map(self.month_job, months)]

    def month_job(self, month: int) -> Job:
        folder = f"year=2025/month={month:02d}"
        outputs = tuple(Output(name, f"{name}/{folder}", "part-00000") for name in ("payments", "fraud_labels"))
        return Job(f"payments-2025-{month:02d}-00000", outputs, self.rows, self.memory_bytes)

    def open(self) -> FakeProducer:
        return FakeProducer(self)


class FakeProducer:
    def __init__(self, source: FakeSource) -> None:
        self.source = source

    def produce(self, job: Job, emit: Emit) -> None:
        source = self.source
        if job.outputs[0].table == "customers":
            emit("customers", batch("customers", 0, 100, source.seed))
            return
        first = (int(job.name.split("-")[2]) - 1) * source.rows
        for start in range(0, source.rows, BATCH_ROWS):
            rows = min(BATCH_ROWS, source.rows - start)
            emit("payments", batch("payments", first + start, rows, source.seed))
            emit("fraud_labels", batch("fraud_labels", first + start, rows // 10, source.seed))
            if source.asleep:
                Path(source.asleep).touch()
            time.sleep(source.seconds)
            if source.fail_at and job.name.startswith(source.fail_at):
                if source.tries:
                    self.note()
                raise source.failure("the kernel has a bug")
            if job.name == source.kill_at:
                self.kill()

    def note(self) -> None:
        with Path(self.source.tries).open("ab") as file:
            file.write(b".")

    def kill(self) -> None:
        flag = self.source.kill_once
        if not flag or not Path(flag).exists():
            if flag:
                Path(flag).touch()
            os.kill(os.getpid(), signal.SIGKILL)
