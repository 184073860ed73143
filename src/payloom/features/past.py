"""The payments so far and the reports so far, as the features ask for them."""

from __future__ import annotations

from functools import cache, cached_property, lru_cache
from typing import Final

import numpy as np
import polars as pl

from payloom.features.history import DAY_MS, FOREVER_MS, Bools, Floats, History, Ints, first_times

REPORT_DELAY_DAYS: Final = 7
"""Where no report times are known: a week, as in the Fraud Detection Handbook (Worldline and ULB)."""

HISTORIES_KEPT: Final = 3


class Past:
    """All payments in the order of their times, seen from some of them.

    Parameters
    ----------
    payments
        Payments of any order, under payloom's column names.
    reports
        ``transaction_id`` and ``reported_at`` of payments that somebody reported; None if nobody knows. Then every
        fraud counts as reported after a week.
    rows
        Which payments ask, as a mask in the order of `payments`; by default all.
    """

    def __init__(
        self, payments: pl.DataFrame, reports: pl.DataFrame | None = None, rows: pl.Series | None = None
    ) -> None:
        asking = (
            pl.Series("__asking", np.ones(len(payments), dtype=np.bool_)) if rows is None else rows.alias("__asking")
        )
        ordered = payments.with_columns(asking).with_row_index("__row").sort("event_time", "__row")
        self.frame = ordered.drop("__asking", "__row")
        self.reports = reports
        epoch_ms = self.frame["event_time"].dt.epoch("ms").to_numpy()
        self.start_ms = int(epoch_ms[0]) if len(epoch_ms) else 0
        self.time_ms: Ints = epoch_ms - self.start_ms
        self.rows: Ints = np.flatnonzero(ordered["__asking"].to_numpy())
        self.source_rows: Ints = ordered["__row"].to_numpy()[self.rows].astype(np.int64)
        """Row numbers in `payments` of the rows that ask, in the order of time."""
        # Each is computed once, however many features ask for it.
        # A history takes some 60 bytes a row, so only the latest few are kept; features of one key stand together.
        self.history = lru_cache(HISTORIES_KEPT)(self._history)
        self.crossed = lru_cache(HISTORIES_KEPT)(self._crossed)
        self.codes = lru_cache(4 * HISTORIES_KEPT)(self._codes)
        self.is_first = cache(self._is_first)
        self._reports = cache(self._reports_known)

    @property
    def columns(self) -> list[str]:
        """Columns of the payments."""
        return self.frame.columns

    def number(self, name: str) -> Floats:
        """Return a numeric column, nulls as NaN, of all payments."""
        return self.frame[name].cast(pl.Float64).to_numpy()

    @cached_property
    def asking(self) -> pl.DataFrame:
        """Return the rows that ask."""
        return self.frame[self.rows]

    def _codes(self, *names: str) -> Ints:
        """Number the combinations of some columns' values; -1 where one is null."""
        if len(names) == 1:
            values = self.frame[names[0]]
            if isinstance(values.dtype, pl.Categorical | pl.Enum):
                values = values.to_physical()
            ranks = values.rank("dense").cast(pl.Int64)
            return ranks.fill_null(0).to_numpy() - 1
        parts = [self.codes(name) for name in names]
        combined, missing = parts[0].copy(), parts[0] < 0
        for part in parts[1:]:
            combined *= int(part.max(initial=0)) + 1
            combined += part
            missing |= part < 0
        dense = pl.Series(combined).rank("dense").cast(pl.Int64).to_numpy() - 1
        return np.where(missing, -1, dense)

    def _history(self, *names: str) -> History:
        """Return the history of rows with the same values in these columns."""
        return self.view(self.codes(*names))

    def view(self, codes: Ints) -> History:
        """Return the history of rows with the same code; rows with -1 are no events."""
        return History(codes, self.time_ms, codes[self.rows], self.time_ms[self.rows])

    def _is_first(self, *names: str) -> Bools:
        """Say of all payments which are the first with these values."""
        return first_times(self.codes(*names))

    def count(self, key: str, window_ms: int | None = FOREVER_MS) -> Floats:
        """Count earlier payments with the same key."""
        return self.history(key).count(window_ms)

    def total(self, key: str, values: Floats, window_ms: int | None = FOREVER_MS) -> Floats:
        """Sum over earlier payments with the same key."""
        return self.history(key).total(values, window_ms)

    def newcomers(self, key: str, other: str, window_ms: int | None = FOREVER_MS) -> Floats:
        """Count distinct values of another column that came to the key within the window, for the first time ever."""
        return self.total(key, self.is_first(key, other).astype(np.float64), window_ms)

    def is_new(self, key: str, other: str) -> Floats:
        """Say whether the key never had this value of the other column; NaN without either."""
        before = self.history(key, other).count()
        return np.where(np.isnan(before), np.nan, before == 0)

    def _crossed(self, key: str, other: str) -> History:
        """Return the history of *other*, asked for the value that *key* has; both are ids of the same kind.

        With a paying account and ``payee_account_id``, that is money into the account that now pays.
        """
        ids = pl.concat([self.frame[other].alias("id"), self.frame[key].alias("id")])
        codes = ids.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1
        there, here = np.split(codes, 2)
        return History(there, self.time_ms, here[self.rows], self.time_ms[self.rows])

    @cached_property
    def _reported(self) -> tuple[Ints, Ints]:
        """Rows that were reported, and from when that is known: the midnight after; in the order of these times."""
        if self.reports is not None and "transaction_id" in self.columns:
            known = self.reports.select("transaction_id", "reported_at").drop_nulls().unique("transaction_id")
            ids = self.frame.select("transaction_id").with_row_index("row")
            found = ids.join(known, on="transaction_id", maintain_order="left")
            rows = found["row"].to_numpy().astype(np.int64)
            at_ms = found["reported_at"].dt.epoch("ms").to_numpy()
        else:
            fraud = self.frame["is_fraud"].to_numpy() if "is_fraud" in self.columns else np.zeros(0, dtype=np.bool_)
            rows = np.flatnonzero(fraud)
            at_ms = self.time_ms[rows] + self.start_ms + REPORT_DELAY_DAYS * DAY_MS
        known_ms = -(-at_ms // DAY_MS) * DAY_MS - self.start_ms
        order = np.argsort(known_ms, kind="stable")
        return rows[order], known_ms[order]

    def reports_of(self, key: str, window_ms: int | None = FOREVER_MS, *, everybody: bool = False) -> Floats:
        """Count reports of payments with the same key that were known before the day, and came within the window.

        Asked by the rows that ask, or by `everybody`.
        """
        return self._reports(key, window_ms, everybody)

    def _reports_known(self, key: str, window_ms: int | None, everybody: bool) -> Floats:
        codes = self.codes(key)
        rows, known_ms = self._reported
        asking = slice(None) if everybody else self.rows
        # A history sees what is earlier; what is known at midnight is known to the payment at midnight.
        return History(codes[rows], known_ms - 1, codes[asking], self.time_ms[asking]).count(window_ms)
