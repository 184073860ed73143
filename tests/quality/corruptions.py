"""Ways to spoil a data set, each with the rule that must notice."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tests.quality.spoiling import (
    CARD,
    FIRST,
    PURCHASE,
    REFUND,
    TRANSFER,
    UNKNOWN,
    Corruption,
    col,
    double,
    drop,
    fraud_up,
    labels,
    moved_part,
    nth,
    only_first,
    payments,
    refunds_first,
    where,
    without_last_part,
)
from tests.quality.worldly_corruptions import SLICES, WORLDS

STRUCTURE = (
    payments("a column is gone", "columns", lambda frame: frame.drop("cvm")),
    payments("columns change places", "columns", lambda frame: frame.select(frame.columns[::-1])),
    payments("a column is added", "columns", lambda frame: frame.with_columns(extra=pl.lit(1))),
    Corruption("a part is in another month", "payments.event_time.partition", moved_part),
    Corruption("a part is lost", "payments.rows", without_last_part),
    payments("rows are not sorted", "event_time.sorted", lambda frame: frame.reverse()),
    Corruption("cards are not sorted", "cards.card_id.sorted", only_first("cards", lambda frame: frame.reverse())),
    Corruption(
        "a day is missing",
        "payments.event_time.gaps",
        drop("payments", col("event_time").dt.ordinal_day() == 100),
    ),
    payments(
        "times lie before the period", "event_time.period", where("event_time", col("event_time") - timedelta(days=400))
    ),
)

VALUES = (
    payments("a transfer has a card", "card_id.null_rule", where("card_id", pl.lit(7), nth(TRANSFER))),
    payments("a purchase has no merchant", "merchant_id.null_rule", where("merchant_id", pl.lit(None), nth(PURCHASE))),
    payments("an amount is negative", "amount_minor.range", where("amount_minor", -col("amount_minor") - 1)),
    payments("a purchase is for nothing", "amount_minor.zero", where("amount_minor", pl.lit(0), nth(PURCHASE))),
    payments(
        "yen have two decimals",
        "amount_usd.rate",
        where("amount_minor", col("amount_minor") * 100, col("currency").cast(pl.String) == "JPY"),
    ),
    payments("dollars are NaN", "amount_usd.range", where("amount_usd", pl.lit(float("nan")))),
    payments(
        "latitude and longitude are swapped for far ones",
        "latitude.range",
        where("latitude", pl.lit(139.7), nth(PURCHASE)),
    ),
    payments("an offset is half a quarter", "local_offset_min.quarter", where("local_offset_min", pl.lit(7))),
    payments("a code is unknown", "channel.codes", where("channel", pl.lit("carrier_pigeon"))),
    payments(
        "a country is written out", "merchant_country.codes", where("merchant_country", pl.lit("Germany"), nth(CARD))
    ),
    payments("a currency is in small letters", "currency.codes", where("currency", pl.lit("eur"))),
    payments(
        "an online card is read by chip",
        "entry_mode.channel",
        where("channel", pl.lit("online"), nth(col("cvm") == "pin")),
    ),
    payments(
        "an address is public",
        "ip_address.reserved",
        where("ip_address", pl.lit("8.8.8.8"), nth(col("ip_address").is_not_null())),
    ),
    payments(
        "a transfer goes to itself",
        "payee_account_id.other",
        where("payee_account_id", col("account_id"), nth(TRANSFER)),
    ),
    payments(
        "a longitude is lost",
        "longitude.together",
        where("longitude", pl.lit(None), nth(col("latitude").is_not_null())),
    ),
    labels("a report comes first", "reported_at.order", where("reported_at", col("event_time") - timedelta(hours=1))),
    labels("a fraud is called genuine", "is_fraud.disputed", where("is_fraud", ~col("is_fraud"))),
    Corruption(
        "a card expires before it is issued",
        "cards.expires_on.order",
        only_first("cards", where("expires_on", col("issued_on") - timedelta(days=1))),
    ),
)

INTEGRITY = (
    Corruption("rows come twice", "payments.transaction_id.unique", double("payments")),
    Corruption("labels come twice", "fraud_labels.transaction_id.unique", double("fraud_labels")),
    payments("a card is unknown", "card_id.cards", where("card_id", UNKNOWN, nth(CARD))),
    payments("a customer is unknown", "customer_id.customers", where("customer_id", UNKNOWN)),
    payments("an account is unknown", "account_id.accounts", where("account_id", UNKNOWN)),
    payments("a payee is unknown", "payee_account_id.accounts", where("payee_account_id", UNKNOWN, nth(TRANSFER))),
    payments("a merchant is unknown", "merchant_id.merchants", where("merchant_id", UNKNOWN, nth(CARD))),
    payments(
        "a device is unknown", "device_id.devices", where("device_id", UNKNOWN, nth(col("device_id").is_not_null()))
    ),
    payments(
        "a card has another scheme", "card_id.cards.card_brand", where("card_brand", pl.lit("jcb"), nth(CARD, 200))
    ),
    payments(
        "a card is somebody else's",
        "card_id.cards.customer_id",
        where("customer_id", col("customer_id").shift(-9).fill_null(7), CARD),
    ),
    payments(
        "a shop has another trade",
        "merchant_id.merchants.mcc",
        where("mcc", pl.lit("7995"), nth(col("mcc").is_not_null(), 50)),
    ),
    payments(
        "a bank is another", "merchant_id.merchants.acquirer_id", where("acquirer_id", pl.lit(999_999), nth(CARD))
    ),
    payments("an amount is in another currency", "currency.country", where("currency", pl.lit("THB"), nth(CARD, 50))),
    Corruption("cards are gone", "payments.card_id.cards", drop("cards", pl.int_range(pl.len()) % 2 == 0)),
    Corruption(
        "cards end before they pay",
        "payments.card_id.valid",
        only_first("cards", where("expires_on", col("issued_on") + timedelta(days=1), pl.lit(value=True))),
    ),
    payments(
        "a refund names nothing",
        "original_transaction_id.payments",
        where("original_transaction_id", UNKNOWN, nth(REFUND)),
    ),
    Corruption("refunds come first", "payments.original_transaction_id.earlier", refunds_first),
    payments(
        "refunds give back too much",
        "original_transaction_id.amount",
        where("amount_minor", col("amount_minor") * 3, REFUND),
        all_parts=True,
    ),
    payments(
        "refunds come from other shops",
        "original_transaction_id.same",
        where("merchant_id", col("merchant_id").shift(1).fill_null(7), REFUND),
        all_parts=True,
    ),
    Corruption(
        "labels lead nowhere",
        "fraud_labels.transaction_id.payments",
        only_first("fraud_labels", where("transaction_id", UNKNOWN)),
    ),
    labels(
        "a label has another time", "event_time.payments", where("event_time", col("event_time") + timedelta(seconds=1))
    ),
    Corruption("frauds have no label", "payments.is_fraud.fraud_labels", drop("fraud_labels", FIRST)),
    Corruption("customers are unknown to accounts", "accounts.customer_id.customers", drop("customers", FIRST)),
)

DISTRIBUTION = (
    payments("fraud rate + .2 %", "is_fraud.rate", fraud_up(0.2), all_parts=True),
    payments(
        "trades are lost", "mcc.missing", where("mcc", pl.lit(None), pl.int_range(pl.len()) % 8 == 0), all_parts=True
    ),
    payments(
        "devices are lost",
        "device_id.missing",
        where("device_id", pl.lit(None), pl.int_range(pl.len()) % 9 == 0),
        all_parts=True,
    ),
    payments(
        "hours are shifted",
        "hour.distribution",
        where("local_offset_min", col("local_offset_min") - 300, pl.lit(value=True)),
        all_parts=True,
    ),
    payments(
        "weekends are quiet",
        "weekday.distribution",
        lambda frame: frame.filter((col("event_time").dt.weekday() < 6) | (pl.int_range(pl.len()) % 2 == 0)),
        all_parts=True,
    ),
    payments(
        "nothing is declined",
        "response_code.distribution",
        where("response_code", pl.lit("00"), pl.lit(value=True)),
        all_parts=True,
    ),
    payments(
        "declines are one code",
        "response_code.distribution",
        where("response_code", pl.lit("05"), col("response_code") != "00"),
        all_parts=True,
    ),
    payments(
        "shops are closed",
        "channel.distribution",
        lambda frame: frame.filter((col("channel") != "in_store") | (pl.int_range(pl.len()) % 2 == 0)),
        all_parts=True,
    ),
    payments(
        "prices are up", "amount.distribution", where("amount_usd", col("amount_usd") * 1.5, PURCHASE), all_parts=True
    ),
    payments(
        "groceries are dear",
        "amount_by_trade.distribution",
        where("amount_usd", col("amount_usd") * 1.8, col("mcc") == "5411"),
        all_parts=True,
    ),
    payments("no transfers", "transaction_type.distribution", lambda frame: frame.filter(~TRANSFER), all_parts=True),
    payments(
        "Americans are gone",
        "currency.distribution",
        lambda frame: frame.filter((col("currency") != "USD") | (pl.int_range(pl.len()) % 3 == 0)),
        all_parts=True,
    ),
    payments(
        "amounts are drawn evenly",
        "first_digit.distribution",
        where("amount_minor", (col("transaction_id") % 9_000) + 1_000, PURCHASE),
        all_parts=True,
    ),
)

CORRUPTIONS = (*STRUCTURE, *VALUES, *INTEGRITY, *DISTRIBUTION, *SLICES, *WORLDS)
