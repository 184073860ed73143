"""What a run will make and take, before it runs: its work listed for real, the rest scaled up from a short trial."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from payloom.cell.source import PaymentsSource
from payloom.config import Config, config_document, make_config
from payloom.engine.budget import PROCESS_BYTES
from payloom.engine.task import Resources
from payloom.pipeline.generate import GenerateOptions, generate
from payloom.schema import PAYMENTS
from payloom.storage.address import StoreOptions
from payloom.write.encoding import FileFormat

TRIAL_ROWS: Final = (100_000, 400_000)
"""Payments of the two small worlds of a trial, about two seconds together: their difference is what rows take."""

BYTES_PER_DECADE: Final = 9.2
"""Bytes a payment takes more in a world of ten times the rows: ids have more bits (measured, 0.1 to 10 million)."""

CASE_CPU_SECONDS: Final = 1.5e-6
"""CPU seconds that a process spends on each fraudulent payment before its first row (measured: 1.9e-6 at 100 million
payments, 1.3e-6 at a billion, 1.2e-6 at 10 billion)."""

USD_PER_GB_MONTH: Final = 0.023
"""S3 Standard, first 50 TB, us-east-1, 2026-06: https://aws.amazon.com/s3/pricing/. Others cost up to a third more."""

USD_PER_PUT: Final = 5e-6
"""The same page."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What small worlds of the same config took.

    Attributes
    ----------
    rows
        Payments of the larger one.
    bytes_per_row
        Its bytes of all tables for each payment.
    cpu_seconds_per_row, cpu_seconds_per_job
        CPU time of making and writing, on all cores together.
    start_cpu_seconds
        CPU time before the first row, without imports.
    """

    rows: int
    bytes_per_row: float
    cpu_seconds_per_row: float
    cpu_seconds_per_job: float
    start_cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a run will make and take.

    Attributes
    ----------
    rows, fraud_rows
        Payments, and those that are fraud: exact.
    cells, files
        Units of work that make payments, and files of all tables: exact.
    size_bytes
        Bytes of all files.
    process_bytes
        Largest memory of each process that makes rows.
    cpu_seconds
        CPU time of making and writing, on all cores together, without what each process spends before its first row.
    start_cpu_seconds
        That: CPU time of each process before its first row.
    requests
        Requests that write them to S3: a file above the part size is several, and each job leaves a receipt.
    usd_per_month
        What the files cost a month in S3.
    usd_once
        What the requests cost.
    """

    rows: int
    fraud_rows: int
    cells: int
    files: int
    size_bytes: int
    process_bytes: int
    cpu_seconds: float
    start_cpu_seconds: float
    requests: int
    usd_per_month: float
    usd_once: float


def run_trial(config: Config) -> Trial:
    """Make small worlds of a config, in a temporary folder that is removed, and measure that.

    Raises
    ------
    StorageError
        If there is no room for some 30 MB.
    """
    few, many = (_try(scaled(config, rows)) for rows in TRIAL_ROWS)
    row_seconds = max(0.0, many.cpu_seconds - few.cpu_seconds) / (many.rows - few.rows)
    job_seconds = max(0.0, many.cpu_seconds - many.rows * row_seconds) / many.jobs
    return Trial(many.rows, many.size_bytes / many.rows, row_seconds, job_seconds, few.start_cpu_seconds)


@dataclass(frozen=True, slots=True)
class _Tried:
    rows: int
    jobs: int
    size_bytes: int
    cpu_seconds: float
    start_cpu_seconds: float


def _try(config: Config) -> _Tried:
    started = time.process_time()
    source = PaymentsSource(config)
    # What a process builds before its first row.
    _ = source.open().streams.fraud
    ready = time.process_time()
    file_format = FileFormat(config.layout.compression, config.layout.row_group_mb)
    with TemporaryDirectory(prefix="payloom-plan-") as folder:
        done = generate(
            source, Path(folder) / "trial", GenerateOptions(file_format=file_format, resources=Resources(workers=1))
        )
    ended = time.process_time()
    return _Tried(done.rows, len(source.jobs()), done.size_bytes, ended - ready, ready - started)


def outlook(config: Config, trial: Trial) -> Outlook:
    """List the work of a config and scale the trial up to it; nothing is made.

    Parameters
    ----------
    config
        Of the run.
    trial
        Of this config, or of one that differs in its rows alone.
    """
    world = config.world
    jobs = PaymentsSource(config).jobs()
    cells = sum(job.outputs[0].table == PAYMENTS.name for job in jobs)
    files = sum(len(job.outputs) for job in jobs)
    growth = BYTES_PER_DECADE * math.log10(world.rows / trial.rows)
    size_bytes = round(world.rows * max(1.0, trial.bytes_per_row + growth))
    # Nearly all bytes are payments.
    requests = cells * _upload_requests(size_bytes / cells) + files - cells + len(jobs)
    return Outlook(
        rows=world.rows,
        fraud_rows=world.fraud_rows,
        cells=cells,
        files=files,
        size_bytes=size_bytes,
        process_bytes=PROCESS_BYTES + max(job.memory_bytes for job in jobs),
        cpu_seconds=world.rows * trial.cpu_seconds_per_row + len(jobs) * trial.cpu_seconds_per_job,
        start_cpu_seconds=trial.start_cpu_seconds + world.fraud_rows * CASE_CPU_SECONDS,
        requests=requests,
        usd_per_month=size_bytes / 1e9 * USD_PER_GB_MONTH,
        usd_once=requests * USD_PER_PUT,
    )


def _upload_requests(size_bytes: float) -> int:
    """Requests of one file: one, or its parts with one to begin and one to complete them."""
    parts = math.ceil(size_bytes / StoreOptions().part_size_bytes)
    return 1 if parts <= 1 else parts + 2


def scaled(config: Config, rows: int) -> Config:
    """Return the same world with other rows: as many payments a customer, as many merchants a customer.

    Raises
    ------
    ConfigError
        If the period does not hold so many rows.
    """
    document = config_document(config)
    world = document["world"]
    share = rows / config.world.rows
    world["rows"] = rows
    for name, least in (("customers", 1), ("merchants", 100)):
        if world.get(name) is not None:
            world[name] = max(least, round(world[name] * share))
    return make_config(document)
