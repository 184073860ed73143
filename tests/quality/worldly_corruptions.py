"""Faults of single months and days, and faults that leave every single table in order."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import polars as pl

from payloom.quality.dataset import Data
from tests.quality.good_data import Change, as_frame, changed, with_pieces
from tests.quality.spoiling import Corruption, col, everywhere, labels, only_first, payments, where

EUROS = {"DE": "FR", "FR": "DE"}
FEW = pl.int_range(pl.len()) % 500 == 0


def in_month(number: int) -> pl.Expr:
    return col("event_time").dt.month() == number


def on_day(number: int) -> pl.Expr:
    return col("event_time").dt.ordinal_day() == number


def dearer(times: int, condition: pl.Expr) -> Change:
    """Multiply both amounts, as a reader with the wrong exponent would."""
    return lambda frame: frame.with_columns(
        pl.when(condition).then(col(name) * times).otherwise(col(name)).alias(name)
        for name in ("amount_minor", "amount_usd")
    )


def promised(spoil: Callable[[Data], Data]) -> Callable[[Data], Data]:
    """Spoil, and write manifests that promise what is left."""

    def again(data: Data) -> Data:
        spoilt = spoil(data)
        for table in spoilt.pieces:
            pieces = [dataclasses.replace(as_frame(p), rows=as_frame(p).frame.height) for p in spoilt.pieces[table]]
            spoilt = with_pieces(spoilt, table, pieces)
        frames = [as_frame(piece).frame for piece in spoilt.pieces["payments"]]
        rows, frauds = sum(f.height for f in frames), sum(int(f["is_fraud"].sum()) for f in frames)
        return dataclasses.replace(spoilt, declared=dataclasses.replace(spoilt.declared, rows=rows, fraud_rows=frauds))

    return again


def part_twice(data: Data) -> Data:
    pieces = data.pieces["payments"]
    again = dataclasses.replace(as_frame(pieces[3]), name=pieces[3].name.replace("part-00000", "part-00001"))
    return with_pieces(data, "payments", [*pieces, again])


def other_ids(frame: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame, frame.head(400).with_columns(col("transaction_id") + 1)]).sort("event_time")


def swapped_countries(data: Data) -> Data:
    def swap(name: str) -> Change:
        return where(name, col(name).cast(pl.String).replace(EUROS), pl.lit(value=True))

    return changed(changed(data, "payments", swap("merchant_country")), "merchants", swap("country"))


def other_scheme(data: Data) -> Data:
    change = where("card_brand", pl.lit("jcb"), col("card_id") % 7 == 0)
    return changed(changed(data, "cards", change), "payments", change)


def five_hours_later(frame: pl.DataFrame) -> pl.DataFrame:
    moved = col("event_time") + timedelta(hours=5)
    some = in_month(6) & (col("event_time").dt.day() < 28)
    return frame.with_columns(pl.when(some).then(moved).otherwise(col("event_time")).alias("event_time")).sort(
        "event_time"
    )


SLICES = (
    payments("amounts of a month * 100", "amount.distribution", dearer(100, in_month(5)), all_parts=True),
    payments("amounts of a day * 100", "amount.distribution", dearer(100, on_day(150)), all_parts=True),
    payments(
        "groceries of a month * 10",
        "amount_by_trade.distribution",
        dearer(10, in_month(5) & (col("mcc") == "5411")),
        all_parts=True,
    ),
    payments(
        "frauds of a month are flipped",
        "is_fraud.rows",
        where("is_fraud", ~col("is_fraud"), in_month(3) & FEW),
        all_parts=True,
    ),
    Corruption(
        "frauds of a month are flipped and promised",
        "payments.is_fraud.fraud_labels",
        promised(everywhere("payments", where("is_fraud", ~col("is_fraud"), in_month(3) & FEW))),
    ),
    Corruption(
        "frauds move by a row",
        "fraud_labels.is_fraud.payments",
        everywhere("payments", lambda frame: frame.with_columns(col("is_fraud").shift(1, fill_value=False))),
    ),
    payments(
        "the offset of a month is another",
        "hour.distribution",
        where("local_offset_min", col("local_offset_min") - 300, in_month(6)),
        all_parts=True,
    ),
    payments("a month is five hours late", "hour.distribution", five_hours_later, all_parts=True),
    payments(
        "devices of a day are lost", "device_id.missing", where("device_id", pl.lit(None), on_day(200)), all_parts=True
    ),
    payments("trades of a day are lost", "mcc.missing", where("mcc", pl.lit(None), on_day(200)), all_parts=True),
    Corruption(
        "a part is cut and its manifest written again",
        "payments.config_rows",
        promised(lambda data: changed(data, "payments", lambda frame: frame.head(frame.height * 9 // 10), only=4)),
    ),
    Corruption(
        "rows are thinned and manifests written again",
        "payments.config_rows",
        promised(everywhere("payments", lambda frame: frame.filter(pl.int_range(pl.len()) % 20 > 0))),
    ),
    Corruption("a part is listed twice", "payments.transaction_id.unique", promised(part_twice)),
    Corruption(
        "rows come twice under other ids",
        "payments.config_rows",
        promised(lambda data: changed(data, "payments", other_ids, only=2)),
    ),
)
"""Faults of one month, one day or one part, and such as come with fitting manifests."""

WORLDS = (
    payments(
        "declines of one channel are one code",
        "decline_code.distribution",
        where("response_code", pl.lit("05"), (col("channel") == "online") & (col("response_code") != "00")),
        all_parts=True,
    ),
    payments(
        "one channel declines a third, for a month",
        "response_by_channel.distribution",
        where(
            "response_code", pl.lit("05"), (col("channel") == "online") & in_month(4) & (col("transaction_id") % 3 == 0)
        ),
        all_parts=True,
    ),
    payments("dollars are infinite", "amount_usd.range", where("amount_usd", pl.lit(float("inf")))),
    Corruption("countries are swapped everywhere", "merchants.city.country", swapped_countries),
    Corruption("schemes are other ones everywhere", "cards.bin_id.same", other_scheme),
    payments(
        "countries are swapped",
        "merchant_id.merchants.merchant_country",
        where("merchant_country", col("merchant_country").cast(pl.String).replace(EUROS), pl.lit(value=True)),
    ),
    payments(
        "latitude and longitude are swapped",
        "merchant_id.merchants.latitude",
        lambda frame: frame.with_columns(latitude=col("longitude"), longitude=col("latitude")),
    ),
    payments(
        "shops are at 0, 0",
        "merchant_id.merchants.longitude",
        lambda frame: frame.with_columns(col("latitude") * 0, col("longitude") * 0),
    ),
    Corruption(
        "customers live elsewhere",
        "customers.home_city.country",
        only_first("customers", lambda frame: frame.with_columns(col("home_country").shift(5).backward_fill())),
    ),
    Corruption(
        "cards are from abroad",
        "cards.customer_id.customers.issuer_country",
        only_first("cards", where("issuer_country", pl.lit("PL"))),
    ),
    payments(
        "addresses are one", "ip_type.address", where("ip_address", pl.lit("10.0.0.1"), col("ip_address").is_not_null())
    ),
    payments(
        "addresses are from one country",
        "ip_country.distribution",
        where("ip_country", pl.lit("US"), col("ip_country").is_not_null()),
        all_parts=True,
    ),
    payments(
        "nobody is challenged",
        "three_ds.distribution",
        where("three_ds", pl.lit("none"), col("three_ds").is_not_null()),
        all_parts=True,
    ),
    payments(
        "everybody has a PIN", "cvm.distribution", where("cvm", pl.lit("pin"), col("cvm") == "none"), all_parts=True
    ),
    Corruption(
        "accounts close on their second day",
        "payments.account_id.valid",
        only_first("accounts", where("closed_on", col("opened_on") + timedelta(days=1), pl.lit(value=True))),
    ),
    Corruption(
        "devices retire on their second day",
        "payments.device_id.valid",
        only_first("devices", where("retired_on", col("activated_on") + timedelta(days=1), pl.lit(value=True))),
    ),
    labels("reports are as quick as payments", "reported_at.order", where("reported_at", col("event_time"))),
    labels(
        "chargebacks come years later",
        "chargeback_at.order",
        where("chargeback_at", col("chargeback_at") + timedelta(days=4_000), pl.lit(value=True)),
    ),
    Corruption(
        "times are whole seconds",
        "fraud_labels.event_time.payments",
        everywhere("payments", lambda frame: frame.with_columns(col("event_time").dt.truncate("1s"))),
    ),
)
"""Faults that leave every single table in order."""
