"""A lost card is tapped near home, within hours, until it is blocked."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tests.fraud.campaign_rows import fraud_of, plain, world_of


def rows() -> pl.DataFrame:
    return fraud_of(world_of("lost_stolen"))


def test_one_card_a_campaign_and_always_in_person() -> None:
    """A campaign has one victim's card, which somebody holds in the hand."""
    assert rows().group_by("campaign_id").agg(pl.col("customer_id").n_unique())["customer_id"].max() == 1
    assert set(rows()["channel"]) == {"in_store", "atm"}


def test_a_thief_has_no_phone_of_the_victim() -> None:
    """No wallet, no verification on a device; most small purchases are tapped without any."""
    assert rows()["wallet"].null_count() == rows().height
    small = rows().filter(pl.col("channel") == "in_store", pl.col("amount_usd") < 50)
    assert small.filter(pl.col("cvm") == "none").height > 0.7 * small.height


def test_bursts_last_hours_in_one_city() -> None:
    """On a day, the purchases of a campaign lie within hours and within 60 km or so."""
    bursts = (
        rows()
        .group_by("campaign_id", pl.col("event_time").dt.date())
        .agg(
            pl.len(),
            length=pl.col("event_time").max() - pl.col("event_time").min(),
            north=pl.col("latitude").max() - pl.col("latitude").min(),
        )
        .filter(pl.col("len") >= 3)
    )
    assert bursts.height > 30
    assert plain(bursts["length"].median()) < timedelta(hours=3)
    assert plain(bursts["north"].max()) < 0.6


def test_it_happens_where_the_owner_is() -> None:
    """The city of a burst is one in which the owner pays in person, too."""
    world = world_of("lost_stolen")
    where = [pl.col("latitude").round(0), pl.col("longitude").round(0)]
    genuine = world.genuine.filter(pl.col("latitude").is_not_null()).select("customer_id", *where).unique()
    fraud = rows().filter(pl.col("latitude").is_not_null()).select("customer_id", *where)
    known = fraud.filter(pl.col("customer_id").is_in(genuine["customer_id"].unique().implode()))
    assert known.join(genuine, on=known.columns, how="semi").height > 0.8 * known.height


def test_amounts_escalate() -> None:
    """The later half of a burst is dearer than the earlier one, in the median."""
    place = pl.int_range(pl.len()).over("campaign_id")
    first, later = rows().filter(place < 2), rows().filter(place >= 4)
    assert plain(later["amount_usd"].median()) > 1.3 * plain(first["amount_usd"].median())


def test_cash_machines_refuse_wrong_pins() -> None:
    """Half of the attempts at cash or more fail, many with 75; some thieves know the PIN."""
    cash = rows().filter(pl.col("channel") == "atm")
    refused = cash.filter(pl.col("response_code") != "00")
    assert 0.45 * cash.height < refused.height < 0.95 * cash.height
    assert plain((refused["response_code"] == "75").mean()) > 0.2
    assert set(cash["role"]) == {"cash_out"}


def test_chips_are_signed_for_only_where_cards_sign() -> None:
    """A signature goes with a card of a country whose cards sign."""
    signed = rows().filter(pl.col("cvm") == "signature")
    assert signed.height > 10
    assert set(signed["issuer_country"]) <= {"US", "JP"}


def test_nothing_passes_long_after_the_report() -> None:
    """A day after the report, nearly every attempt is declined."""
    reported = pl.col("reported_at").min().over("campaign_id")
    late = rows().filter(pl.col("event_time") > reported + timedelta(days=1))
    assert late.height > 5
    assert plain((late["response_code"] == "00").mean()) < 0.25
