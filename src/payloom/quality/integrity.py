"""Rules that need all rows: ids are unique, refunds follow their purchases, labels lead to payments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from payloom.quality.rule import EXAMPLES_MAX, Declared, Result, Rule
from payloom.quality.tally import Tally
from payloom.schema import Table

FOREIGN_LAG_DAYS: Final = 120
"""A refund in the first so many days of foreign data may be of a payment before it: the schemes' usual time."""

_col = pl.col


def unique_rule(table: Table) -> Rule:
    """Return the rule that the key is unique."""
    key = next(column.name for column in table.columns if column.role == "key")
    return Rule(f"{table.name}.{key}.unique", table.name, (key,), "integrity", f"no {key} comes twice", "rows too many")


def unique_result(table: Table, keys: Iterable[NDArray[np.int64]]) -> Result:
    """Judge the key of a table; the arrays are used up."""
    rule = unique_rule(table)
    arrays = list(keys)
    if not arrays:
        return Result.not_judged(rule, f"there is no column {rule.columns[0]}")
    # Polars sorts on all CPUs.
    every = pl.Series(np.concatenate(arrays)).sort().to_numpy()
    again = every[1:][every[1:] == every[:-1]]
    shown = tuple({rule.columns[0]: int(value)} for value in np.unique(again)[:EXAMPLES_MAX])
    return Result.none_breaks(rule, len(again), len(every), shown)


BIN: Final = ("issuer_id", "card_brand", "card_type", "issuer_country")
"""What a BIN decides."""


def bin_result(cards: pl.DataFrame | None) -> Result:
    """Judge that cards with the same BIN are of the same issuer and kind."""
    rule = Rule(
        "cards.bin_id.same", "cards", ("bin_id", *BIN), "integrity",
        "cards with the same bin_id have the same issuer, scheme, kind and country", "BINs of several kinds",
    )  # fmt: skip
    if cards is None or not set(rule.columns) <= set(cards.columns):
        return Result.not_judged(rule, "the cards lack a column")
    kinds = cards.select(rule.columns).drop_nulls().unique().sort(rule.columns)
    several = kinds.filter(_col("bin_id").is_duplicated())
    shown = tuple(several.head(EXAMPLES_MAX).rows(named=True))
    return Result.none_breaks(rule, several["bin_id"].n_unique(), kinds["bin_id"].n_unique(), shown)


REFUND_EXISTS: Final = Rule(
    "payments.original_transaction_id.payments", "payments", ("original_transaction_id", "transaction_id"), "integrity",
    "a refund names a payment that exists",
)  # fmt: skip
REFUND_LATER: Final = Rule(
    "payments.original_transaction_id.earlier", "payments",
    ("original_transaction_id", "transaction_id", "event_time"), "integrity",
    "a refund comes after the payment that it names",
)  # fmt: skip
REFUND_SAME: Final = Rule(
    "payments.original_transaction_id.same", "payments",
    ("original_transaction_id", "transaction_id", "customer_id", "account_id", "merchant_id", "currency"), "integrity",
    "a refund goes back from the same merchant, in the same currency, to the same customer and account",
)  # fmt: skip
REFUND_AMOUNT: Final = Rule(
    "payments.original_transaction_id.amount", "payments",
    ("original_transaction_id", "transaction_id", "amount_minor"), "integrity",
    "refunds give back no more than was paid",
)  # fmt: skip
REFUND_APPROVED: Final = Rule(
    "payments.original_transaction_id.approved", "payments",
    ("original_transaction_id", "transaction_id", "response_code", "transaction_type"), "integrity",
    "only approved purchases are refunded",
)  # fmt: skip
REFUND_RULES: Final = (REFUND_EXISTS, REFUND_LATER, REFUND_SAME, REFUND_AMOUNT, REFUND_APPROVED)


def refund_results(tally: Tally, declared: Declared) -> list[Result]:
    """Judge refunds against the payments that they name."""
    if not tally.pointing or not tally.wanted:
        return [Result.not_judged(rule, "there is no original_transaction_id") for rule in REFUND_RULES]
    refunds, originals = together(tally.pointing), together(tally.wanted).unique("transaction_id")
    pairs = refunds.join(
        originals, left_on="original_transaction_id", right_on="transaction_id", how="left", suffix=">", coalesce=False
    )
    found = pl.col("transaction_id>").is_not_null()
    breaks = {
        REFUND_EXISTS.name: ~found & _must_be_there(declared, pairs, tally),
        REFUND_LATER.name: found & (_col("event_time") <= _col("event_time>")),
        REFUND_SAME.name: _different(pairs),
        REFUND_AMOUNT.name: _col("amount_minor").sum().over("original_transaction_id") > _col("amount_minor>"),
        REFUND_APPROVED.name: (_col("response_code>") != "00") | (_col("transaction_type>") != "purchase"),
    }
    return [_judged(rule, pairs, breaks[rule.name], ours=declared.ours) for rule in REFUND_RULES]


def together(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Put the rows of files together, of which one may lack a column or have another type."""
    return pl.concat(frames, how="diagonal_relaxed")


def _different(pairs: pl.DataFrame) -> pl.Expr:
    same = [n for n in ("customer_id", "account_id", "merchant_id", "currency") if f"{n}>" in pairs.columns]
    return pl.any_horizontal([_col(n) != _col(f"{n}>") for n in same] or [pl.lit(value=False)])


def _must_be_there(declared: Declared, pairs: pl.DataFrame, tally: Tally) -> pl.Expr:
    """Where the original lies in the data for sure: refunds that come long enough after the first day."""
    if declared.whole or "event_time" not in pairs.columns:
        return pl.lit(value=True)
    lag_days = int(declared.setting("refunds", "max_lag_days") or FOREIGN_LAG_DAYS)
    days = declared.days or (((min(tally.days), max(tally.days) + 1),) if tally.days else ())
    safe = pl.lit(value=False)
    for first, end in days:
        at_start = declared.period is not None and first == declared.period[0]
        begins = date.fromordinal(first) if at_start else date.fromordinal(first) + timedelta(days=lag_days + 1)
        safe = safe | _col("event_time").dt.date().is_between(begins, date.fromordinal(end), closed="left")
    return safe


def _judged(rule: Rule, pairs: pl.DataFrame, breaks: pl.Expr, *, ours: bool) -> Result:
    missing = [name for name in rule.columns if name not in pairs.columns]
    if missing:
        return Result.not_judged(rule, f"there is no column {missing[0]}")
    if not ours and rule in (REFUND_SAME, REFUND_APPROVED):
        return Result.not_judged(rule, "holds for data of payloom")
    return _rows(rule, pairs, breaks, ("transaction_id", "event_time", "original_transaction_id"))


def _rows(rule: Rule, frame: pl.DataFrame, breaks: pl.Expr, first: tuple[str, ...]) -> Result:
    wrong = frame.filter(breaks)
    names = dict.fromkeys([*first, *rule.columns, *(f"{name}>" for name in rule.columns)])
    shown = wrong.head(EXAMPLES_MAX).select(name for name in names if name in wrong.columns)
    return Result.none_breaks(rule, wrong.height, frame.height, tuple(shown.rows(named=True)))


def _label_rule(name: str, columns: tuple[str, ...], holds: str) -> Rule:
    return Rule(f"fraud_labels.{name}", "fraud_labels", ("transaction_id", *columns), "integrity", holds)


LABEL_EXISTS: Final = _label_rule("transaction_id.payments", (), "a label names a payment that exists")
LABEL_TIME: Final = _label_rule("event_time.payments", ("event_time",), "a label has the time of its payment")
LABEL_FRAUD: Final = _label_rule("is_fraud.payments", ("is_fraud",), "label and payment agree whether it is fraud")
LABEL_DECLINED: Final = _label_rule(
    "chargeback_reason.declined", ("chargeback_reason",), "a declined payment is neither reported nor charged back"
)
LABEL_ALL: Final = Rule(
    "payments.is_fraud.fraud_labels",
    "payments",
    ("is_fraud",),
    "integrity",
    "every fraud has a label",
    "frauds without label",
)
LABEL_RULES: Final = (LABEL_EXISTS, LABEL_TIME, LABEL_FRAUD, LABEL_DECLINED, LABEL_ALL)


def label_results(labels: pl.DataFrame | None, tally: Tally) -> list[Result]:
    """Judge labels against their payments."""
    needed = ("transaction_id", "event_time", "is_fraud", "chargeback_reason", "reported_at")
    if labels is None or not tally.wanted or not set(needed) <= set(labels.columns):
        return [Result.not_judged(rule, "there are no labels to compare") for rule in LABEL_RULES]
    payments = together(tally.wanted).unique("transaction_id")
    pairs = labels.select(needed).join(payments, on="transaction_id", how="left", suffix=">", coalesce=False)
    found = _col("transaction_id>").is_not_null()
    breaks: list[tuple[Rule, pl.Expr, tuple[str, ...]]] = [
        (LABEL_EXISTS, ~found, ()),
        (LABEL_TIME, found & (_col("event_time") != _col("event_time>")), ("event_time>",)),
        (LABEL_FRAUD, found & (_col("is_fraud") != _col("is_fraud>")), ("is_fraud>",)),
        (
            LABEL_DECLINED,
            (_col("response_code") != "00")
            & (_col("chargeback_reason").is_not_null() | _col("reported_at").is_not_null()),
            ("response_code",),
        ),
    ]
    results = []
    for rule, expr, reads in breaks:
        if set(reads) <= set(pairs.columns):
            results.append(_rows(rule, pairs, expr, ("transaction_id", "event_time")))
        else:
            results.append(Result.not_judged(rule, "the payments lack a column"))
    labelled = int(pairs.select((_col("is_fraud") & found).sum()).item() or 0) if "is_fraud" in pairs.columns else 0
    without: tuple[dict[str, Any], ...] = ()
    return [*results, Result.none_breaks(LABEL_ALL, abs(tally.frauds - labelled), tally.frauds, without)]
