"""The pass over all rows: every rule of single rows, every count, in batches of bounded size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final

import polars as pl

from payloom.quality.agreement import agreement_rules
from payloom.quality.links import Sides, joined, link_rules, sides
from payloom.quality.lookup import Lookup
from payloom.quality.margins import Profile
from payloom.quality.nulls import missing_share, null_rules
from payloom.quality.pieces import Piece, UnreadableError, in_declared_types, usable_columns, with_codes
from payloom.quality.rule import EXAMPLES_MAX, Declared, RowRule, Rule
from payloom.quality.tally import Tally
from payloom.quality.values import UNKNOWN_CODE, code_kind, value_rules
from payloom.schema import PAYMENTS, Table

EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()

POINTED_AT: Final = (
    "transaction_id", "event_time", "is_fraud", "response_code", "transaction_type", "account_id", "customer_id",
    "merchant_id", "currency", "amount_minor",
)  # fmt: skip
"""What is kept of payments that a refund or a label names."""

MISSING_AT_RANDOM: Final = {"mcc": "mcc", "device_id": "device_id", "latitude": "latitude"}
"""Columns whose values are missing at random, with their settings in ``[missing]``."""

SHOWN_FIRST: Final = ("transaction_id", "event_time")


def readable_rule(table: str) -> Rule:
    """Return the rule that files can be read."""
    holds = "every file can be read, and the checksum of every page is right"
    return Rule(f"{table}.readable", table, (), "structure", holds, "files that can't be read")


def sorted_rule(table: Table) -> Rule:
    """Return the rule of the order of rows."""
    by = ", ".join(table.sort_by)
    holds = f"rows of each file are sorted by {by}"
    return Rule(f"{table.name}.{table.sort_by[0]}.sorted", table.name, table.sort_by, "structure", holds)


def partition_rule(table: Table) -> Rule:
    """Return the rule that rows lie in the folder of their month."""
    holds = "rows lie in the folder of the year and month of their event_time"
    return Rule(f"{table.name}.event_time.partition", table.name, ("event_time",), "structure", holds)


def period_rule(table: Table) -> Rule:
    """Return the rule that times lie in the covered days."""
    holds = "event_time lies in the days that the manifests cover"
    return Rule(f"{table.name}.event_time.period", table.name, ("event_time",), "structure", holds)


def row_rules(table: Table, *, ours: bool) -> list[RowRule]:
    """Return every rule that rows of a table keep or break one by one."""
    rules = null_rules(table, ours=ours) + value_rules(table, ours=ours) + agreement_rules(table.name, ours=ours)
    return rules + (link_rules(table.name) if ours else [])


@dataclass(frozen=True)
class Scan:
    """How the pieces of one table are looked at.

    Attributes
    ----------
    table
        The table.
    declared
        What the data set says of itself.
    targets
        Tables of entities, for links.
    wanted_ids
        Payments that refunds and labels name.
    every
        A row in so many goes into the sample; 0 for none.
    only_sample
        Whether rules are measured on the sample alone.
    """

    table: Table
    declared: Declared
    targets: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    wanted_ids: pl.Series | None = None
    every: int = 0
    only_sample: bool = False

    @cached_property
    def wanted(self) -> Lookup | None:
        """Finds what is pointed at."""
        return None if self.wanted_ids is None else Lookup(self.wanted_ids)

    @cached_property
    def sides(self) -> Sides:
        """What is joined to every batch."""
        return sides(self.table.name, self.targets)

    def look(self, piece: Piece) -> Tally:
        """Read a piece to its end and return what was counted; a damaged one breaks `readable_rule`."""
        tally = Tally()
        reading = _Reading(self, piece, tally)
        try:
            reading.read()
        except UnreadableError as error:
            tally.broken(readable_rule(self.table.name).name, 1, [{"file": piece.name, "cause": str(error)}])
        else:
            tally.broken(readable_rule(self.table.name).name, 0)
        tally.profile = Profile.merged(reading.profiles)
        return tally


class _Reading:
    """One piece on its way through the rules."""

    def __init__(self, scan: Scan, piece: Piece, tally: Tally) -> None:
        self._scan, self._piece, self._tally = scan, piece, tally
        self._table, self._ours = scan.table, scan.declared.ours
        self._last: Any = None
        self._seen = 0
        self.profiles: list[Profile] = []

    def read(self) -> None:
        kept = usable_columns(self._piece, self._table)
        sets = [c.name for c in self._table.columns if code_kind(c, ours=self._ours) == "set" and c.name in kept]
        flags = {name: UNKNOWN_CODE.format(name) for name in sets}
        rules: list[RowRule] | None = None
        for stored in self._piece.batches(kept):
            batch = in_declared_types(stored, self._table)
            sample = batch if not self._scan.every else self._every(batch)
            if self._scan.every:
                self._tally.sample.append(sample)
            frame = with_codes(sample if self._scan.only_sample else batch, self._table, flags)
            frame = joined(frame, self._scan.sides)
            if rules is None:
                rules = self._applicable(frame.columns)
            self._measure(frame, rules)
            self._count(frame)

    def _every(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Take every n-th row: a sample in proportion to each file and each day."""
        start = -self._seen % self._scan.every
        self._seen += batch.height
        taken = batch.gather_every(self._scan.every, start)
        # Texts are written anew: as views they would hold all columns of the batch as long as the sample.
        return taken.with_columns(pl.col(pl.String) + "")

    def _applicable(self, columns: Sequence[str]) -> list[RowRule]:
        """Return the rules whose columns are there, those of joined tables included."""
        there = set(columns)
        rules = row_rules(self._table, ours=self._ours)
        return [rule for rule in rules if {*rule.rule.columns, *rule.breaks.meta.root_names()} <= there]

    def _measure(self, frame: pl.DataFrame, rules: list[RowRule]) -> None:
        sums = frame.lazy().select(r.breaks.sum().cast(pl.Int64).alias(r.rule.name) for r in rules).collect()
        counts = sums.row(0, named=True) if rules else {}
        for row_rule in rules:
            name, broken = row_rule.rule.name, int(counts[row_rule.rule.name] or 0)
            shown: list[dict[str, Any]] = []
            if broken and self._tally.wants_example(name):
                shown = self._examples(frame.filter(row_rule.breaks).head(EXAMPLES_MAX), row_rule.rule)
            self._tally.broken(name, broken, shown)

    def _examples(self, frame: pl.DataFrame, rule: Rule) -> list[dict[str, Any]]:
        first = [*self._table.sort_by, *SHOWN_FIRST, *(c.name for c in self._table.columns if c.role == "key")]
        columns = [name for name in dict.fromkeys([*first, *rule.columns]) if name in frame.columns]
        return [{**row, "file": self._piece.name} for row in frame.select(columns).rows(named=True)]

    def _count(self, frame: pl.DataFrame) -> None:
        tally, table = self._tally, self._table
        tally.rows += frame.height
        for column in table.columns:
            if column.role == "key" and column.name in frame.columns and frame.schema[column.name].is_integer():
                # A copy: a view would hold all columns of the batch as long as the ids.
                tally.keys.append(frame[column.name].drop_nulls().cast(pl.Int64).to_numpy().copy())
                break
        if self._ours:
            self._order(frame)
        if "event_time" in frame.columns:
            self._times(frame)
        if "is_fraud" in frame.columns:
            tally.frauds += int(frame["is_fraud"].sum() or 0)
        if table is PAYMENTS:
            self._payments(frame)
        if table.name == "fraud_labels" and "typology" in frame.columns:
            tally.typologies.update(dict(frame["typology"].drop_nulls().value_counts(name="n").iter_rows()))

    def _order(self, frame: pl.DataFrame) -> None:
        by = self._table.sort_by[0]
        rule = sorted_rule(self._table)
        if by not in frame.columns or self._scan.only_sample or not frame.height:
            return
        value = frame[by]
        wrong = value < value.shift(1, fill_value=self._last)
        self._last = value[-1]
        count = int(wrong.sum() or 0)
        self._tally.broken(
            rule.name, count, self._examples(frame.filter(wrong).head(EXAMPLES_MAX), rule) if count else []
        )

    def _times(self, frame: pl.DataFrame) -> None:
        day = frame["event_time"].dt.date()
        found = day.drop_nulls().to_physical().value_counts(name="n")
        self._tally.days.update({EPOCH_ORDINAL + int(day): n for day, n in found.iter_rows()})
        if self._piece.month is not None:
            year, month = self._piece.month
            first = date(year, month, 1)
            end = date(year + month // 12, month % 12 + 1, 1)
            self._outside(frame, partition_rule(self._table), day, ((first.toordinal(), end.toordinal()),))
        if self._scan.declared.days:
            self._outside(frame, period_rule(self._table), day, self._scan.declared.days)

    def _outside(self, frame: pl.DataFrame, rule: Rule, day: pl.Series, ranges: tuple[tuple[int, int], ...]) -> None:
        number = day.to_physical() + EPOCH_ORDINAL
        inside = pl.Series([False]).new_from_index(0, frame.height)
        for first, end in ranges:
            inside = inside | number.is_between(first, end - 1)
        outside = ~inside
        count = int(outside.sum() or 0)
        self._tally.broken(
            rule.name, count, self._examples(frame.filter(outside).head(EXAMPLES_MAX), rule) if count else []
        )

    def _payments(self, frame: pl.DataFrame) -> None:
        tally = self._tally
        self.profiles.append(Profile.of(frame, days=self._ours))
        if self._ours:
            for column in MISSING_AT_RANDOM:
                needs, may = missing_share(column)
                if {column, "event_time", *needs} <= set(frame.columns):
                    self._missing(frame, column, may)
        kept = [name for name in POINTED_AT if name in frame.columns]
        if self._scan.wanted is not None and "transaction_id" in frame.columns:
            named = self._scan.wanted.rows(frame["transaction_id"]).is_not_null()
            tally.wanted.append(frame.select(kept).filter(named))
        if "original_transaction_id" in frame.columns:
            refunds = frame.select("original_transaction_id", *kept)
            tally.pointing.append(refunds.filter(pl.col("original_transaction_id").is_not_null()))

    def _missing(self, frame: pl.DataFrame, column: str, may: pl.Expr) -> None:
        """Count by day where a value may be missing at random, and where it is."""
        lost = pl.col(column).is_null().sum().cast(pl.Int64)
        day = pl.col("event_time").dt.date().to_physical().alias("day")
        found = frame.lazy().filter(may).group_by(day).agg(pl.len(), lost).drop_nulls().collect()
        for number, rows, missing in found.iter_rows():
            self._tally.eligible[column, EPOCH_ORDINAL + number] += rows
            self._tally.missing[column, EPOCH_ORDINAL + number] += missing
