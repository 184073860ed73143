"""What other people call payloom's columns: a TOML file that is read, checked and applied to their data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Self

import polars as pl

from payloom.config.near import did_you_mean
from payloom.config.shown import shown_value
from payloom.config.toml_file import read_toml
from payloom.errors import ConfigError, Problem
from payloom.reference import load_currencies
from payloom.schema import PAYMENTS

SECTIONS: Final = ("columns", "constants", "values", "units")
_PER_SECOND: Final = {"s": 1_000_000, "ms": 1_000, "us": 1}
_TRUE: Final = ("1", "true", "yes", "y", "fraud", "t")
MINOR_PER_DOLLAR: Final = 100.0
_ID_BITS: Final = 53
"""Hashes of textual ids have as many bits as payloom's ids."""


@dataclass(frozen=True)
class Mapping:
    """How to read data of others.

    Attributes
    ----------
    columns
        Their column by our name.
    constants
        Value by our name, for what is the same in every row.
    values
        By our name: our value by theirs.
    amount_scale
        Minor units for one unit of their amount.
    time_unit, time_start
        Of a time that is a number: ``s``, ``ms`` or ``us`` since `time_start`.
    """

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    amount_scale: float = 1.0
    time_unit: str = "s"
    time_start: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a mapping.

        Raises
        ------
        ConfigError
            With every problem of the file.
        """
        tables = read_toml(file)
        problems = list(_problems(tables))
        units = tables.get("units", {})
        start = units.get("event_time_start", datetime(1970, 1, 1, tzinfo=UTC))
        if problems:
            raise ConfigError(problems, hint="docs/realism.md shows mappings for two public data sets")
        moment = start if isinstance(start, datetime) else datetime(start.year, start.month, start.day)  # noqa: DTZ001
        return cls(
            columns=tables.get("columns", {}),
            constants=tables.get("constants", {}),
            values=tables.get("values", {}),
            amount_scale=float(units.get("amount_minor", 1)),
            time_unit=units.get("event_time", "s"),
            time_start=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        )

    def apply(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Return their rows under our names and types; columns that are not named stay as they are.

        Raises
        ------
        ConfigError
            If a column that the mapping names does not exist.
        """
        schema = frame.collect_schema()
        missing = [(ours, theirs) for ours, theirs in self.columns.items() if theirs not in schema]
        if missing:
            allowed = "the data has no such column"
            raise ConfigError(
                Problem(f"columns.{ours}", shown_value(theirs), allowed, _near(theirs, schema))
                for ours, theirs in missing
            )
        sources = {name: name for name in schema if name in PAYMENTS.names} | self.columns
        taken = [self._read(ours, pl.col(theirs), schema[theirs]).alias(ours) for ours, theirs in sources.items()]
        fixed = [_constant(ours, value) for ours, value in self.constants.items()]
        left = [name for name in schema if name not in {*sources, *sources.values(), *self.constants}]
        return _with_both_amounts(frame.select(*taken, *fixed, *left))

    def _read(self, ours: str, theirs: pl.Expr, kind: pl.DataType) -> pl.Expr:
        """Return their column in our type."""
        if ours in self.values:
            known = {str(key): value for key, value in self.values[ours].items()}
            theirs, kind = theirs.cast(pl.String).replace_strict(known, default=theirs.cast(pl.String)), pl.String()
        wanted = PAYMENTS.column(ours).kind
        if ours == "event_time":
            return self._time(theirs, kind)
        if ours == "amount_minor":
            # Money of others is often in units with decimals: half a cent must not cut a cent off.
            return (theirs.cast(pl.Float64) * self.amount_scale).round().cast(pl.Int64)
        if wanted == "bool":
            return theirs if kind == pl.Boolean else theirs.cast(pl.String).str.to_lowercase().is_in(_TRUE)
        if wanted in ("int64", "int32", "int16"):
            return theirs.cast(pl.Int64) if kind.is_integer() else _hashed(theirs)
        if wanted in ("float64", "float32"):
            return theirs.cast(pl.Float64)
        return theirs.cast(pl.String).cast(pl.Categorical)

    def _time(self, theirs: pl.Expr, kind: pl.DataType) -> pl.Expr:
        if kind.is_numeric():
            since_us = (theirs.cast(pl.Float64) * _PER_SECOND[self.time_unit]).cast(pl.Int64)
            start_us = int(self.time_start.timestamp() * 1_000_000)
            return (since_us + start_us).cast(pl.Datetime("us", "UTC"))
        if kind == pl.String:
            return theirs.str.to_datetime(time_unit="us", time_zone="UTC")
        if isinstance(kind, pl.Datetime) and kind.time_zone:
            return theirs.cast(pl.Datetime("us", kind.time_zone)).dt.convert_time_zone("UTC")
        return theirs.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _hashed(theirs: pl.Expr) -> pl.Expr:
    """Return an integer for an id that is text, or a number with a fraction; missing stays missing."""
    hashed = (theirs.cast(pl.String).hash() % 2**_ID_BITS).cast(pl.Int64)
    return pl.when(theirs.is_not_null()).then(hashed)


def _constant(ours: str, value: Any) -> pl.Expr:
    return pl.lit(value, dtype=pl.Categorical() if isinstance(value, str) else None).alias(ours)


def _with_both_amounts(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Give dollars for minor units and the reverse, where only one is there; without a currency they are dollars."""
    names = frame.collect_schema().names()
    minor_per_usd = pl.lit(MINOR_PER_DOLLAR)
    if "currency" in names:
        rates = {code: currency.minor_per_usd for code, currency in load_currencies().items()}
        minor_per_usd = pl.col("currency").cast(pl.String).replace_strict(rates, default=None, return_dtype=pl.Float64)
    if "amount_minor" in names and "amount_usd" not in names:
        return frame.with_columns(amount_usd=pl.col("amount_minor") / minor_per_usd)
    if "amount_usd" in names and "amount_minor" not in names:
        # What is no amount (NaN, infinite, beyond an integer) has no minor units; the gate names it.
        minor = (pl.col("amount_usd") * minor_per_usd).round().cast(pl.Int64, strict=False)
        return frame.with_columns(amount_minor=minor)
    return frame


def _problems(tables: dict[str, Any]) -> list[Problem]:
    problems = []
    for name, table in tables.items():
        if name not in SECTIONS or not isinstance(table, dict):
            problems.append(
                Problem(name, "", f"expected one of the tables {', '.join(SECTIONS)}", did_you_mean(name, SECTIONS))
            )
    sections = {name: table for name, table in tables.items() if isinstance(table, dict)}
    for section in ("columns", "constants", "values"):
        for ours in sections.get(section, {}):
            if ours not in PAYMENTS.names:
                allowed = "payments have no such column; payloom schema --table payments lists them"
                problems.append(Problem(f"{section}.{ours}", "", allowed, did_you_mean(ours, PAYMENTS.names)))
    for ours, theirs in sections.get("columns", {}).items():
        if not isinstance(theirs, str):
            problems.append(Problem(f"columns.{ours}", shown_value(theirs), "expected the name of a column, in quotes"))
    for ours, known in sections.get("values", {}).items():
        if not isinstance(known, dict):
            problems.append(Problem(f"values.{ours}", shown_value(known), "expected a table: theirs = ours"))
    return [*problems, *_unit_problems(sections.get("units", {}))]


def _unit_problems(units: dict[str, Any]) -> list[Problem]:
    checks: dict[str, tuple[Callable[[Any], bool], str]] = {
        "amount_minor": (lambda v: isinstance(v, int | float) and v > 0, "expected minor units for one of theirs: 100"),
        "event_time": (lambda v: v in _PER_SECOND, "expected s, ms or us"),
        "event_time_start": (lambda v: isinstance(v, date), "expected a day or a time, such as 2013-09-01"),
    }
    problems = []
    for name, value in units.items():
        if name not in checks:
            problems.append(
                Problem(f"units.{name}", "", f"expected one of {', '.join(checks)}", did_you_mean(name, checks))
            )
        elif not checks[name][0](value):
            problems.append(Problem(f"units.{name}", shown_value(value), checks[name][1]))
    return problems


def _near(name: str, schema: pl.Schema) -> str:
    return did_you_mean(name, schema.names()) or f"it has {', '.join(schema.names()[:8])}"
