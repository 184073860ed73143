"""Days, months and epochs of a world's period; a day is its number since 1970-01-01 (UTC)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

EPOCH_DATE = date(1970, 1, 1)
DAY_US = 86_400_000_000
"""Microseconds in a UTC day."""

MAX_EPOCHS = 24
"""Customers join and leave at the borders of at most this many epochs of whole months."""


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH_DATE).days


def day_date(number: int) -> date:
    """Calendar date of a day number."""
    return EPOCH_DATE + timedelta(days=number)


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month of the period, cut to it.

    Attributes
    ----------
    year, month
        Calendar year and month, 1 to 12.
    first_day, end_day
        Day numbers; `end_day` is exclusive.
    """

    year: int
    month: int
    first_day: int
    end_day: int


@dataclass(frozen=True, slots=True)
class Period:
    """The world's period.

    Attributes
    ----------
    first_day, end_day
        Day numbers; `end_day` is exclusive.
    months
        Calendar months that the period touches, in order.
    months_per_epoch
        Whole months in an epoch of customer growth and churn.
    """

    first_day: int
    end_day: int
    months: tuple[Month, ...]
    months_per_epoch: int

    @classmethod
    def between(cls, start: date, end: date) -> Period:
        """Lay out the period from `start` to `end`, exclusive."""
        months: list[Month] = []
        day = start
        while day < end:
            following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            months.append(Month(day.year, day.month, day_number(day), day_number(min(following, end))))
            day = following
        return cls(day_number(start), day_number(end), tuple(months), -(-len(months) // MAX_EPOCHS))

    @property
    def days(self) -> int:
        """Number of days."""
        return self.end_day - self.first_day

    @property
    def epochs(self) -> int:
        """Number of epochs."""
        return -(-len(self.months) // self.months_per_epoch)

    def month_index(self, day: int) -> int:
        """Index of the month that holds a day; days outside count with the nearest month."""
        when = day_date(min(max(day, self.first_day), self.end_day - 1))
        first = self.months[0]
        return (when.year - first.year) * 12 + when.month - first.month

    def epoch_of_month(self, month_index: int) -> int:
        """Index of the epoch that holds a month; months outside count with the nearest epoch."""
        return min(max(month_index // self.months_per_epoch, 0), self.epochs - 1)

    def epoch_first_day(self, epoch: int) -> int:
        """First day of an epoch; of the one after the last, the period's end."""
        month = epoch * self.months_per_epoch
        return self.months[month].first_day if month < len(self.months) else self.end_day
