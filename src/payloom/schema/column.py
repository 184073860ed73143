"""What a column and a table are; the one declaration that everything else reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

Kind = Literal[
    "int64",
    "int32",
    "int16",
    "float64",
    "float32",
    "bool",
    "string",
    "enum",
    "timestamp",
    "date",
]
Role = Literal["key", "reference", "time", "feature", "outcome", "label", "attribute"]
Encoding = Literal["dictionary", "plain", "delta"]

NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its type, unit, null rule, standard and use.

    Attributes
    ----------
    name : str
        Column name.
    kind : Kind
        Logical type. ``timestamp`` is microseconds in UTC, ``enum`` is a small
        integer into `codes`.
    description : str
        What the value means, one line.
    null : str
        When the value is missing; ``"never"`` makes the column required.
    unit : str
        Unit of the value; empty for codes and tokens.
    standard : str
        Standard and element that define the value.
    role : Role
        ``key`` identifies the row, ``reference`` another row, ``feature`` may be given
        to a model, ``outcome`` is the issuer's answer, ``label`` is the target.
    known : {"before", "after"}
        Whether the value exists when the issuer decides, or only later.
    codes : tuple of str
        Values of an enum, in code order.
    codes_open : bool
        Whether a plug-in may add values that `codes` does not list.
    index_bits : {8, 16}
        Width of an enum's code.
    missing : str
        Key of the ``[missing]`` section with this column's rate of random nulls.
    encoding : Encoding
        How Parquet stores it best.
    """

    name: str
    kind: Kind
    description: str
    null: str = NEVER
    unit: str = ""
    standard: str = ""
    role: Role = "attribute"
    known: Literal["before", "after"] = "before"
    codes: tuple[str, ...] = ()
    codes_open: bool = False
    index_bits: Literal[8, 16] = 8
    missing: str = ""
    encoding: Encoding = "plain"

    @property
    def nullable(self) -> bool:
        """Whether the column may hold nulls."""
        return self.null != NEVER

    @property
    def type_text(self) -> str:
        """Type as documents write it, such as ``timestamp(us, UTC)``."""
        return "timestamp(us, UTC)" if self.kind == "timestamp" else self.kind

    def arrow_type(self) -> pa.DataType:
        """Return the Arrow type; an enum is a dictionary of strings."""
        import pyarrow as pa  # noqa: PLC0415 - slow to import

        if self.kind == "enum":
            index = pa.int8() if self.index_bits == 8 else pa.int16()
            return pa.dictionary(index, pa.string())
        if self.kind == "timestamp":
            return pa.timestamp("us", tz="UTC")
        if self.kind == "date":
            return pa.date32()
        return pa.type_for_alias(self.kind)

    def polars_type(self) -> pl.DataType:
        """Return the Polars type; an enum that a plug-in may extend is a string."""
        import polars as pl  # noqa: PLC0415 - slow to import

        if self.kind == "enum":
            return pl.String() if self.codes_open else pl.Enum(self.codes)
        simple: dict[str, pl.DataType] = {
            "int64": pl.Int64(),
            "int32": pl.Int32(),
            "int16": pl.Int16(),
            "float64": pl.Float64(),
            "float32": pl.Float32(),
            "bool": pl.Boolean(),
            "string": pl.String(),
            "timestamp": pl.Datetime("us", "UTC"),
            "date": pl.Date(),
        }
        return simple[self.kind]

    def as_dict(self) -> dict[str, Any]:
        """Return the declaration as plain values for JSON."""
        return {
            "name": self.name,
            "type": self.type_text,
            "nullable": self.nullable,
            "null": self.null,
            "unit": self.unit,
            "standard": self.standard,
            "role": self.role,
            "known": self.known,
            "codes": list(self.codes),
            "codes_open": self.codes_open,
            "missing": self.missing,
            "encoding": self.encoding,
            "description": self.description,
        }


@dataclass(frozen=True)
class Table:
    """One table of the data set.

    Attributes
    ----------
    name : str
        Table name, also its folder.
    description : str
        What one row is.
    columns : tuple of Column
        Columns in file order.
    sort_by : tuple of str
        Columns that order the rows.
    by_month : bool
        Whether files lie in ``year=YYYY/month=MM`` folders.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    sort_by: tuple[str, ...]
    by_month: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in file order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name.

        Raises
        ------
        KeyError
            If the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def encoded(self, encoding: Encoding) -> tuple[str, ...]:
        """Return the names of the columns that want this Parquet encoding."""
        return tuple(c.name for c in self.columns if c.encoding == encoding)

    def arrow_schema(self) -> pa.Schema:
        """Return the Arrow schema: names, types and null flags, no metadata."""
        import pyarrow as pa  # noqa: PLC0415 - slow to import

        return pa.schema([pa.field(c.name, c.arrow_type(), nullable=c.nullable) for c in self.columns])

    def polars_schema(self) -> pl.Schema:
        """Return the Polars schema, in which a code is a ``pl.Enum``."""
        import polars as pl  # noqa: PLC0415 - slow to import

        return pl.Schema({c.name: c.polars_type() for c in self.columns})

    def as_dict(self) -> dict[str, Any]:
        """Return the declaration as plain values for JSON."""
        return {
            "name": self.name,
            "description": self.description,
            "sort_by": list(self.sort_by),
            "by_month": self.by_month,
            "columns": [column.as_dict() for column in self.columns],
        }
