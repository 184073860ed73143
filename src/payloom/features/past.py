"""The payments so far and the reports so far, as the features ask for them."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache, cached_property, lru_cache
from typing import Final

import numpy as np
import polars as pl

from payloom.errors import ConfigError, Problem
from payloom.features.history import DAY_MS, FOREVER_MS, Bools, Codes, Floats, History, Ints, first_times

REPORT_DELAY_DAYS: Final = 7
"""Where no report times are known: a week, as in the Fraud Detection Handbook (Worldline and ULB)."""

HISTORIES_KEPT: Final = 2

AXIS: Final = frozenset({"event_time", "transaction_id"})
"""Columns that every feature may read: when it was, and which payment a report is about."""

MICRO: Final = 1_000_000

IP_RANGE: Final = "ip_range"
"""The network of an address: the first three bytes of IPv4 (/24), the first four groups of IPv6 (/64)."""

# Data of others may keep it as a code.
_TEXT: Final = pl.col("value").cast(pl.String)
_DERIVED: Final = {
    IP_RANGE: (
        "ip_address",
        pl.coalesce(
            _TEXT.str.extract(r"^(\d+\.\d+\.\d+)\.\d+$"),
            _TEXT.str.extract(r"^((?:[0-9A-Fa-f]*:){4})"),
            _TEXT,
        ),
    )
}


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
        asks = np.ones(len(payments), dtype=np.bool_) if rows is None else rows.to_numpy()
        order = None
        if not payments["event_time"].is_sorted():
            order = payments.select(pl.arg_sort_by("event_time", maintain_order=True)).to_series()
            payments, asks = payments[order], asks[order.to_numpy()]
        self._frame = payments
        self._reads: frozenset[str] | None = None
        self.reports = reports
        epoch_ms = payments["event_time"].dt.epoch("ms").to_numpy()
        self.start_ms = int(epoch_ms[0]) if len(epoch_ms) else 0
        self.time_ms: Ints = epoch_ms - self.start_ms
        self.rows: Ints = np.flatnonzero(asks)
        self.back: Ints | None = None if order is None else np.argsort(order.to_numpy()[self.rows])
        """Places of the rows that ask in the order of `payments`; None where that is the order of time."""
        # Each is computed once, however many features ask for it.
        # A history takes some 50 bytes a row, so only the latest few are kept; features of one key stand together.
        self._history = lru_cache(HISTORIES_KEPT)(self._history_of)
        self._crossed = lru_cache(HISTORIES_KEPT)(self._crossed_of)
        self._codes = lru_cache(4 * HISTORIES_KEPT)(self._codes_of)
        self._is_first = cache(self._is_first_of)
        self._reports = lru_cache(HISTORIES_KEPT)(self._reports_of_key)
        self._was_reported = cache(self._was_reported_by_then)

    @property
    def columns(self) -> list[str]:
        """Columns of the payments."""
        return self._frame.columns

    def allow(self, names: Collection[str]) -> None:
        """Serve no other columns from now on: what a feature has not declared, it does not get."""
        self._reads = AXIS.union(names)

    def _check(self, *names: str) -> None:
        for name in names:
            source = _DERIVED[name][0] if name in _DERIVED else name
            if self._reads is not None and source not in self._reads:
                raise ConfigError(
                    (Problem("features", source, "is read by a feature that does not declare it", "add it to needs"),)
                )

    def column(self, name: str) -> pl.Series:
        """Return a column of all payments."""
        self._check(name)
        return self._frame[name]

    def number(self, name: str) -> Floats:
        """Return a numeric column, nulls as NaN, of all payments."""
        return self.column(name).cast(pl.Float64).to_numpy()

    def micros(self, name: str) -> Ints:
        """Return a numeric column of all payments in millionths, null as 0: sums of integers are exact."""
        return np.rint(np.nan_to_num(self.number(name)) * MICRO).astype(np.int64)

    def select(self, expression: pl.Expr) -> pl.Series:
        """Compute an expression of each row that asks."""
        self._check(*expression.meta.root_names())
        values = self._frame.select(expression).to_series()
        return values if len(self.rows) == len(values) else values[self.rows]

    def codes(self, *names: str) -> Codes:
        """Number the combinations of some columns' values; -1 where one is null."""
        self._check(*names)
        return self._codes(*names)

    def _codes_of(self, *names: str) -> Codes:
        if len(names) > 1:
            return _combined([self._codes(name) for name in names])
        source, derive = _DERIVED.get(names[0], (names[0], pl.col("value")))
        values = self._frame[source]
        if isinstance(values.dtype, pl.Categorical | pl.Enum):
            values = values.to_physical()
        each = pl.DataFrame({"value": values})
        known = each.unique().drop_nulls().with_columns(derived=derive.rank("dense").cast(pl.Int32) - 1)
        found = each.join(known, on="value", how="left", maintain_order="left")
        return found["derived"].fill_null(-1).to_numpy()

    def history(self, *names: str) -> History:
        """Return the history of rows with the same values in these columns."""
        self._check(*names)
        return self._history(*names)

    def _history_of(self, *names: str) -> History:
        return self.view(self._codes(*names))

    def view(self, codes: Codes) -> History:
        """Return the history of rows with the same code; rows with -1 are no events."""
        return History(codes, self.time_ms, codes[self.rows], self.time_ms[self.rows])

    def _is_first_of(self, *names: str) -> Bools:
        return first_times(self._codes(*names))

    def count(self, key: str, window_ms: int | None = FOREVER_MS) -> Floats:
        """Count earlier payments with the same key."""
        return self.history(key).count(window_ms)

    def total(self, key: str, values: Ints, window_ms: int | None = FOREVER_MS) -> Floats:
        """Sum over earlier payments with the same key."""
        return self.history(key).total(values, window_ms)

    def newcomers(self, key: str, other: str, window_ms: int | None = FOREVER_MS) -> Floats:
        """Count distinct values of another column that came to the key within the window, for the first time ever."""
        self._check(key, other)
        return self.total(key, self._is_first(key, other).astype(np.int64), window_ms)

    def distinct(self, key: str, other: str, window_ms: int) -> Floats:
        """Count distinct values of another column among earlier payments with the same key within the window.

        A payment stands for its value until the next one with that value, or until it leaves the window.
        """
        pair = self.history(key, other)
        until_ms = np.minimum(pair.next_ms(), self.time_ms + window_ms)
        return self.history(key).standing(pair.codes >= 0, until_ms)

    def is_new(self, key: str, other: str) -> Floats:
        """Say whether the key never had this value of the other column; NaN without either."""
        before = self.history(key, other).count()
        return np.where(np.isnan(before), np.nan, before == 0)

    def crossed(self, key: str, other: str) -> History:
        """Return the history of *other*, asked for the value that *key* has; both are ids of the same kind.

        With a paying account and ``payee_account_id``, that is money into the account that now pays.
        """
        self._check(key, other)
        return self._crossed(key, other)

    def _crossed_of(self, key: str, other: str) -> History:
        ids = pl.concat([self._frame[other].alias("id"), self._frame[key].alias("id")])
        codes = ids.rank("dense").cast(pl.Int32).fill_null(0).to_numpy() - 1
        there, here = np.split(codes, 2)
        return History(there, self.time_ms, here[self.rows], self.time_ms[self.rows])

    @cached_property
    def _reported(self) -> tuple[Ints, Ints]:
        """Rows that were reported, and from when that is known: the midnight after; in the order of these times."""
        if self.reports is not None and "transaction_id" in self.columns:
            known = self.reports.select("transaction_id", "reported_at").drop_nulls().unique("transaction_id")
            ids = self._frame.select("transaction_id").with_row_index("row")
            found = ids.join(known, on="transaction_id", maintain_order="left")
            rows = found["row"].to_numpy().astype(np.int64)
            at_ms = found["reported_at"].dt.epoch("ms").to_numpy()
        else:
            fraud = self._frame["is_fraud"].to_numpy() if "is_fraud" in self.columns else np.zeros(0, dtype=np.bool_)
            rows = np.flatnonzero(fraud)
            at_ms = self.time_ms[rows] + self.start_ms + REPORT_DELAY_DAYS * DAY_MS
        known_ms = np.maximum(-(-at_ms // DAY_MS) * DAY_MS - self.start_ms, 0)
        order = np.argsort(known_ms, kind="stable")
        return rows[order], known_ms[order]

    def reports_of(self, key: str, window_ms: int | None = FOREVER_MS) -> Floats:
        """Count reports of payments with the same key that were known before the day, and came within the window."""
        self._check(key)
        return self._reports(key).count(window_ms)

    def was_reported(self, key: str) -> Bools:
        """Say of all payments whether one with the same key had been reported before the day."""
        self._check(key)
        return self._was_reported(key)

    def _was_reported_by_then(self, key: str) -> Bools:
        return self._reports_seen(self._codes(key), self._codes(key), self.time_ms).count() > 0

    def _reports_of_key(self, key: str) -> History:
        codes = self._codes(key)
        return self._reports_seen(codes, codes[self.rows], self.time_ms[self.rows])

    def _reports_seen(self, codes: Codes, asking: Codes, asking_ms: Ints) -> History:
        rows, known_ms = self._reported
        # A history sees what is earlier; what is known at midnight is known to the payment at midnight.
        return History(codes[rows], np.maximum(known_ms - 1, 0), asking, asking_ms)


def _combined(parts: list[Codes]) -> Codes:
    """Number the combinations of some codes; -1 where one is missing."""
    combined, missing = parts[0].astype(np.int64), parts[0] < 0
    for part in parts[1:]:
        combined *= int(part.max(initial=0)) + 1
        combined += part
        missing |= part < 0
    numbers = pl.Series(combined[~missing]).rank("dense").cast(pl.Int32).to_numpy() - 1
    codes = np.full(len(missing), -1, dtype=np.int32)
    codes[~missing] = numbers
    return codes
