"""One customer's month, told in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import polars as pl

from payloom.codes import RESPONSE_MEANING
from payloom.profile.section import MONTHS, Section, dollars, lacking, local_time, named
from payloom.profile.subject import Subject
from payloom.profile.volume import WEEKDAYS
from payloom.reference import load_countries, load_currencies, load_trades

ROWS: Final = (14, 45)
"""Payments of a month that can be read."""

_NEEDS: Final = ("customer_id", "amount_minor", "currency", "channel", "transaction_type")
_WHERE: Final = {"online": "online", "app": "in an app", "moto": "by mail or telephone"}


def month(subject: Subject) -> Section:
    """Tell the month of a customer to whom much happens: trips, refunds, declines, fraud."""
    title = "One customer's month"
    missing = lacking(subject, *_NEEDS)
    if missing:
        return Section("story", "A story", title, missing)
    rows = _chosen(subject)
    if rows is None:
        return Section("story", "A story", title, "Not shown: no customer has a month that can be read.")
    told = rows.to_dicts()
    days: dict[str, list[str]] = {}
    for row in told:
        at: datetime = row["__local"]
        days.setdefault(f"{WEEKDAYS[at.weekday()]} {at.day}", []).append(_sentence(row))
    begin: datetime = told[0]["__local"]
    spent = sum(
        row.get("amount_usd") or 0.0
        for row in told
        if _approved(row) and row["transaction_type"] in ("purchase", "cash_withdrawal")
    )
    frauds = sum(bool(row["is_fraud"]) for row in told)
    lead = (
        f"Customer {told[0]['customer_id']}{_home(subject, told[0]['customer_id'])} in {MONTHS[begin.month - 1]} "
        f"{begin.year}: {len(told)} payments, {dollars(spent)} spent"
        f"{f', {frauds} of the payments by a fraudster' if frauds else ''}."
    )
    lines = tuple((day, tuple(sentences)) for day, sentences in days.items())
    return Section("story", "A story", title, lead, "Local times. Chosen because much happens in it.", lines=lines)


def _chosen(subject: Subject) -> pl.DataFrame | None:
    """Return the payments of the month with most kinds of events, in the order of time."""
    local = local_time(subject)
    columns = set(subject.data.schema.names())
    declined = pl.col("response_code").cast(pl.String) != "00" if "response_code" in columns else pl.lit(value=False)
    countries = pl.col("merchant_country").n_unique() if "merchant_country" in columns else pl.lit(1)
    months = (
        subject.window.filter(pl.col("customer_id").is_not_null())
        .group_by("customer_id", month=local.dt.strftime("%Y-%m"))
        .agg(
            rows=pl.len(),
            kinds=pl.col("transaction_type").n_unique() + pl.col("channel").n_unique(),
            countries=countries,
            declined=declined.any().cast(pl.Int32),
            fraud=pl.col("is_fraud").any().cast(pl.Int32),
            frauds=pl.col("is_fraud").sum(),
        )
        .filter(pl.col("rows").is_between(*ROWS), pl.col("frauds") <= 6)
        .with_columns(
            score=pl.col("kinds") + pl.col("countries").clip(1, 3) + 2 * pl.col("declined") + 3 * pl.col("fraud")
        )
        .sort("score", "rows", "customer_id", "month", descending=[True, False, False, False])
        .head(1)
        .collect(engine="streaming")
    )
    if months.is_empty():
        return None
    customer, chosen = months.row(0)[:2]
    own = subject.window.filter(pl.col("customer_id") == customer, local.dt.strftime("%Y-%m") == chosen)
    rows = own.with_columns(__local=local).collect(engine="streaming")
    merchants = subject.data.entities.get("merchants")
    if merchants is not None and "merchant_id" in columns:
        ids = rows["merchant_id"].drop_nulls().unique().to_list()
        known = {"merchant_id", "name", "city"} & set(merchants.collect_schema().names())
        if known >= {"merchant_id", "name"}:
            names = merchants.filter(pl.col("merchant_id").is_in(ids)).select(sorted(known)).collect()
            rows = rows.join(names.unique("merchant_id"), on="merchant_id", how="left")
    return rows.sort("event_time")


def _home(subject: Subject, customer: Any) -> str:
    customers = subject.data.customers
    if customers is None or not {"customer_id", "home_city"} <= set(customers.collect_schema().names()):
        return ""
    found = customers.filter(pl.col("customer_id") == customer).select("home_city").head(1).collect()
    return f" from {named(found.item())}" if found.height and found.item() else ""


def _sentence(row: Mapping[str, Any]) -> str:
    """Tell one payment."""
    at: datetime = row["__local"]
    amount = _money(row)
    shop = _shop(row)
    kind = row["transaction_type"]
    said = {
        "purchase": f"paid {amount}{shop}",
        "cash_withdrawal": f"took {amount} from a cash machine{_place(row)}",
        "refund": f"got {amount} back{shop.replace(' at ', ' from ', 1)}",
        "account_verification": f"had the card checked without a charge{shop}",
        "transfer": f"sent {amount} to another account",
    }.get(str(kind), f"{named(kind)} of {amount}{shop}")
    if row.get("is_recurring") and kind == "purchase":
        said = f"was charged {amount}{shop}, as agreed before"
    if not _approved(row):
        code = str(row["response_code"])
        said = f"tried: {said}, and was declined ({named(RESPONSE_MEANING.get(code, code))})"
    if row["is_fraud"]:
        said = f"FRAUD, a fraudster {said}"
    return f"{at:%H:%M} {said}."


def _approved(row: Mapping[str, Any]) -> bool:
    return row.get("response_code") in (None, "00")


def _money(row: Mapping[str, Any]) -> str:
    currency = load_currencies().get(str(row["currency"]))
    exponent = currency.exponent if currency else 2
    return f"{(row['amount_minor'] or 0) / 10**exponent:,.{exponent}f} {named(row['currency'])}"


def _shop(row: Mapping[str, Any]) -> str:
    """Tell where it was bought."""
    trades = {trade.mcc: trade.name for trade in load_trades()}
    trade = trades.get(str(row.get("mcc")), "")
    name = row.get("name")
    if not name and not trade:
        return _place(row)
    what = f"{named(name)} ({named(trade)})" if name and trade else named(name or trade)
    return f" at {what}{_place(row)}"


def _place(row: Mapping[str, Any]) -> str:
    remote = _WHERE.get(str(row["channel"]))
    if remote:
        return f", {remote}"
    countries = load_countries()
    country = countries[str(row["merchant_country"])].name if str(row.get("merchant_country")) in countries else ""
    abroad = row.get("issuer_country") is not None and row.get("merchant_country") != row.get("issuer_country")
    city = f" in {named(row['city'])}" if row.get("city") else ""
    return f"{city}{f', {country}' if city else f' in {country}'}" if abroad and country else city
