"""The 15 features of the Fraud Detection Handbook by `payloom.features`; all features of payloom, in memory or on disk.

``python -m benchmarks.features_payloom {handbook,frame,files} SOURCE OUT`` reads Parquet, times the features, writes
them and prints the times. ``handbook`` reads one file of rows, the others a data set's folder.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from payloom.features.catalogue import EVERYTHING, build_features
from payloom.features.files import write_features
from payloom.features.history import DAY_MS, History
from payloom.features.past import MICRO, Past

WINDOWS_DAYS = (1, 7, 30)
DELAY_DAYS = 7


class Stopwatch:
    """Prints the CPU and wall seconds of what stands under it, as a line of JSON."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def __enter__(self) -> Self:
        self._start = (time.process_time(), time.perf_counter())
        return self

    def __exit__(self, *_: object) -> None:
        cpu_seconds, wall_seconds = time.process_time() - self._start[0], time.perf_counter() - self._start[1]
        told = {"rows": self._rows, "build_cpu_seconds": cpu_seconds, "build_wall_seconds": wall_seconds}
        sys.stdout.write(json.dumps(told) + "\n")


def equivalents(payments: pl.DataFrame) -> pl.DataFrame:
    """Return the handbook's features: its windows end with the payment itself, ours before it."""
    past = Past(payments)
    amounts = past.micros("amount_usd")
    own = amounts[past.rows]
    columns = [
        past.column("transaction_id"),
        past.column("amount_usd"),
        past.select((pl.col("event_time").dt.weekday() >= 6).cast(pl.Int8).alias("weekend")),
        past.select((pl.col("event_time").dt.hour() <= 6).cast(pl.Int8).alias("night")),
    ]
    # A window of pandas is open at its beginning and closed at its end, ours the other way round: one millisecond.
    customer = past.history("customer_id")
    for days in WINDOWS_DAYS:
        count = customer.count(days * DAY_MS - 1) + 1
        mean = (customer.total(amounts, days * DAY_MS - 1) + own) / count / MICRO
        columns += [pl.Series(f"customer_count_{days}d", count), pl.Series(f"customer_mean_{days}d", mean)]
    places, late_ms = past.codes("merchant_id"), DELAY_DAYS * DAY_MS - 1
    fraud = past.column("is_fraud").to_numpy()
    place = past.history("merchant_id")
    frauds = History(places[fraud], past.time_ms[fraud], places[past.rows], past.time_ms[past.rows])
    for days in WINDOWS_DAYS:
        count = place.count(days * DAY_MS, delay_ms=late_ms)
        known = frauds.count(days * DAY_MS, delay_ms=late_ms)
        risk = np.divide(known, count, out=np.zeros(len(count)), where=count > 0)
        columns += [pl.Series(f"place_count_{days}d", count), pl.Series(f"place_risk_{days}d", risk)]
    return pl.DataFrame(columns)


def main(what: str, source: str, out: str) -> None:
    """Read, time, write."""
    if what == "handbook":
        rows = pl.read_parquet(source)
        with Stopwatch(len(rows)):
            made = equivalents(rows)
        made.write_parquet(out)
        return
    payments = pl.scan_parquet(f"{source}/payments/**/*.parquet", hive_partitioning=False)
    reports = pl.scan_parquet(f"{source}/fraud_labels/**/*.parquet", hive_partitioning=False)
    with Stopwatch(payments.select(pl.len()).collect().item()):
        if what == "frame":
            build_features(payments, reports, groups=EVERYTHING)
        else:
            write_features(payments, reports, Path(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
