"""The test period as the metrics see it: which day, which card, which slice each row belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from payloom.baseline.resample import day_weights
from payloom.baseline.results import SliceKind
from payloom.baseline.rows import DAY_US, NEVER_US, BaselineRows
from payloom.features.history import Bools, Floats, Ints


@dataclass(frozen=True)
class Part:
    """A slice of the period: its rows, to which genuine rows of all slices are added where it is a kind of fraud."""

    by: SliceKind
    name: str
    rows: Bools


@dataclass(frozen=True)
class Period:
    """Rows of the test period.

    Attributes
    ----------
    fraud, at_risk_usd, card
        As in `BaselineRows`.
    day
        Number of the day (UTC) of each row, from 0, without days that have no row.
    days
        How many there are.
    weights
        How often each day counts in each resample.
    unknown_card
        Rows whose card nobody had reported before that day.
    parts
        The slices.
    """

    fraud: Bools
    at_risk_usd: Floats
    card: pl.Series
    day: Ints
    days: int
    weights: Floats
    unknown_card: Bools
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, rows: BaselineRows) -> Self:
        """Look at the test rows."""
        dates, day = np.unique(rows.time_us[rows.test] // DAY_US, return_inverse=True)
        fraud = rows.fraud[rows.test]
        return cls(
            fraud=fraud,
            at_risk_usd=rows.at_risk_usd[rows.test],
            card=rows.card[rows.test],
            day=day.astype(np.int64),
            days=len(dates),
            weights=day_weights(len(dates)),
            unknown_card=_first_report_us(rows)[rows.test] > dates[day] * DAY_US,
            parts=tuple(_parts(rows, fraud)),
        )

    @property
    def has_amounts(self) -> bool:
        """Whether the amounts of all rows are known."""
        return bool(np.isfinite(self.at_risk_usd).all())


def day_numbers(rows: BaselineRows) -> Ints:
    """Number the days (UTC) of the test rows from 0."""
    return np.unique(rows.time_us[rows.test] // DAY_US, return_inverse=True)[1].astype(np.int64)


def _first_report_us(rows: BaselineRows) -> Ints:
    """When the card of each row was reported first; every reported row is among the rows."""
    frame = pl.DataFrame({"card": rows.card, "reported": rows.reported_us})
    first = frame.select(pl.col("reported").min().over("card")).to_series().fill_null(NEVER_US)
    return first.to_numpy()


def _parts(rows: BaselineRows, fraud: Bools) -> Iterator[Part]:
    typology, channel = rows.typology[rows.test], rows.channel[rows.test]
    for name in typology.filter(pl.Series(fraud)).drop_nulls().unique().sort().to_list():
        yield Part("typology", name, fraud & _equal(typology, name))
    for name in channel.drop_nulls().unique().sort().to_list():
        yield Part("channel", name, _equal(channel, name))
    month = pl.Series(rows.time_us[rows.test]).cast(pl.Datetime("us")).dt.strftime("%Y-%m")
    for name in month.unique().sort().to_list():
        yield Part("month", name, _equal(month, name))


def _equal(values: pl.Series, name: str) -> Bools:
    return (values == name).fill_null(value=False).to_numpy()
