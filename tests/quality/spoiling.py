"""How faults are made: a change of rows or of parts, and the rule that must notice it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from payloom.quality.dataset import Data
from tests.quality.good_data import Change, as_frame, changed, with_pieces

col = pl.col
FIRST = pl.int_range(pl.len()) < 3
"""Three rows of a part."""


@dataclass(frozen=True)
class Corruption:
    """A fault: what it is called, what it does and which rule names it."""

    name: str
    rule: str
    spoil: Callable[[Data], Data]


def where(column: str, value: pl.Expr, condition: pl.Expr = FIRST) -> Change:
    """Put another value where a condition holds; codes stay codes."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        kind = frame.schema[column]
        coded = kind in (pl.Categorical, pl.Enum)
        old = col(column).cast(pl.String) if coded else col(column)
        new = pl.when(condition).then(value).otherwise(old)
        return frame.with_columns(new.cast(pl.Categorical if coded else kind).alias(column))

    return change


def nth(condition: pl.Expr, rows: int = 3) -> pl.Expr:
    """The first rows in which a condition holds."""
    return condition & (condition.cum_sum() <= rows)


def only_first(table: str, change: Change) -> Callable[[Data], Data]:
    return lambda data: changed(data, table, change, only=0)


def everywhere(table: str, change: Change) -> Callable[[Data], Data]:
    return lambda data: changed(data, table, change)


def drop(table: str, condition: pl.Expr) -> Callable[[Data], Data]:
    """Remove rows, and let the manifests promise what is left: the rows alone would tell."""

    def spoil(data: Data) -> Data:
        spoilt = changed(data, table, lambda frame: frame.filter(~condition))
        pieces = [dataclasses.replace(as_frame(p), rows=as_frame(p).frame.height) for p in spoilt.pieces[table]]
        return with_pieces(spoilt, table, pieces)

    return spoil


def double(table: str) -> Callable[[Data], Data]:
    return only_first(table, lambda frame: pl.concat([frame.head(5), frame]).sort("event_time", maintain_order=True))


def fraud_up(points: float) -> Change:
    """Mark genuine payments as fraud, evenly, so many percentage points of all."""
    every = round(100 / points)
    return where("is_fraud", pl.lit(value=True), pl.int_range(pl.len()) % every == 0)


def moved_part(data: Data) -> Data:
    pieces = [as_frame(piece) for piece in data.pieces["payments"]]
    name = pieces[0].name.replace("month=01", "month=02")
    return with_pieces(data, "payments", [dataclasses.replace(pieces[0], name=name), *pieces[1:]])


def without_last_part(data: Data) -> Data:
    return with_pieces(data, "payments", data.pieces["payments"][:-1])


def refunds_first(data: Data) -> Data:
    """Refunds get the time of the first payment of their part."""
    return changed(
        data, "payments", where("event_time", col("event_time").min(), col("original_transaction_id").is_not_null())
    )


TRANSFER = col("transaction_type") == "transfer"
PURCHASE = col("transaction_type") == "purchase"
CARD = col("card_id").is_not_null()
REFUND = col("original_transaction_id").is_not_null()
UNKNOWN = pl.lit(5)


def payments(name: str, rule: str, change: Change, *, all_parts: bool = False) -> Corruption:
    return Corruption(name, f"payments.{rule}", (everywhere if all_parts else only_first)("payments", change))


def labels(name: str, rule: str, change: Change) -> Corruption:
    return Corruption(name, f"fraud_labels.{rule}", only_first("fraud_labels", change))
