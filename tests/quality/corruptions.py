"""Ways to spoil a data set, each with the rule that must notice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from payloom.quality.dataset import Data
from tests.quality.good_data import Change, as_frame, changed, with_pieces

col = pl.col
FIRST = pl.int_range(pl.len()) < 3
"""Three rows of a part."""


@dataclass(frozen=True)
class Corruption:
    """A fault: what it is called, what it does and which rule names it."""

    name: str
    rule: str
    spoil: Callable[[Data], Data]


def where(column: str, value: pl.Expr, condition: pl.Expr = FIRST) -> Change:
    """Put another value where a condition holds; codes stay codes."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        kind = frame.schema[column]
        coded = kind in (pl.Categorical, pl.Enum)
        old = col(column).cast(pl.String) if coded else col(column)
        new = pl.when(condition).then(value).otherwise(old)
        return frame.with_columns(new.cast(pl.Categorical if coded else kind).alias(column))

    return change


def nth(condition: pl.Expr, rows: int = 3) -> pl.Expr:
    """The first rows in which a condition holds."""
    return condition & (condition.cum_sum() <= rows)


def only_first(table: str, change: Change) -> Callable[[Data], Data]:
    return lambda data: changed(data, table, change, only=0)


def everywhere(table: str, change: Change) -> Callable[[Data], Data]:
    return lambda data: changed(data, table, change)


def drop(table: str, condition: pl.Expr) -> Callable[[Data], Data]:
    """Remove rows, and let the manifests promise what is left: the rows alone would tell."""

    def spoil(data: Data) -> Data:
        spoilt = changed(data, table, lambda frame: frame.filter(~condition))
        pieces = [dataclasses.replace(as_frame(p), rows=as_frame(p).frame.height) for p in spoilt.pieces[table]]
        return with_pieces(spoilt, table, pieces)

    return spoil


def double(table: str) -> Callable[[Data], Data]:
    return only_first(table, lambda frame: pl.concat([frame.head(5), frame]).sort("event_time", maintain_order=True))


def fraud_up(points: float) -> Change:
    """Mark genuine payments as fraud, evenly, so many percentage points of all."""
    every = round(100 / points)
    return where("is_fraud", pl.lit(value=True), pl.int_range(pl.len()) % every == 0)


def moved_part(data: Data) -> Data:
    pieces = [as_frame(piece) for piece in data.pieces["payments"]]
    name = pieces[0].name.replace("month=01", "month=02")
    return with_pieces(data, "payments", [dataclasses.replace(pieces[0], name=name), *pieces[1:]])


def without_last_part(data: Data) -> Data:
    return with_pieces(data, "payments", data.pieces["payments"][:-1])


def refunds_first(data: Data) -> Data:
    """Refunds get the time of the first payment of their part."""
    return changed(
        data, "payments", where("event_time", col("event_time").min(), col("original_transaction_id").is_not_null())
    )


TRANSFER = col("transaction_type") == "transfer"
PURCHASE = col("transaction_type") == "purchase"
CARD = col("card_id").is_not_null()
REFUND = col("original_transaction_id").is_not_null()
UNKNOWN = pl.lit(5)


def payments(name: str, rule: str, change: Change, *, all_parts: bool = False) -> Corruption:
    return Corruption(name, f"payments.{rule}", (everywhere if all_parts else only_first)("payments", change))


def labels(name: str, rule: str, change: Change) -> Corruption:
    return Corruption(name, f"fraud_labels.{rule}", only_first("fraud_labels", change))


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

CORRUPTIONS = (*STRUCTURE, *VALUES, *INTEGRITY, *DISTRIBUTION, *SLICES, *WORLDS)
