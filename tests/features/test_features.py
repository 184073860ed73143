"""Features know the past and nothing else, and say what their table says."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from payloom.features.catalogue import EVERYTHING, FEATURES, build_features, needed_columns
from payloom.features.matrix import Encoding
from payloom.schema import PAYMENTS
from tests.cell.worlds import make

WORLD = {"world": {"rows": 6_000, "start": "2025-03-01", "end": "2025-05-01", "fraud_rate": "0.1", "customers": 60}}


@cache
def world() -> tuple[pl.DataFrame, pl.DataFrame]:
    frames = make(WORLD).frames
    return frames["payments"], frames["fraud_labels"].select("transaction_id", "reported_at")


@cache
def everything() -> pl.DataFrame:
    return build_features(*world(), groups=EVERYTHING)


def same(first: pl.DataFrame, second: pl.DataFrame) -> None:
    """Compare by value; codes as text."""
    for name in first.columns:
        if first[name].dtype.is_float():
            np.testing.assert_allclose(
                first[name].to_numpy(), second[name].to_numpy(), rtol=1e-4, atol=1e-3, err_msg=name
            )
        else:
            assert first[name].cast(pl.String).to_list() == second[name].cast(pl.String).to_list(), name


def test_later_payments_and_reports_change_nothing() -> None:
    """Features of the first payments are the same when nothing after them exists."""
    payments, reports = world()
    middle = payments["event_time"][len(payments) // 2].replace(hour=0, minute=0, second=0, microsecond=0)
    early = payments.filter(pl.col("event_time") < middle)
    assert 1_000 < len(early) < len(payments)
    same(
        build_features(early, reports.filter(pl.col("reported_at") < middle), groups=EVERYTHING),
        everything()[: len(early)],
    )


def test_the_label_changes_nothing_where_there_are_reports() -> None:
    """The truth is no feature, nor is the answer to the payment itself."""
    payments, reports = world()
    last = payments.tail(1).with_columns(
        is_fraud=~pl.col("is_fraud"), response_code=pl.lit("05"), cvv_result=pl.lit("N"), avs_result=pl.lit("N")
    )
    changed = pl.concat([payments.head(-1), last])
    same(build_features(changed, reports, groups=EVERYTHING), everything())


def test_known_only_after_the_answer_is_no_feature() -> None:
    """Columns that the schema declares known later are in no feature under their own name."""
    later = {column.name for column in PAYMENTS.columns if column.known == "after"}
    assert later.isdisjoint(feature.name for feature in FEATURES)
    # Answers to earlier payments are known; other later columns are not read at all.
    assert later & needed_columns() <= {"response_code"}


def test_a_part_of_the_rows_gets_what_it_gets_among_all() -> None:
    """Asking for some rows gives their features, in their order, from the history of all."""
    payments, reports = world()
    asked = pl.Series(np.arange(len(payments)) % 7 == 3)
    same(build_features(payments, reports, rows=asked, groups=EVERYTHING), everything().filter(asked))


def test_addresses_may_be_codes() -> None:
    """Data of others may keep a text as a category; the features are the same."""
    payments, reports = world()
    coded = payments.with_columns(pl.col("ip_address").cast(pl.String).cast(pl.Categorical))
    same(build_features(coded, reports), everything())


def test_the_order_of_rows_does_not_matter() -> None:
    """A shuffled table gets the same features, in its own order."""
    payments, reports = world()
    order = np.random.default_rng(4).permutation(len(payments))
    same(build_features(payments[order], reports, groups=EVERYTHING), everything()[order])


def known_from(reported_at: datetime) -> datetime:
    """The midnight after a report."""
    midnight = reported_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if midnight == reported_at else midnight + timedelta(days=1)


def range_of(address: str | None) -> str | None:
    """/24 of IPv4, /64 of IPv6."""
    if address is None or ":" not in address:
        return address and address.rpartition(".")[0]
    return ":".join(address.split(":")[:4])


def habits(me: dict[str, Any], earlier: pl.DataFrame) -> dict[str, tuple[str, Any]]:
    """Clock, week, amounts and addresses of a customer's earlier payments."""
    local = pl.col("event_time") + pl.duration(minutes=pl.col("local_offset_min"))
    clock = earlier.select(hour=local.dt.hour().cast(pl.Int32), weekday=local.dt.weekday())
    here = me["event_time"] + timedelta(minutes=me["local_offset_min"])
    near = ((clock["hour"] - here.hour + 12) % 24 - 12).abs() <= 1
    logs = np.log1p(earlier["amount_usd"].to_numpy())
    enough = len(logs) >= 3
    z = (np.log1p(me["amount_usd"]) - logs.mean()) / max(logs.std(ddof=1), 0.1) if enough else None
    return {
        "customer_hour_share": ("customer_id", near.mean()),
        "customer_weekday_share": ("customer_id", (clock["weekday"] == here.isoweekday()).mean()),
        "customer_log_amount_z": ("customer_id", z),
        "customer_new_ip_range": (
            "ip_address",
            range_of(me["ip_address"]) not in {range_of(address) for address in earlier["ip_address"]},
        ),
    }


def by_hand(row: int) -> dict[str, Any]:
    """Some features of one payment, by filtering; None where its key is null."""
    payments, reports = world()
    me = payments.row(row, named=True)
    now, midnight = me["event_time"], me["event_time"].replace(hour=0, minute=0, second=0, microsecond=0)
    known = payments.join(reports, on="transaction_id", how="left")
    past = known.filter(pl.col("event_time") < now)
    reported = known.filter(pl.col("reported_at") <= midnight)
    firsts = past.filter(pl.struct("device_id", "customer_id").is_first_distinct())

    def same_key(frame: pl.DataFrame, key: str, days: float = 999) -> pl.DataFrame:
        return frame.filter(pl.col(key).eq_missing(me[key]), pl.col("event_time") >= now - timedelta(days=days))

    customer, merchant = same_key(past, "customer_id"), same_key(past, "merchant_id", 1)
    since = now - timedelta(days=7)
    recent_reports = sum(known_from(time) >= since for time in same_key(reported, "merchant_id")["reported_at"])
    values: dict[str, tuple[str, Any]] = {
        "customer_count_24h": ("customer_id", same_key(past, "customer_id", 1).height),
        "card_mean_usd_30d": ("card_id", same_key(past, "card_id", 30)["amount_usd"].mean()),
        "customer_new_merchant": ("merchant_id", me["merchant_id"] not in customer["merchant_id"].to_list()),
        "merchant_declines_24h": ("merchant_id", merchant.filter(pl.col("response_code") != "00").height),
        "merchant_reports": ("merchant_id", same_key(reported, "merchant_id").height),
        "device_customers": ("device_id", same_key(past, "device_id")["customer_id"].n_unique()),
        "customer_new_device": ("device_id", me["device_id"] not in customer["device_id"].to_list()),
        "device_new_customers_7d": ("device_id", same_key(firsts, "device_id", 7).height),
        "card_reports_ever": ("card_id", same_key(reported, "card_id").height),
        "merchant_risk_7d": ("merchant_id", recent_reports / (same_key(past, "merchant_id", 7).height + 20)),
        "card_sum_usd_15m": ("card_id", same_key(past, "card_id", 15 / 1_440)["amount_usd"].sum()),
        "merchant_max_usd_7d": ("merchant_id", same_key(past, "merchant_id", 7)["amount_usd"].max()),
        "ip_mean_usd_24h": ("ip_address", same_key(past, "ip_address", 1)["amount_usd"].mean()),
        "card_merchants_7d": ("card_id", same_key(past, "card_id", 7)["merchant_id"].n_unique()),
        "device_cards_24h": ("device_id", same_key(past, "device_id", 1)["card_id"].drop_nulls().n_unique()),
        "card_devices_7d": ("card_id", same_key(past, "card_id", 7)["device_id"].drop_nulls().n_unique()),
        **habits(me, customer),
    }
    return {name: None if me[key] is None else value for name, (key, value) in values.items()}


def test_features_are_what_their_table_says() -> None:
    """Counts, means, novelty, links and reports agree with plain filters, for payments all over the time."""
    for row in range(5, world()[0].height, 97):
        made = everything().row(row, named=True)
        for name, value in by_hand(row).items():
            if value is None:
                assert made[name] is None, (row, name)
            else:
                assert made[name] == pytest.approx(float(value), rel=1e-4, abs=2e-3), (row, name)


def test_transfers_link_payer_and_payee() -> None:
    """Money in, fan-in, fan-out and passing on are seen from the account that pays."""
    day = timedelta(days=1)
    start = world()[0]["event_time"][0]
    # 1 and 2 pay 3; 3 passes on to 4, 5 and again 4.
    hops = [(1, 3, 100.0), (2, 3, 50.0), (3, 4, 60.0), (3, 5, 70.0), (3, 4, 15.0)]
    payments = pl.DataFrame(
        {
            "event_time": [start + n * day / 4 for n in range(len(hops))],
            "account_id": [payer for payer, _, _ in hops],
            "payee_account_id": [payee for _, payee, _ in hops],
            "amount_usd": [usd for _, _, usd in hops],
        }
    )
    made = build_features(payments)
    assert made["account_received_count_7d"].to_list() == [0, 0, 2, 2, 2]
    assert made["account_passes_on"].to_list()[2:] == pytest.approx([60 / 150, 70 / 150, 15 / 150])
    assert made["payee_new_payers_7d"].to_list() == [0, 1, 0, 0, 1]
    assert made["account_new_payees_7d"].to_list() == [0, 0, 0, 1, 2]
    assert made["payee_new"].to_list() == [1, 1, 1, 1, 0]
    assert made["payee_payments_30d"].to_list() == [0, 0, 0, 0, 0]


def test_what_can_not_be_made_is_left_out() -> None:
    """A table with few columns gets the features that need no others."""
    payments = world()[0].select("event_time", "amount_usd", "customer_id")
    names = build_features(payments).columns
    assert "customer_count_24h" in names
    assert not [name for name in names if "device" in name or "merchant" in name]


def test_every_feature_is_documented_once() -> None:
    """Names are unique, every feature has a meaning, and the largest set holds all groups."""
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)
    assert all(feature.meaning for feature in FEATURES)
    assert {feature.group for feature in FEATURES} == set(EVERYTHING)
    assert set(everything().columns) == set(names)


def test_an_encoding_keeps_codes_apart_from_numbers() -> None:
    """Codes are numbered by what training saw; others, and null, are NaN."""
    encoding = Encoding.of(pl.DataFrame({"n": [1.5, None], "c": ["b", "a"]}))
    made = encoding.matrix(pl.DataFrame({"n": [None, 2.0, 3.0], "c": ["a", "new", "b"]}))
    np.testing.assert_array_equal(made, [[np.nan, 0], [2, np.nan], [3, 1]])
    assert encoding.code_places == [1]
