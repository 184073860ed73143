"""Merchant collusion: charges without a customer at a small merchant."""

from __future__ import annotations

import polars as pl

from tests.cell.worlds import World
from tests.fraud.campaign_rows import fraud_of, world_of


def world() -> World:
    return world_of("merchant_collusion")


def rows() -> pl.DataFrame:
    return fraud_of(world())


def test_a_campaign_is_one_merchant_with_cards_of_many_countries() -> None:
    """All charges of a campaign are at one merchant, and most campaigns have cards of three countries or more."""
    each = (
        rows()
        .group_by("campaign_id")
        .agg(events=pl.len(), merchants=pl.col("merchant_id").n_unique(), countries=pl.col("issuer_country").n_unique())
    )
    assert (each["merchants"] == 1).all()
    large = each.filter(pl.col("events") >= 12)
    assert large.height >= 8
    assert (large["countries"] >= 3).mean() > 0.7  # type: ignore[operator]


def test_cards_of_the_list_are_charged_again() -> None:
    """Some cards are charged several times by the merchant, over more than one day."""
    cards = (
        rows().group_by("campaign_id", "card_id").agg(charges=pl.len(), days=pl.col("event_time").dt.date().n_unique())
    )
    again = cards.filter(pl.col("charges") > 1)
    assert 0.15 < again.height / cards.height < 0.8
    assert (again["days"] > 1).mean() > 0.5  # type: ignore[operator]


def test_sums_are_round_and_hours_odd_more_than_usually() -> None:
    """Whole tens are several times as frequent as among honest purchases, and so are night hours; neither is alone."""
    payments = world().payments.filter(
        pl.col("channel").is_in(["online", "app", "moto"]), pl.col("transaction_type") == "purchase"
    )
    hour = (pl.col("event_time") + pl.duration(minutes=pl.col("local_offset_min"))).dt.hour()
    shares = payments.group_by("is_fraud").agg(
        tens=(pl.col("amount_minor") % 1000 == 0).mean(), night=((hour < 5) | (hour >= 21)).mean()
    )
    found = {fraud: (tens, night) for fraud, tens, night in shares.iter_rows()}
    assert found[True][0] > 2.5 * found[False][0] > 0
    assert found[True][0] < 0.8
    assert found[True][1] > 1.2 * found[False][1] > 0


def test_part_is_keyed_in_and_part_comes_from_the_merchants_desk() -> None:
    """Keyed charges have neither device nor address; the others of a campaign share one device."""
    keyed = rows().filter(pl.col("channel") == "moto")
    assert 0.3 < keyed.height / rows().height < 0.6
    assert set(keyed["entry_mode"]) == {"manual"}
    assert keyed["ip_address"].null_count() == keyed["device_id"].null_count() == keyed.height
    others = rows().filter(pl.col("device_id").is_not_null())
    devices = others.group_by("campaign_id").agg(pl.col("device_id").n_unique())["device_id"]
    # The desk's computer may be replaced meanwhile.
    assert devices.max() <= 2  # type: ignore[operator]
    assert (devices == 1).mean() > 0.9  # type: ignore[operator]


def test_the_merchant_has_honest_customers_too() -> None:
    """Most merchants of campaigns are paid by honest people as well: a merchant's name gives nothing away."""
    honest = set(world().genuine["merchant_id"].drop_nulls().unique())
    merchants = rows()["merchant_id"].unique().to_list()
    assert sum(merchant in honest for merchant in merchants) / len(merchants) > 0.4


def test_cardholders_complain_of_more_than_fraud() -> None:
    """Chargebacks carry several reasons."""
    assert {"fraud_cnp", "unrecognised", "not_received"} <= set(rows()["chargeback_reason"].drop_nulls())
