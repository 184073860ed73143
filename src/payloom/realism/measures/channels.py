"""Where and how people pay, what issuers answer, and from which devices and addresses."""

from __future__ import annotations

from typing import Final

import polars as pl

from payloom.realism.measures.amounts import REMOTE
from payloom.realism.measures.evidence import Evidence
from payloom.realism.measures.measure import Values, mean, measure, one_row


@measure("in_person_share", needs=("channel",))
def in_person(evidence: Evidence) -> Values:
    """Genuine payments with the card present."""
    return one_row(evidence.genuine, in_person_share=pl.col("present").mean())


@measure("remote_value_share", needs=("channel", "amount_usd"))
def remote_value(evidence: Evidence) -> Values:
    """Value of purchases with the card not present."""
    remote = pl.col("amount_usd").filter(pl.col("channel").is_in(REMOTE)).sum()
    return one_row(evidence.purchases, remote_value_share=remote / pl.col("amount_usd").sum())


@measure("contactless_share", needs=("channel", "entry_mode"))
def contactless(evidence: Evidence) -> Values:
    """Contactless payments in store."""
    shops = evidence.genuine.filter(pl.col("channel") == "in_store")
    return one_row(shops, contactless_share=(pl.col("entry_mode") == "contactless").mean())


@measure("abroad_share", needs=("issuer_country", "merchant_country"))
def abroad(evidence: Evidence) -> Values:
    """Genuine payments in which issuer and acceptor are in different countries."""
    return one_row(evidence.genuine, abroad_share=pl.col("abroad").mean())


@measure("approved_present", "approved_remote", "declines_05", "declines_05_51", needs=("channel", "response_code"))
def answers(evidence: Evidence) -> Values:
    """What issuers answer to genuine payments."""
    approved, present, code = pl.col("approved"), pl.col("present"), pl.col("response_code")
    return one_row(
        evidence.genuine,
        approved_present=approved.filter(present).mean(),
        approved_remote=approved.filter(~present).mean(),
        declines_05=(code == "05").filter(~approved).mean(),
        declines_05_51=code.is_in(("05", "51")).filter(~approved).mean(),
    )


@measure("frictionless_share", needs=("three_ds",))
def frictionless(evidence: Evidence) -> Values:
    """Payments with 3-D Secure that needed no challenge."""
    secured = evidence.genuine.filter(pl.col("three_ds").is_not_null() & (pl.col("three_ds") != "none"))
    return one_row(secured, frictionless_share=(pl.col("three_ds") == "frictionless").mean())


@measure(
    "one_device_share", "two_devices_share", "more_devices_share",
    needs=("account_id", "device_id"),
)  # fmt: skip
def devices(evidence: Evidence) -> Values:
    """Devices of an account in a month."""
    seen = evidence.sampled(evidence.genuine.filter(pl.col("device_id").is_not_null()), "account_id")
    by_month = seen.group_by("account_id", pl.col("event_time").dt.truncate("1mo").alias("month"))
    count = by_month.agg(pl.col("device_id").n_unique()).collect(engine="streaming")["device_id"]
    return {
        "one_device_share": mean(count == 1),
        "two_devices_share": mean(count == 2),
        "more_devices_share": mean(count > 2),
    }


@measure("customers_per_carrier_address", needs=("customer_id", "ip_address", "ip_type"))
def carrier_addresses(evidence: Evidence) -> Values:
    """Customers seen behind one address of a mobile carrier."""
    mobile = evidence.genuine.filter(pl.col("ip_type") == "mobile").group_by("ip_address")
    # Carriers have few addresses, each of many rows.
    return one_row(
        mobile.agg(pl.col("customer_id").n_unique()), customers_per_carrier_address=pl.col("customer_id").mean()
    )


MEASURES: Final = (in_person, remote_value, contactless, abroad, answers, frictionless, devices, carrier_addresses)
