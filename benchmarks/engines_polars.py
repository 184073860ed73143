"""What a Polars lazy frame can say of a payment: every column of the table a hash of the row's number, then Parquet.

The columns have the names, types and codes of `payments`, and nothing else of them: no customer has a card, no round of
shopping looks back, no total is kept.
"""

from __future__ import annotations

import argparse
import sys
from functools import reduce

import polars as pl

from payloom.schema import PAYMENTS, Column

GROUP_ROWS = 524_288
YEAR_US = 365 * 86_400 * 10**6
START_US = 1_735_689_600 * 10**6
NULL_SHARE = 0.4


def column(declared: Column, seed: int, rows: int) -> pl.Expr:
    """Make a column of the declared type out of hashes of the row's number."""
    drawn = pl.col("row").hash(seed)
    share = drawn.cast(pl.Float64) * 2.0**-64
    match declared.kind:
        case "timestamp":
            value = (START_US + pl.col("row") * (YEAR_US // rows)).cast(pl.Datetime("us", "UTC"))
        case "enum":
            codes = len(declared.codes)
            index = pl.UInt8 if codes < 256 else pl.UInt16
            value = (drawn % codes).cast(index).cat.to(pl.Enum(declared.codes))
        case "bool":
            value = drawn % 100 == 0
        case "string":
            octets = [(drawn // 256**place % 256).cast(pl.String) for place in range(3)]
            value = reduce(lambda text, octet: text + "." + octet, octets, pl.lit("10"))
        case "float32" | "float64":
            value = (share * 1000).round(2).cast(pl.Float32 if declared.kind == "float32" else pl.Float64)
        case kind:
            bits = int(kind.removeprefix("int"))
            value = (drawn % 2 ** min(bits - 1, 53)).cast({16: pl.Int16, 32: pl.Int32, 64: pl.Int64}[bits])
    if declared.null != "never":
        value = pl.when(pl.col("row").hash(seed + 1) % 100 >= round(NULL_SHARE * 100)).then(value)
    return value.alias(declared.name)


def frame(rows: int) -> pl.LazyFrame:
    """Give the whole table, not yet computed."""
    numbers = pl.LazyFrame().select(row=pl.int_range(rows))
    return numbers.select(column(declared, 2 * number, rows) for number, declared in enumerate(PAYMENTS.columns))


def main(arguments: list[str]) -> None:
    """Write the table with one of Polars's engines."""
    parser = argparse.ArgumentParser(prog="benchmarks.engines_polars", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("engine", choices=("streaming", "streaming-any-order", "in-memory"))
    parser.add_argument("rows", type=int)
    parser.add_argument("out")
    options = parser.parse_args(arguments)
    table = frame(options.rows)
    if options.engine == "in-memory":
        table.collect(engine="in-memory").write_parquet(options.out, compression="snappy", row_group_size=GROUP_ROWS)
        return
    table.sink_parquet(
        options.out,
        compression="snappy",
        row_group_size=GROUP_ROWS,
        maintain_order=options.engine == "streaming",
        engine="streaming",
    )


if __name__ == "__main__":
    main(sys.argv[1:])
