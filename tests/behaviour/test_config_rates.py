"""Every rate in the config is the rate in the rows, for the default figures and for others.

Bounds are binomial at 1e-6. A slack says how far the model itself may be off, relative to the rate, and why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from tests.bounds import assert_share
from tests.cell.configs import most
from tests.cell.worlds import World, default_world, make
from tests.counts import count

OTHER_RATES: dict[str, Any] = {
    "world": {"rows": count(100_000, 2_000_000), "start": "2024-01-01", "end": "2025-01-01", "seed": 99},
    "regions": [{"country": "US", "share": 0.4}, {"country": "ES", "share": 0.35}, {"country": "JP", "share": 0.25}],
    "missing": {"mcc": 0.15, "device_id": 0.2, "latitude": 0.04},
    "spending": {"online_share": 0.45, "contactless_share": 0.4, "wallet_share": 0.5, "vpn_share": 0.12},
    "subscriptions": {"share": 0.18},
    "refunds": {"share": 0.03, "partial_share": 0.5},
    "authorisation": {
        "insufficient_funds_share": 0.05,
        "do_not_honour_share": 0.03,
        "remote_do_not_honour_share": 0.02,
        "mistyped_share": 0.03,
        "pin_error_share": 0.015,
        "suspected_share": 0.012,
        "network_share": 0.01,
        "sca_three_ds_share": 0.5,
        "other_three_ds_share": 0.35,
        "frictionless_share": 0.4,
    },
}
"""Other figures everywhere: a rate that is fixed in the code shows here."""

Count = Callable[[pl.DataFrame], tuple[pl.Expr, pl.Expr]]

CARD = pl.col("transaction_type") != "transfer"
REFUND = pl.col("transaction_type") == "refund"
PRESENT = pl.col("channel").is_in(["in_store", "atm"])
IN_STORE = (pl.col("channel") == "in_store") & ~REFUND
CONTACTLESS = pl.col("entry_mode") == "contactless"
SEEN = pl.col("ip_address").is_not_null()
ATTEMPT = ~REFUND & (pl.col("transaction_type") != "account_verification")
TYPED = pl.col("entry_mode").is_in(["ecommerce", "manual"]) & ~REFUND
SCA = pl.col("issuer_country").is_in(["GB", "DE", "FR", "ES", "IT", "NL", "SE", "PL", "PT", "GR", "AT", "CH", "IN"])
THREE_DS = pl.col("three_ds") != "none"


def answered(*codes: str) -> pl.Expr:
    return pl.col("response_code").is_in(codes)


SHARES: list[tuple[str, pl.Expr, pl.Expr, float]] = [
    # (setting, of these, those that; slack with its reason above it)
    ("missing.mcc", pl.lit(True), pl.col("mcc").is_null(), 0.0),
    ("missing.device_id", SEEN, pl.col("device_id").is_null(), 0.0),
    ("missing.latitude", PRESENT, pl.col("latitude").is_null(), 0.0),
    # Lines of subscriptions are whole numbers for each cohort, and cohorts grow during the period.
    ("subscriptions.share", pl.lit(True), pl.col("is_recurring") & CARD, 0.05),
    # The first days have nothing to give back yet, and how many tries succeed is estimated.
    ("refunds.share", pl.lit(True), REFUND, 0.12),
    # A part of a small amount is rounded to all of it.
    ("refunds.partial_share", REFUND, pl.col("partial"), 0.02),
    # The mean over trades and countries is found by bisection, and travellers buy other things.
    ("spending.online_share", ~REFUND & ~pl.col("is_recurring"), ~PRESENT, 0.05),
    # Cards, unlike phones, are inserted above a ceiling; the share of such payments is an estimate.
    ("spending.contactless_share", IN_STORE, CONTACTLESS, 0.05),
    ("spending.wallet_share", IN_STORE & CONTACTLESS, pl.col("wallet").is_not_null(), 0.06),
    # Funds follow payday and spending power, whose means over payments are those over days and customers but nearly.
    ("authorisation.insufficient_funds_share", ATTEMPT, answered("51", "61"), 0.08),
    ("authorisation.do_not_honour_share", ATTEMPT & PRESENT, answered("05"), 0.0),
    ("authorisation.remote_do_not_honour_share", ATTEMPT & ~PRESENT, answered("05"), 0.05),
    # Expired cards are among them: 54 besides mistyping needs a stored credential.
    ("authorisation.mistyped_share", TYPED, answered("14", "54", "N7"), 0.02),
    ("authorisation.pin_error_share", ATTEMPT & (pl.col("cvm") == "pin"), answered("75", "65"), 0.05),
    ("authorisation.suspected_share", ATTEMPT, answered("59", "62"), 0.0),
    ("authorisation.network_share", ATTEMPT, answered("91", "96"), 0.0),
    ("authorisation.sca_three_ds_share", SEEN & SCA, THREE_DS, 0.0),
    ("authorisation.other_three_ds_share", SEEN & ~SCA, THREE_DS, 0.0),
    ("authorisation.frictionless_share", SEEN & THREE_DS, pl.col("three_ds") == "frictionless", 0.0),
]


def other_world() -> World:
    return make(OTHER_RATES)


def setting(world: World, path: str) -> float:
    section, name = path.split(".")
    return float(getattr(getattr(world.config, section), name))


def genuine(world: World) -> pl.DataFrame:
    rows = world.payments.filter(~pl.col("is_fraud"))
    amounts = rows.select(original_transaction_id="transaction_id", original_amount="amount_minor")
    joined = rows.join(amounts, on="original_transaction_id", how="left", maintain_order="left")
    return joined.with_columns(partial=pl.col("amount_minor") < pl.col("original_amount"))


worlds = pytest.mark.parametrize("made", [default_world, other_world], ids=["default", "other"])


@pytest.mark.statistical
@worlds
@pytest.mark.parametrize(("path", "among", "those", "slack"), SHARES, ids=[case[0] for case in SHARES])
def test_rates_are_those_of_the_config(made, path, among, those, slack) -> None:
    """Of the payments a setting is about, the configured share shows what it is for."""
    world = made()
    of_all = path in ("subscriptions.share", "refunds.share")
    rows = genuine(world).filter(among & (CARD | of_all))
    assert_share(rows.filter(those).height, rows.height, setting(world, path), slack=slack, what=path)


@pytest.mark.statistical
@pytest.mark.parametrize(("section", "those"), [("refunds", REFUND), ("subscriptions", pl.col("is_recurring") & CARD)])
def test_the_largest_shares_come_as_well(section, those) -> None:
    """The most that the config allows comes, within 15 % for days that have no room."""
    share = most(section, "share")
    world = make({"world": {"rows": 10_000, "end": "2025-07-01"}, section: {"share": share}})
    rows = world.payments.filter(~pl.col("is_fraud"))
    assert_share(rows.filter(those).height, rows.height, share, slack=0.15, what=section)


@pytest.mark.statistical
@worlds
def test_regions_have_their_shares(made) -> None:
    """Payments split over the countries of residence as configured, within 3 % for moods of whole regions."""
    world = made()
    for region in world.config.regions:
        hits = world.genuine.filter(pl.col("issuer_country") == region.country).height
        assert_share(hits, world.genuine.height, region.share, slack=0.03, what=region.country)


@pytest.mark.statistical
@worlds
def test_some_customers_hide_behind_a_vpn(made) -> None:
    """The configured share of customers comes by VPN; the others use one in less than one payment in 50."""
    world = made()
    seen = world.genuine.filter(SEEN)
    people = seen.group_by("customer_id").agg(n=pl.len(), hidden=(pl.col("ip_type") == "vpn").mean())
    often = people.filter(pl.col("n") >= 5)
    # Planted payments come by other ways, so a few of theirs do not hide.
    always = often.filter(pl.col("hidden") > 0.5)
    assert_share(always.height, often.height, world.config.spending.vpn_share, what="customers on a VPN")
    rest = seen.join(always, on="customer_id", how="anti")
    assert_share(rest.filter(pl.col("ip_type") == "vpn").height, rest.height, 0.006, slack=0.5, what="now and then")


@pytest.mark.statistical
def test_missing_values_do_not_depend_on_the_label() -> None:
    """Fraud lacks trade and device as often as everybody (two-sided, at 1e-6)."""
    world = make({"world": {"rows": count(30_000, 500_000), "fraud_rate": "0.3", "end": "2025-03-01"}})
    missing = world.config.missing
    for fraud in (True, False):
        rows = world.by_card.filter(pl.col("is_fraud") == fraud)
        assert_share(rows["mcc"].null_count(), rows.height, missing.mcc, what=f"mcc, fraud {fraud}")
        seen = rows.filter(SEEN)
        assert_share(seen["device_id"].null_count(), seen.height, missing.device_id, what=f"device, fraud {fraud}")


def close_pairs(share: float) -> float:
    """Payments whose customer paid within the last three hours, in a world where chance would not do that."""
    world = make(
        {
            "world": {"rows": 20_000, "customers": 200_000, "end": "2025-01-15", "fraud_rate": "0"},
            "spending": {"session_share": share, "activity_sigma": 0.0},
            "subscriptions": {"share": 0.0},
            "refunds": {"share": 0.0},
            "transfers": {"standing_share": 0.0, "ad_hoc_share": 0.0},
            "planted": {"share": 0.0},
        }
    )
    times = world.payments.sort("customer_id", "event_time")
    waits = times.select(gap=pl.col("event_time").diff().over("customer_id").dt.total_seconds())
    return float((waits["gap"] <= 10_800).sum() / world.payments.height)


@pytest.mark.statistical
def test_rounds_of_shopping_are_as_frequent_as_asked() -> None:
    """The share of payments that follow one of the same customer within three hours is the session share.

    Within 15 %: a continuing payment finds nobody before it where its group has just changed, and the position that
    it looks back to stands a little earlier or later than the gap.
    """
    assert close_pairs(0.0) < 0.01
    for share in (0.2, 0.6):
        assert close_pairs(share) == pytest.approx(share, rel=0.15)


@pytest.mark.statistical
def test_customers_explore_as_much_as_asked() -> None:
    """With one favourite each, the most visited merchant has what exploration leaves, within 0.12.

    A shop that is closed at the hour makes people choose again, so exploration shows more than configured.
    """
    found = {}
    for share in (0.0, 0.2, 0.5, 1.0):
        world = make(
            {
                "world": {"rows": 12_000, "customers": 60, "end": "2025-07-01", "fraud_rate": "0", "merchants": 20_000},
                "spending": {"explore_share": share, "favourites": 1, "trips_per_year": 0.0, "session_share": 0.0},
                "subscriptions": {"share": 0.0},
                "refunds": {"share": 0.0},
                "transfers": {"standing_share": 0.0, "ad_hoc_share": 0.0},
                "planted": {"share": 0.0},
            }
        )
        visits = world.payments.group_by("customer_id", "merchant_id").len()
        top = visits.group_by("customer_id").agg(pl.col("len").max())
        found[share] = 1 - int(top["len"].sum()) / world.payments.height
    assert found[0.0] < 0.15
    for share in (0.2, 0.5):
        assert found[share] == pytest.approx(share, abs=0.12)
    assert found[1.0] > 0.85
