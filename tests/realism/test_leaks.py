"""The leak audit finds what was planted, and nothing where nothing was."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from payloom.realism.data import DataSet
from payloom.realism.leaks import audit
from payloom.realism.results import Leak
from payloom.realism.scores import auc, average_precision
from tests.cell.worlds import World, make
from tests.counts import count

WORLD = {"world": {"rows": count(40_000, 1_000_000), "fraud_rate": "0.04", "seed": 11}}
"""Many times the usual fraud: chance hides little. One seed: the verdicts are the same in every run."""

TYPOLOGY = "account_takeover"

Planted = tuple[pl.DataFrame, set[tuple[str, str]]]


def world() -> World:
    return make(WORLD)


def audited(payments: pl.DataFrame) -> tuple[Leak, ...]:
    return audit(DataSet.of_frames(payments, world().frames["fraud_labels"]))


@cache
def honest() -> tuple[Leak, ...]:
    return audited(world().payments)


def found(leaks: tuple[Leak, ...]) -> set[tuple[str, str]]:
    """Columns and probes that leak."""
    return {(leak.column, leak.probe) for leak in leaks if leak.verdict == "leak"}


@pytest.mark.statistical
def test_the_generator_leaks_nothing() -> None:
    """Ids, places and digits are chance given the time, and no column is surely above .90."""
    surely = [leak for leak in honest() if leak.verdict == "leak" and (leak.limit < 0.9 or leak.auc_low > leak.limit)]
    assert surely == []


def test_every_column_is_looked_at() -> None:
    """Each column of the payments but the label has a probe, and each id its order, parity, range and digits."""
    seen: dict[str, set[str]] = {}
    for leak in honest():
        seen.setdefault(leak.column, set()).add(leak.probe)
    empty = {name for name in world().payments.columns if world().payments[name].is_null().all()}
    assert set(world().payments.columns) - {"is_fraud"} - empty <= set(seen)
    for name in ("transaction_id", "customer_id", "account_id", "card_id", "merchant_id", "device_id"):
        assert {"order", "parity", "range", "low bits", "last digits"} <= seen[name]


def some_fraud(share: float) -> pl.Expr:
    """Choose that share of the frauds."""
    return pl.col("is_fraud") & (pl.col("event_time").dt.epoch("us") % 1000 < 1000 * share)


def changed(name: str, which: pl.Expr, value: pl.Expr | None) -> pl.Expr:
    return pl.when(which).then(value).otherwise(name).alias(name)


def of_typology() -> pl.Expr:
    ids = world().frames["fraud_labels"].filter(typology=TYPOLOGY)["transaction_id"]
    return pl.col("transaction_id").is_in(ids.implode())


def ids_nulls_and_an_amount() -> Planted:
    """Even ids of half the frauds, small ids of a third's merchants, nulls in a tenth, one amount in one typology."""
    payments = world().payments.with_columns(
        changed("amount_minor", of_typology(), pl.lit(4_937)),
        changed("transaction_id", some_fraud(0.5), pl.col("transaction_id") // 2 * 2),
        changed("merchant_id", some_fraud(0.3), pl.col("merchant_id") // 4),
        changed("mcc", some_fraud(0.1), None),
    )
    return payments, {
        ("amount_minor", f"one value in {TYPOLOGY}"),
        ("amount_minor, last two digits", f"one value in {TYPOLOGY}"),
        ("transaction_id", "parity"),
        ("merchant_id", "order"),
        ("mcc", "missing where merchant_id is not"),
    }


def ranges_order_and_cents() -> Planted:
    """Ids from the middle, frauds last in their minute, a column null for nearly all fraud, one ending of amounts."""
    payments = world().payments.with_columns(
        changed("amount_minor", of_typology(), pl.col("amount_minor") // 100 * 100 + 37),
        changed("transaction_id", some_fraud(0.33), 2**52 + pl.col("transaction_id") // 64),
        changed("card_brand", some_fraud(0.95), None),
        pl.col("event_time").dt.truncate("1m"),
    )
    return payments.sort("event_time", "is_fraud"), {
        ("amount_minor, last two digits", f"one value in {TYPOLOGY}"),
        ("transaction_id", "range"),
        ("card_brand", "missing"),
        ("row", "position"),
    }


def appended_and_coarse() -> Planted:
    """Frauds were appended in the order of their times, by a system whose clock counts milliseconds."""
    payments = world().payments.with_columns(
        changed("event_time", pl.col("is_fraud"), pl.col("event_time").dt.truncate("1ms"))
    )
    return payments.sort("is_fraud", "event_time"), {("row", "position"), ("event_time", "microsecond digits")}


@pytest.mark.statistical
@pytest.mark.parametrize("plant", [ids_nulls_and_an_amount, ranges_order_and_cents, appended_and_coarse])
def test_what_was_planted_is_found(plant) -> None:
    """Each leak is named; what is named besides is the same column, or follows from it."""
    payments, planted = plant()
    leaks = found(audited(payments)) - found(honest())
    assert planted <= leaks
    assert {column for column, _ in leaks} <= {column for column, _ in planted} | {"row"}


@pytest.mark.statistical
def test_frauds_in_a_file_of_their_own_are_found(tmp_path) -> None:
    """Files and row groups are looked at, given the time."""
    for name, part in world().payments.partition_by("is_fraud", as_dict=True).items():
        part.write_parquet(tmp_path / f"part-{int(name[0])}.parquet", row_group_size=10_000)
    columns = [column for column, _ in found(audit(DataSet.open(tmp_path)))]
    assert {"file", "row group"} <= set(columns)


def test_areas_are_those_of_scikit_learn() -> None:
    """AUC and average precision agree with the library that everybody uses, ties and weights included."""
    rng = np.random.default_rng(5)
    score, fraud = rng.integers(0, 30, 5_000).astype(float), rng.random(5_000) < 0.1
    score[fraud] += rng.integers(0, 12, fraud.sum())
    weight = np.where(fraud, 1.0, 7.0)
    area = auc(score, fraud)
    assert area is not None
    assert area.value == pytest.approx(roc_auc_score(fraud, score))
    expected = average_precision_score(fraud, score, sample_weight=weight)
    assert average_precision(score, fraud, weight, 500)[0] == pytest.approx(expected)
    within = auc(score, fraud, strata=np.arange(5_000) % 4)
    by_hand = [roc_auc_score(fraud[n::4], score[n::4]) for n in range(4)]
    assert within is not None
    assert within.value == pytest.approx(np.average(by_hand, weights=[fraud[n::4].sum() for n in range(4)]))


@pytest.mark.statistical
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Of 400 intervals around chance, with frauds in clusters of ten that share a score, about 95 % hold one half."""
    rng = np.random.default_rng(6)
    held = 0
    for _ in range(400):
        clusters = np.concatenate([np.repeat(np.arange(1, 61), 10), np.zeros(5_000, dtype=int)])
        score = np.concatenate([np.repeat(rng.random(60), 10), rng.random(5_000)])
        area = auc(score, clusters > 0, clusters=clusters)
        assert area is not None
        low, high = area.interval()
        held += low <= 0.5 <= high
    # Binomial: 400 x .95 with SD 4.4; five SD.
    assert 358 <= held <= 400
