"""Whatever spoils a good data set is caught, and the right rule is named."""

from __future__ import annotations

import polars as pl
import pytest

from payloom.quality.values import code_kind
from payloom.schema import PAYMENTS, TABLES
from tests.counts import FULL
from tests.quality.corruptions import CORRUPTIONS
from tests.quality.good_data import changed, failed, good, results
from tests.quality.spoiling import where

QUICK = (
    "columns change places", "a part is in another month", "a day is missing", "yen have two decimals",
    "a code is unknown", "rows come twice", "a card is unknown", "refunds come first", "labels lead nowhere",
    "fraud rate + .2 %", "hours are shifted", "nothing is declined",
    "amounts of a month * 100", "devices of a day are lost", "a part is cut and its manifest written again",
    "schemes are other ones everywhere", "accounts close on their second day",
)  # fmt: skip
"""What `make test` tries; `make test-full` tries everything."""

TRIED = [one for one in CORRUPTIONS if FULL or one.name in QUICK]
COLUMNS = [column for column in PAYMENTS.columns if FULL or column.name in ("event_time", "mcc", "amount_minor")]


def test_good_data_passes() -> None:
    """What is spoilt below was good before."""
    assert failed(good()) == []


def test_enough_ways_to_spoil() -> None:
    """There are more than forty, each with a name of its own, and the quick ones exist."""
    names = [one.name for one in CORRUPTIONS]
    assert len(names) == len(set(names)) >= 40
    assert set(QUICK) <= set(names)


@pytest.mark.parametrize("corruption", TRIED, ids=lambda one: one.name)
def test_corruption_is_caught(corruption) -> None:
    """The rule that is about this fault fails, and says what it found."""
    found = results(corruption.spoil(good()))[corruption.rule]
    assert found.verdict == "failed", (found.expected, found.found, found.skipped)
    assert found.expected
    assert found.found


@pytest.mark.parametrize("other", [pl.Int32, pl.Float64, pl.String, pl.Boolean])
@pytest.mark.parametrize("table", TABLES.values() if FULL else [TABLES["cards"]], ids=lambda table: table.name)
def test_other_types_in_any_table_are_caught(table, other) -> None:
    """A table that somebody wrote with other types gets a verdict, whatever leads to it."""
    spoilt = changed(
        good(),
        table.name,
        lambda frame: frame.with_columns(pl.all().exclude(table.names[1:]).cast(other, strict=False)),
    )
    assert f"{table.name}.{table.names[0]}.type" in failed(spoilt)
    every = changed(
        good(),
        table.name,
        lambda frame: frame.with_columns(pl.lit(None, dtype=other).alias(name) for name in table.names),
    )
    assert f"{table.name}.{table.names[0]}.type" in failed(every)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_another_type_is_caught(column) -> None:
    """A column of each kind that is stored in another type fails the rule of its type."""
    other = pl.Float64 if column.kind in ("string", "int64") else pl.Int64
    spoilt = changed(
        good(), "payments", lambda frame: frame.with_columns(pl.lit(0).cast(other).alias(column.name)), only=0
    )
    assert f"payments.{column.name}.type" in failed(spoilt)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_a_lost_value_is_caught(column) -> None:
    """Nulls in a column that never has them, or everywhere in one that has some, fail a rule of that column."""
    spoilt = changed(
        good(),
        "payments",
        lambda frame: frame.with_columns(pl.lit(None).cast(frame.schema[column.name]).alias(column.name)),
    )
    rules = [name for name in failed(spoilt) if name.startswith(f"payments.{column.name}.")]
    special = {"original_transaction_id": ("null_rule",), "longitude": ("together",)}
    checks = special.get(column.name, ("not_null", "null_rule", "missing", "together"))
    assert any(name.endswith(checks) for name in rules), rules


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (t, c)
        for t in TABLES.values()
        for c in t.columns
        if code_kind(c, ours=True) == "set" and (FULL or c.name == "mcc")
    ],
    ids=lambda one: one.name,
)
def test_a_foreign_code_is_caught(table, column) -> None:
    """A code outside its set fails the rule of the codes of that column, in each table."""
    change = where(column.name, pl.lit("??"), pl.col(column.name).is_not_null())
    assert f"{table.name}.{column.name}.codes" in failed(changed(good(), table.name, change, only=0))


def test_examples_are_the_rows_that_break_it() -> None:
    """A failed rule shows up to five of the spoilt rows, with their key and their file."""
    spoilt = changed(good(), "payments", where("amount_minor", pl.lit(-5), pl.int_range(pl.len()) < 9), only=0)
    found = results(spoilt)["payments.amount_minor.range"]
    assert found.observed == 9
    assert len(found.examples) == 5
    for row in found.examples:
        assert row["amount_minor"] == -5
        assert row["file"] == spoilt.pieces["payments"][0].name
        assert isinstance(row["transaction_id"], int)
